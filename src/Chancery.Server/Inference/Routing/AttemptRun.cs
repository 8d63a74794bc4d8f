using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Routing;

/// <summary>One attempt at one target: its clocks, what it used, how it ended. Not safe for concurrent use.</summary>
internal sealed class AttemptRun<T> : IAsyncDisposable
{
    // What may come before the first content: beyond it is taken for an answer, so that memory stays bounded.
    private const int MostHeldParts = 64;
    private const int MostHeldBytes = 256 * 1024;

    private readonly CallPlan<T> _plan;
    private readonly RoutingOptions _options;
    private readonly TimeProvider _time;
    private readonly long _deadline;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _clock;
    private readonly CancellationTokenRegistration _leaving;
    private readonly IAsyncEnumerator<T> _parts;
    private readonly Queue<T> _held = new();
    private long _seenTokens;
    private volatile bool _progressed;
    private bool _disposed;

    /// <param name="deadline">Of the whole call, as a timestamp of <paramref name="time"/>.</param>
    public AttemptRun(
        CallPlan<T> plan,
        ChatModel model,
        string? key,
        BreakerPass? pass,
        bool isProbe,
        ModelCallScope scope,
        RoutingOptions options,
        TimeProvider time,
        long deadline,
        CancellationToken caller
    )
    {
        (_plan, Model, Key, Pass, IsProbe, _options, _time, _deadline, _caller) = (
            plan,
            model,
            key,
            pass,
            isProbe,
            options,
            time,
            deadline,
            caller
        );
        Scope = scope;
        Started = time.GetTimestamp();
        _clock = new CancellationTokenSource(Bounded(plan.Timeout ?? options.FirstContent), time);
        _leaving = caller.UnsafeRegister(static clock => ((CancellationTokenSource)clock!).Cancel(), _clock);
        var asked =
            key == model.Endpoint?.ApiKey ? model : model with { Endpoint = model.Endpoint! with { ApiKey = key } };
        _parts = plan.Ask(asked, _clock.Token).GetAsyncEnumerator(_clock.Token);
    }

    public Guid CallId => _plan.Id;

    public ChatModel Model { get; }

    public string? Key { get; }

    public BreakerPass? Pass { get; }

    public bool IsProbe { get; }

    /// <summary>Among the attempts of its call, from 1, as they began.</summary>
    public int Number { get; init; } = 1;

    /// <summary>The target that showed nothing for so long that this one was asked beside it; null for the usual.</summary>
    public ChatModel? Beside { get; init; }

    /// <summary>When it was sent, as a timestamp.</summary>
    public long Started { get; }

    /// <summary>Whether the model gave any sign of an answer. May be asked while it is being read.</summary>
    public bool HasBegun => _progressed;

    /// <summary>Another answered before it: what comes of it is nobody's.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Nothing more comes of it.</summary>
    public bool IsOver => _disposed;

    /// <summary>Tells of it; ended by whoever notes how it went.</summary>
    public ModelCallScope Scope { get; }

    public T Current { get; private set; } = default!;

    public UsageDetails? Usage { get; private set; }

    public string? FinishReason { get; private set; }

    public string? ResponseModel { get; private set; }

    public string? ResponseId { get; private set; }

    /// <summary>Why it ended otherwise than well; null while it runs, and when it ended well.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Whether the caller was given any of it.</summary>
    public bool IsCommitted { get; private set; }

    public bool TimedOut { get; private set; }

    public TimeSpan? FirstPart { get; private set; }

    public TimeSpan Took { get; private set; }

    /// <summary>
    /// What the provider reported of a whole answer. Of one that broke off or was given up at least what was seen of it: a report in
    /// its middle may say nothing of the output yet.
    /// </summary>
    public TokenCounts Tokens
    {
        get
        {
            var reported = Usage is null ? default : TokenCounts.Of(Usage);
            if (!IsEstimated)
            {
                return reported;
            }

            return reported with
            {
                Input =
                    reported.TotalInput > 0 ? reported.Input
                    : WasSent ? _plan.InputTokens
                    : 0,
                Output = Math.Max(reported.Output, _seenTokens),
            };
        }
    }

    /// <summary>Whether the provider did not say, or not to the end, what it used.</summary>
    public bool IsEstimated =>
        Usage is null || (Fault is not null && _progressed && (_plan.IsStreamed || FinishReason is null));

    public NanoDollars Cost { get; set; }

    /// <summary>Whether the provider may have begun to work: a refusal before that cost nothing.</summary>
    public bool WasSent => _progressed || FinishReason is not null || Fault is null or OperationCanceledException;

    /// <summary>Reads until something can be shown, or the answer is whole.</summary>
    /// <exception cref="ModelException">It failed first.</exception>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task OpenAsync()
    {
        var bytes = 0;
        while (await MoveNextAsync())
        {
            var facts = _plan.Read(Current);
            _held.Enqueue(Current);
            bytes += facts.Bytes;
            if (facts.Kind is PartKind.Content || _held.Count >= MostHeldParts || bytes >= MostHeldBytes)
            {
                break;
            }
        }

        IsCommitted = true;
    }

    public Queue<T> TakeHeld() => _held;

    /// <summary>
    /// Ends it, because another answered first: whoever reads it gets an <see cref="OperationCanceledException"/>. May be called
    /// while it is being read.
    /// </summary>
    public Task GiveUpAsync()
    {
        IsGivenUp = !_caller.IsCancellationRequested;
        return _clock.CancelAsync();
    }

    /// <summary>False when the answer is whole.</summary>
    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            if (await _parts.MoveNextAsync())
            {
                Note(_plan.Read(Current = _parts.Current));
                return true;
            }

            if (FinishReason is null)
            {
                throw new ModelException(ModelFailure.Transient, null, null, Model.Id);
            }

            Took = _time.GetElapsedTime(Started);
            return false;
        }
        catch (Exception exception)
        {
            throw Ended(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (Fault is null && Took == TimeSpan.Zero)
        {
            // Left in the middle: the provider is told, and what is known so far counts.
            Took = _time.GetElapsedTime(Started);
            if (FinishReason is null)
            {
                Fault = new OperationCanceledException();
            }

            await _clock.CancelAsync();
        }

        if (IsGivenUp)
        {
            // It may have been whole: nobody was given it.
            Fault ??= new OperationCanceledException();
            IsCommitted = false;
        }

        _leaving.Dispose();
        try
        {
            await _parts.DisposeAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ModelException)
        {
            // It is over in any case.
        }

        _clock.Dispose();
    }

    private void Note(in PartFacts facts)
    {
        Usage = facts.Usage ?? Usage;
        FinishReason = facts.FinishReason ?? FinishReason;
        ResponseModel = facts.Model ?? ResponseModel;
        ResponseId ??= facts.ResponseId;
        _seenTokens += facts.Tokens;
        if (!_progressed && facts.Kind is PartKind.Metadata && facts.FinishReason is null)
        {
            // The clock of the first content goes on: a role says nothing.
            return;
        }

        _progressed = true;
        FirstPart ??= _time.GetElapsedTime(Started);
        Scope.Part();
        _clock.CancelAfter(Bounded(_plan.Timeout ?? _options.Idle));
    }

    private TimeSpan Bounded(TimeSpan wanted)
    {
        var left = TimeSpan.FromSeconds((double)(_deadline - _time.GetTimestamp()) / _time.TimestampFrequency);
        return left <= TimeSpan.Zero ? TimeSpan.FromTicks(1)
            : left < wanted ? left
            : wanted;
    }

    /// <summary>What the caller sees of a fault.</summary>
    private Exception Ended(Exception exception)
    {
        Took = _time.GetElapsedTime(Started);
        if (_caller.IsCancellationRequested || IsGivenUp)
        {
            Fault = exception as OperationCanceledException ?? new OperationCanceledException(_caller);
            return Fault;
        }

        if (exception is OperationCanceledException)
        {
            TimedOut = true;
            exception = new ModelException(
                ModelFailure.Transient,
                null,
                null,
                Model.Id,
                new TimeoutException("The model took too long. Raise LLM_TIMEOUT if it is slow.", exception)
            );
        }

        if (exception is not ModelException failed)
        {
            // What a protocol cannot carry no second attempt will.
            var kind = exception is NotSupportedException ? ModelFailure.Client : ModelFailure.Transient;
            failed = new ModelException(kind, null, null, Model.Id, exception);
        }

        Usage = failed.Usage ?? Usage;
        Fault = failed;
        return failed;
    }
}
