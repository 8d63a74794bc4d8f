using System.Globalization;
using Chancery.Models;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;
using Polly.CircuitBreaker;

namespace Chancery.Server.Inference.Routing;

/// <summary>One call on its way from target to target, until one of them answers or none is left.</summary>
/// <param name="deadline">Of the whole call, as a timestamp.</param>
/// <param name="hedgeAfter">
/// How long one target may show nothing before the next is asked beside it; null where it never is. Then enough is reserved for two.
/// </param>
internal sealed class TargetSearch<T>(
    ModelRouter router,
    CallPlan<T> plan,
    List<ChatModel> targets,
    CallRecord<T> record,
    long deadline,
    TimeSpan? hedgeAfter,
    CancellationToken caller
)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly List<Target> _waiting =
    [
        .. targets.SelectMany(model => TargetHealth.KeysOf(model).Select(key => new Target(model, key))),
    ];

    private readonly List<Target> _alone = [];
    private ModelException? _cause;
    private bool _timedOut;
    private int _started;

    private readonly record struct Target(ChatModel Model, string? Key);

    /// <summary>An attempt that has shown nothing yet.</summary>
    private sealed record Opening(Target Target, AttemptRun<T> Run, Task Task);

    /// <summary>What became of a target, and perhaps of another beside it.</summary>
    /// <param name="Winner">Who answers; null when nobody does yet.</param>
    /// <param name="Fault">Of the first target, where nobody answers.</param>
    /// <param name="Beside">Asked beside it, and not at its end yet.</param>
    private readonly record struct Race(AttemptRun<T>? Winner, ModelException? Fault, Opening? Beside);

    public async Task<RouteOutcome<T>> RunAsync()
    {
        try
        {
            return await TryTargetsAsync();
        }
        catch
        {
            // The caller left, or something here is at fault: what was done until then is settled all the same.
            record.Close();
            throw;
        }
    }

    private async Task<RouteOutcome<T>> TryTargetsAsync()
    {
        var tries = 0;
        Opening? takesOver = null;
        while (_waiting.Count > 0)
        {
            var opening = takesOver;
            takesOver = null;
            if (opening is null)
            {
                caller.ThrowIfCancellationRequested();
                if (IsLate)
                {
                    _timedOut = true;
                    break;
                }

                var target = _waiting[0];
                var (isLetIn, pass, isProbe) = await EnterAsync(target);
                if (!isLetIn)
                {
                    _waiting.RemoveAt(0);
                    _alone.Add(target);
                    Skip(target);
                    continue;
                }

                opening = Open(target, pass, isProbe);
            }

            var race = await RaceAsync(opening);
            if (race.Winner is { } winner)
            {
                return Answering(winner);
            }

            (_cause, _timedOut) = (race.Fault!, opening.Run.TimedOut);
            if (_cause.Kind is ModelFailure.Client or ModelFailure.Policy)
            {
                await DropAsync(race.Beside);
                break;
            }

            if (race.Beside is { } beside)
            {
                // It is at work already: its turn has come, and the one that failed is not asked again.
                Leave(opening.Target, _cause);
                _waiting.Remove(beside.Target);
                _waiting.Insert(0, beside.Target);
                takesOver = beside;
                tries = 0;
                continue;
            }

            if (!await StayAsync(opening.Target, _cause, ++tries))
            {
                tries = 0;
            }
        }

        return await GiveUpAsync();
    }

    private RouteOutcome<T>.Answering Answering(AttemptRun<T> run) =>
        new(
            new LiveAnswer<T>(
                run,
                record.Reports,
                ended =>
                {
                    record.Note(ended);
                    record.Close();
                }
            )
        );

    /// <summary>Waits for the target; where it shows nothing for long, for the next one beside it, too.</summary>
    private async Task<Race> RaceAsync(Opening first)
    {
        Opening? second = null;
        try
        {
            second = await BesideAsync(first);
            while (second is not null)
            {
                await Task.WhenAny(first.Task, second.Task);
                // The order of the plan decides where both are there.
                if (first.Task.IsCompletedSuccessfully)
                {
                    await DropAsync(second);
                    return new Race(first.Run, null, null);
                }

                if (second.Task.IsCompletedSuccessfully)
                {
                    await DropAsync(first);
                    return new Race(second.Run, null, null);
                }

                if (first.Task.IsCompleted)
                {
                    return new Race(null, await EndAsync(first), second);
                }

                // What goes wrong beside the first is not the caller's to know, as long as the first may answer.
                if (await EndAsync(second) is { } fault)
                {
                    Leave(second.Target, fault, isFirst: false);
                    second = null;
                }
            }

            return await EndAsync(first) is { } failed ? new Race(null, failed, null) : new Race(first.Run, null, null);
        }
        catch
        {
            // The caller left: neither goes on.
            await DropAsync(first);
            await DropAsync(second);
            throw;
        }
    }

    /// <summary>The next target, begun because the first showed nothing for long; null where that does not happen.</summary>
    private async Task<Opening?> BesideAsync(Opening first)
    {
        if (hedgeAfter is not { } after || !_waiting.Exists(target => target.Model.Id != first.Target.Model.Id))
        {
            return null;
        }

        using (var over = CancellationTokenSource.CreateLinkedTokenSource(caller))
        {
            var left = after - router.Time.GetElapsedTime(first.Run.Started);
            await Task.WhenAny(
                first.Task,
                Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, router.Time, over.Token)
            );
            await over.CancelAsync();
        }

        if (first.Task.IsCompleted || first.Run.HasBegun || caller.IsCancellationRequested || IsLate)
        {
            return null;
        }

        foreach (var target in _waiting.Where(target => target.Model.Id != first.Target.Model.Id))
        {
            if (!IsWell(target))
            {
                continue;
            }

            if (!router.Retries.TrySpend())
            {
                return null;
            }

            var (isLetIn, pass, isProbe) = await EnterAsync(target);
            return isLetIn ? Open(target, pass, isProbe, first.Target.Model) : null;
        }

        return null;
    }

    /// <summary>The fault that it ended with; null when it answers.</summary>
    private async Task<ModelException?> EndAsync(Opening opening)
    {
        try
        {
            await opening.Task;
            return null;
        }
        catch (ModelException fault)
        {
            await opening.Run.DisposeAsync();
            record.Note(opening.Run);
            return fault;
        }
        catch (OperationCanceledException)
        {
            await opening.Run.DisposeAsync();
            record.Note(opening.Run);
            throw;
        }
    }

    /// <summary>Nobody needs it any more. One that has ended is left as it was.</summary>
    private async Task DropAsync(Opening? opening)
    {
        if (opening is null || opening.Run.IsOver)
        {
            return;
        }

        await opening.Run.GiveUpAsync();
        try
        {
            await opening.Task;
        }
        catch (Exception exception) when (exception is OperationCanceledException or ModelException)
        {
            // As it was told to.
        }

        await opening.Run.DisposeAsync();
        record.Note(opening.Run);
    }

    /// <summary>After a fault: waits and stays with the target, or moves on. Whether it stayed.</summary>
    private async Task<bool> StayAsync(Target target, ModelException fault, int tries)
    {
        switch (fault.Kind)
        {
            case ModelFailure.Rate when _waiting.Count == 1 && tries <= router.Options.Retries:
            case ModelFailure.Transient when tries <= router.Options.Retries:
                var pause = fault.RetryAfter ?? Jitter(tries);
                if (pause <= router.Options.LongestWait && Fits(pause) && router.Retries.TrySpend())
                {
                    await Task.Delay(pause, router.Time, caller);
                    return true;
                }

                break;
        }

        Leave(target, fault);
        return false;
    }

    /// <summary>The target is not asked again, and of the others only those for whom the fault leaves hope.</summary>
    /// <param name="isFirst">Else it was asked beside another, which goes on.</param>
    private void Leave(Target target, ModelException fault, bool isFirst = true)
    {
        _waiting.Remove(target);
        if (fault.Kind is ModelFailure.Context && isFirst)
        {
            var window = target.Model.Endpoint!.ContextWindowTokens;
            _waiting.RemoveAll(other => other.Model.Endpoint!.ContextWindowTokens <= window);
        }
    }

    /// <summary>Full jitter (Brooker, 2015).</summary>
    private static TimeSpan Jitter(int tries)
    {
        var most = Math.Min(LongestPause.TotalMilliseconds, FirstPause.TotalMilliseconds * (1 << (tries - 1)));
#pragma warning disable CA5394 // Spreading, not a secret.
        return TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * most);
#pragma warning restore CA5394
    }

    private bool IsLate => router.Time.GetTimestamp() >= deadline;

    private bool Fits(TimeSpan wait) =>
        router.Time.GetTimestamp() + (wait.TotalSeconds * router.Time.TimestampFrequency) < deadline;

    private async ValueTask<(bool IsLetIn, BreakerPass? Pass, bool IsProbe)> EnterAsync(Target target)
    {
        if (target.Model.IsOwnKey)
        {
            return (true, null, false);
        }

        if (router.Health.IsRefused(target.Model, target.Key))
        {
            return (false, null, false);
        }

        var breaker = router.Health.BreakerOf(target.Model, target.Key);
        var pass = await breaker.EnterAsync();
        return (pass is not null, pass, breaker.State == CircuitState.HalfOpen);
    }

    /// <summary>Whether nothing is held against it: one that has to be tried first is no help to another.</summary>
    private bool IsWell(Target target) =>
        target.Model.IsOwnKey
        || (
            !router.Health.IsRefused(target.Model, target.Key)
            && router.Health.BreakerOf(target.Model, target.Key).State == CircuitState.Closed
        );

    private Opening Open(Target target, BreakerPass? pass, bool isProbe, ChatModel? beside = null)
    {
        var run = Start(target, pass, isProbe, beside);
        return new Opening(target, run, run.OpenAsync());
    }

    private AttemptRun<T> Start(Target target, BreakerPass? pass, bool isProbe, ChatModel? beside = null)
    {
        var number = ++_started;
        return new(
            plan,
            target.Model,
            target.Key,
            pass,
            isProbe,
            router.Telemetry.Start(ToldOf(target.Model, number, beside)),
            router.Options,
            router.Time,
            deadline,
            caller
        )
        {
            Number = number,
            Beside = beside,
        };
    }

    private ModelCallStart ToldOf(ChatModel model, int number, ChatModel? beside) =>
        new(GenAI.Operations.Of(plan.Purpose.Operation), model.ProviderName, model.Id)
        {
            Address = model.Endpoint!.BaseAddress,
            Streamed = plan.IsStreamed,
            MaxTokens = (int?)plan.MostOutputTokens,
            Temperature = plan.Temperature,
            Choices = plan.Choices,
            OpenAIApi = model.Endpoint.Protocol is ModelProtocol.OpenAI ? "chat_completions" : null,
            Tenant = plan.Payer.Tenant,
            UserId = plan.Payer.UserId,
            KeyId = plan.Payer.KeyId,
            Attempt = number,
            FallbackIndex = record.FallbackIndexOf(model),
            IsHedge = beside is not null,
            PromptName = plan.Purpose.Prompt?.Name,
            PromptVersion = plan.Purpose.Prompt?.Version.ToString(CultureInfo.InvariantCulture),
        };

    private void Skip(Target target) =>
        record.Skip(
            target.Model,
            router.Health.IsRefused(target.Model, target.Key) ? "credential-refused" : "breaker-open"
        );

    /// <summary>Everybody failed or is left alone.</summary>
    private async Task<RouteOutcome<T>> GiveUpAsync()
    {
        if (!record.HasAttempts && _alone.Count > 0 && !router.Options.FailsFast)
        {
            // Better asked in vain than refused unasked.
            var last = Open(_alone[0], null, isProbe: false);
            if (await EndAsync(last) is not { } fault)
            {
                return Answering(last.Run);
            }

            (_cause, _timedOut) = (fault, last.Run.TimedOut);
        }

        record.Close();
        var failure = new RoutingFailure(plan.Id, KindOf(), _cause, RetryAfterOf(), record.Reports);
        Log.NobodyAnswered(router.Logger, failure.Kind, string.Join(", ", record.Reports.Select(Told)), _cause);
        return new RouteOutcome<T>.Failed(failure);
    }

    private static string Told(AttemptReport report) => $"{report.Model.Id}: {report.Why}";

    private RoutingFailureKind KindOf() =>
        _cause switch
        {
            null => _timedOut ? RoutingFailureKind.TimedOut : RoutingFailureKind.AllOpen,
            { Kind: ModelFailure.Key } => RoutingFailureKind.CredentialRefused,
            { Kind: ModelFailure.Rate } => RoutingFailureKind.RateLimited,
            { Kind: ModelFailure.Client } => RoutingFailureKind.Client,
            { Kind: ModelFailure.Context } => RoutingFailureKind.TooLong,
            { Kind: ModelFailure.Policy } => RoutingFailureKind.Policy,
            _ => _timedOut ? RoutingFailureKind.TimedOut : RoutingFailureKind.Failed,
        };

    private TimeSpan? RetryAfterOf() =>
        _cause?.RetryAfter
        ?? _alone
            .Select(target => router.Health.BreakerOf(target.Model, target.Key).OpenFor)
            .OfType<TimeSpan>()
            .Cast<TimeSpan?>()
            .Min();
}
