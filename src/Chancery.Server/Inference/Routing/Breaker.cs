using Polly;
using Polly.CircuitBreaker;

namespace Chancery.Server.Inference.Routing;

/// <summary>
/// Leaves one target alone for a while after it failed too often: Polly's circuit breaker, fed with what became of whole answers.
/// Safe for concurrent use.
/// </summary>
internal sealed class Breaker
{
    // Back to where it was, for a caller who left before the one call was over that would have told.
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);

    private static readonly ResiliencePropertyKey<Ending> EndingKey = new("ending");

    private readonly CircuitBreakerStateProvider _state = new();
    private readonly CircuitBreakerManualControl _control = new();
    private readonly ResiliencePipeline<bool> _pipeline;
    private readonly TimeProvider _time;
    private readonly TimeSpan _cooldown;
    private long _openedAt;

    public Breaker(RoutingOptions options, TimeProvider time, Action<CircuitState> changed)
    {
        _time = time;
        _cooldown = options.Cooldown;
        _pipeline = new ResiliencePipelineBuilder<bool> { TimeProvider = time }
            .AddCircuitBreaker(
                new CircuitBreakerStrategyOptions<bool>
                {
                    FailureRatio = 0.5,
                    MinimumThroughput = options.BreakerFailures,
                    SamplingDuration = RoutingOptions.BreakerWindow,
                    BreakDuration = options.Cooldown,
                    BreakDurationGenerator = arguments =>
                        ValueTask.FromResult(
                            arguments.Context.Properties.TryGetValue(EndingKey, out var ending) && ending.IsUnknown
                                ? AtOnce
                                : options.Cooldown
                        ),
                    ShouldHandle = arguments => ValueTask.FromResult(!arguments.Outcome.Result),
                    StateProvider = _state,
                    ManualControl = _control,
                    OnOpened = _ =>
                    {
                        Volatile.Write(ref _openedAt, time.GetTimestamp());
                        changed(CircuitState.Open);
                        return default;
                    },
                    OnHalfOpened = _ =>
                    {
                        changed(CircuitState.HalfOpen);
                        return default;
                    },
                    OnClosed = _ =>
                    {
                        changed(CircuitState.Closed);
                        return default;
                    },
                }
            )
            .Build();
    }

    public CircuitState State => _state.CircuitState;

    /// <summary>Until it lets one call through to see; null while it is not open.</summary>
    public TimeSpan? OpenFor
    {
        get
        {
            if (State is not (CircuitState.Open or CircuitState.Isolated))
            {
                return null;
            }

            var left = _cooldown - _time.GetElapsedTime(Volatile.Read(ref _openedAt));
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>A pass for one call, which has to be ended; null when the target is left alone.</summary>
    public async ValueTask<BreakerPass?> EnterAsync()
    {
        var pass = new BreakerPass();
        var context = ResilienceContextPool.Shared.Get(CancellationToken.None);
        context.Properties.Set(EndingKey, pass.Ending);
        var running = _pipeline
            .ExecuteOutcomeAsync(
                static (_, pass) =>
                {
                    pass.Enter();
                    return new ValueTask<Outcome<bool>>(pass.Ended);
                },
                context,
                pass
            )
            .AsTask();
        // A closed breaker calls back at once, one that becomes half open a moment later, an open one never: it ends instead.
        if (!pass.Entered.IsCompleted && !running.IsCompleted)
        {
            await Task.WhenAny(pass.Entered, running);
        }

        _ = ReturnAsync(running, context);
        return pass.Entered.IsCompleted ? pass : null;
    }

    /// <summary>An operator says that the target is well again.</summary>
    public Task ResetAsync() => _control.CloseAsync();

    private static async Task ReturnAsync(Task<Outcome<bool>> running, ResilienceContext context)
    {
        await running;
        ResilienceContextPool.Shared.Return(context);
    }

    /// <summary>How a call ended that nothing was learnt from.</summary>
    internal sealed class Ending
    {
        public bool IsUnknown { get; set; }
    }
}

/// <summary>One call through a <see cref="Breaker"/>. The first word on how it ended counts.</summary>
internal sealed class BreakerPass
{
    private readonly TaskCompletionSource<Outcome<bool>> _ended = new();
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Breaker.Ending Ending { get; } = new();

    /// <summary>Completed once the breaker lets the call through.</summary>
    public Task Entered => _entered.Task;

    public Task<Outcome<bool>> Ended => _ended.Task;

    public void Enter() => _entered.TrySetResult();

    public void Succeeded() => _ended.TrySetResult(Outcome.FromResult(true));

    public void Failed() => _ended.TrySetResult(Outcome.FromResult(false));

    /// <summary>
    /// The caller left, or the request was at fault. That neither opens a breaker nor closes a half-open one.
    /// </summary>
    /// <param name="isProbe">Whether the breaker was half open when the call began.</param>
    public void Unknown(bool isProbe)
    {
        if (!isProbe)
        {
            Succeeded();
            return;
        }

        Ending.IsUnknown = true;
        Failed();
    }
}
