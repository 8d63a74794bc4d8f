using System.Text.Json;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Caching;

/// <summary>Writes an answer down while it is given, and keeps it when it is whole. Not safe for concurrent use.</summary>
internal sealed class AnswerRecording<T>(
    CallPlan<T> plan,
    CacheWish<T> wish,
    string name,
    AnswerFlight? flight,
    AnswerCache cache,
    TimeProvider time,
    ILogger logger
)
{
    private readonly IAnswerReading<T> _reading = wish.Codec.Begin();
    private readonly long _began = time.GetTimestamp();
    private bool _isKept = wish.Freshness.Stores;

    public void Take(T part)
    {
        if (_isKept && !IsTaken(part))
        {
            _isKept = false;
            // Nobody need wait for what will not be shared.
            flight?.End(null);
        }
    }

    /// <summary>Whether it is known already that the answer will be nobody else's.</summary>
    public static bool IsOwn(CallPlan<T> plan, CacheWish<T> wish, RoutedAnswer<T> answer) =>
        !wish.Freshness.Stores
        || plan.Choices != 1
        || answer.Model.Id != plan.Targets[0].Id
        || answer.Before.Any(report =>
            // What was asked beside the one that answered hurt nobody.
            !report.IsBeside && report.Outcome is not (AttemptOutcome.Answered or "skipped")
        );

    /// <summary>The answer is whole, as far as its provider says.</summary>
    public void Ended(RoutedAnswer<T> answer)
    {
        var kept = Read(answer);
        if (kept is not null)
        {
            // In this process at once, before anybody can lead anew; in Redis in its own time.
            _ = StoreAsync(kept);
        }

        flight?.End(kept);
    }

    public void BrokeOff() => flight?.End(null);

    private CachedAnswer? Read(RoutedAnswer<T> answer)
    {
        // Only what the model that is named in the key said, unhurt, of its own accord, to its end.
        if (!_isKept || answer.FinishReason != ChatFinishReason.Stop.Value || IsOwn(plan, wish, answer))
        {
            return null;
        }

        var (text, reasoning) = _reading.Read();
        if (string.IsNullOrWhiteSpace(text) || wish.IsFit?.Invoke(text) is false)
        {
            return null;
        }

        var now = time.GetUtcNow();
        return new CachedAnswer(
            text,
            reasoning,
            answer.Model.Id,
            answer.Model.ProviderName,
            answer.ResponseModel,
            answer.Tokens,
            answer.Cost,
            time.GetElapsedTime(_began),
            now,
            now + cache.Options.TimeToLive,
            wish.Documents
        );
    }

    private bool IsTaken(T part)
    {
        try
        {
            return _reading.Take(part);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A shape that the caller may know what to do with: it goes to them, and is not kept.
            return false;
        }
    }

    private async Task StoreAsync(CachedAnswer answer)
    {
        try
        {
            await cache.StoreAsync(plan.Payer.Tenant, name, answer, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // Such as a tenant that was erased meanwhile. Nobody waits for it.
            Log.NotKept(logger, exception);
        }
    }
}

/// <summary>An answer of a model that is written down for the cache. Not safe for concurrent use.</summary>
/// <param name="recording">Null for one that is only told to be none of the cache's.</param>
/// <param name="flight">Where others may wait for it; whoever disposes it in the middle leaves the rest to them.</param>
internal sealed class RecordedAnswer<T>(
    RoutedAnswer<T> answer,
    AnswerRecording<T>? recording,
    CacheOutcome told,
    AnswerFlight? flight,
    CancellationTokenRegistration leaving,
    ILogger logger
) : RoutedAnswer<T>
{
    private bool _isOver;

    public override Guid CallId => answer.CallId;

    public override ChatModel Model => answer.Model;

    public override IReadOnlyList<AttemptReport> Before => answer.Before;

    public override T Current => answer.Current;

    public override UsageDetails? Usage => answer.Usage;

    public override TokenCounts Tokens => answer.Tokens;

    public override bool IsEstimated => answer.IsEstimated;

    public override NanoDollars Cost => answer.Cost;

    public override string? FinishReason => answer.FinishReason;

    public override string? ResponseModel => answer.ResponseModel;

    public override CacheOutcome Cache => told;

    public override async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            if (await answer.MoveNextAsync())
            {
                recording?.Take(answer.Current);
                return true;
            }
        }
        catch
        {
            _isOver = true;
            recording?.BrokeOff();
            throw;
        }

        if (!_isOver)
        {
            _isOver = true;
            recording?.Ended(this);
        }

        return false;
    }

    public override async ValueTask DisposeAsync()
    {
        leaving.Unregister();
        if (!_isOver && flight?.LeaderLeaves() is true)
        {
            // Others wait for it, and nobody who left waits for them.
            _ = GoOnAsync();
            return;
        }

        recording?.BrokeOff();
        await answer.DisposeAsync();
        flight?.Dispose();
    }

    private async Task GoOnAsync()
    {
        try
        {
            while (await MoveNextAsync()) { }
        }
        catch (OperationCanceledException)
        {
            // The last of them left.
        }
        catch (Exception exception)
        {
            Log.Abandoned(logger, exception);
        }
        finally
        {
            recording?.BrokeOff();
            await answer.DisposeAsync();
            flight?.Dispose();
        }
    }
}
