using System.Globalization;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Health;
using Polly.CircuitBreaker;

namespace Chancery.Server.Inference.Routing;

/// <summary>
/// Every call to a language model: who is asked, for how long, what happens when it fails, and what it cost. Safe for concurrent
/// use.
/// </summary>
/// <remarks>
/// The worst case is reserved before anything is sent, and settled on its own account when the answer ends or is given up. One
/// deadline holds for all attempts. Until the first content another target can take over; from then on a fault is the caller's to see.
/// </remarks>
public sealed class ModelRouter(
    RoutingOptions options,
    TargetHealth health,
    RetryBudget retries,
    UsageLedger ledger,
    ModelCallTelemetry telemetry,
    InferenceMeter meter,
    TimeProvider time,
    ILogger<ModelRouter> logger
)
{
    // Beyond the deadline of the call: what a process that died left behind is settled then.
    private static readonly TimeSpan ReservationRest = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly record struct Target(ChatModel Model, string? Key);

    /// <summary>Finds a model that answers, and reads up to its first content.</summary>
    /// <exception cref="OperationCanceledException">The caller left; that is settled.</exception>
    public async Task<RouteOutcome<T>> OpenAsync<T>(CallPlan<T> plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var began = time.GetTimestamp();
        var deadline = began + (long)(options.Deadline.TotalSeconds * time.TimestampFrequency);
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var targets = Fitting(plan);
        if (targets.Count == 0)
        {
            return new RouteOutcome<T>.Failed(new RoutingFailure(plan.Id, RoutingFailureKind.TooLong, null, null, []));
        }

        if (
            targets.Exists(model => IsUnpriced(model, today))
            && await ledger.HasCapsAsync(plan.Payer, cancellationToken)
            && targets.RemoveAll(model => IsUnpriced(model, today)) > 0
            && targets.Count == 0
        )
        {
            return new RouteOutcome<T>.Failed(new RoutingFailure(plan.Id, RoutingFailureKind.Unpriced, null, null, []));
        }

        var worst = WorstCase(plan, targets, today);
        var request = new ReservationRequest(
            plan.Id,
            plan.Payer,
            plan.Purpose,
            targets[0].Id,
            worst,
            plan.InputTokens + targets.Max(model => Output(plan, model)),
            options.Deadline + ReservationRest
        );
        switch (await ledger.ReserveAsync(request, cancellationToken))
        {
            case ReserveOutcome.Refused refused:
                meter.BudgetRejected(refused.Refusal.Level, refused.Refusal.Period);
                return new RouteOutcome<T>.OverBudget(refused.Refusal);
            case ReserveOutcome.Unavailable unavailable:
                return new RouteOutcome<T>.Uncounted(unavailable.Why);
            case ReserveOutcome.Granted granted:
                retries.Earn();
                return await new Search<T>(
                    this,
                    plan,
                    targets,
                    granted.Reservation,
                    meter.Began(),
                    began,
                    deadline,
                    today,
                    cancellationToken
                ).RunAsync();
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unhandled outcome {other}.");
        }
    }

    /// <summary>What a call may cost at most: what is reserved for it, and what must be left for it where it costs nothing after all.</summary>
    internal (NanoDollars Cost, long Tokens) WorstOf<T>(CallPlan<T> plan)
    {
        var targets = Fitting(plan);
        return targets.Count == 0
            ? default
            : (
                WorstCase(plan, targets, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime)),
                plan.InputTokens + targets.Max(model => Output(plan, model))
            );
    }

    /// <summary>Those that can do it, by what is known of them. All of them where none is known to.</summary>
    private static List<ChatModel> Fitting<T>(CallPlan<T> plan)
    {
        var able = plan.Targets.Where(model =>
            (!plan.Needs.HasFlag(ModelNeeds.Tools) || model.Abilities.Tools != false)
            && (!plan.Needs.HasFlag(ModelNeeds.Images) || model.Abilities.Images != false)
        );
        var named = able.Any() ? able : plan.Targets;
        if (plan.IsAdapted)
        {
            return [.. named];
        }

        var large = named.Where(model => model.Endpoint!.ContextWindowTokens > plan.InputTokens).ToList();
        // The count is on the high side: what hardly fits is the provider's to refuse.
        return large.Count > 0 ? large : [.. named];
    }

    private static bool IsUnpriced(ChatModel model, DateOnly today) => !model.IsOwnKey && model.PricesOn(today) is null;

    private static long Output<T>(CallPlan<T> plan, ChatModel model)
    {
        long most = model.MaxOutputTokens ?? int.MaxValue;
        // Where nobody said how much a model writes, it may write what the request allows.
        var one = plan.MostOutputTokens is { } asked
            ? Math.Min(asked, model.StatedMostOutput is null ? long.MaxValue : most)
            : most;
        return one * plan.Choices;
    }

    /// <summary>At the dearest target; a key of the caller's own costs the organisation nothing.</summary>
    private static NanoDollars WorstCase<T>(CallPlan<T> plan, List<ChatModel> targets, DateOnly today) =>
        targets
            .Where(model => !model.IsOwnKey)
            .Select(model => model.PricesOn(today)?.WorstCase(plan.InputTokens, Output(plan, model)) ?? default)
            .DefaultIfEmpty()
            .Max();

    /// <summary>One call on its way from target to target.</summary>
    private sealed class Search<T>(
        ModelRouter router,
        CallPlan<T> plan,
        List<ChatModel> targets,
        Reservation reservation,
        InferenceMeter.InFlight inFlight,
        long began,
        long deadline,
        DateOnly today,
        CancellationToken caller
    )
    {
        private readonly List<AttemptReport> _reports = [];
        private readonly List<AttemptUsage> _usages = [];
        private InferenceMeter.InFlight _inFlight = inFlight;
        private ModelException? _cause;
        private bool _timedOut;

        public async Task<RouteOutcome<T>> RunAsync()
        {
            try
            {
                return await TryTargetsAsync();
            }
            catch
            {
                // The caller left, or something here is at fault: what was done until then is settled all the same.
                Close();
                throw;
            }
        }

        private async Task<RouteOutcome<T>> TryTargetsAsync()
        {
            var waiting = new List<Target>(
                targets.SelectMany(model => TargetHealth.KeysOf(model).Select(key => new Target(model, key)))
            );
            var alone = new List<Target>();
            var tries = 0;
            while (waiting.Count > 0)
            {
                caller.ThrowIfCancellationRequested();
                var target = waiting[0];
                if (IsLate)
                {
                    _timedOut = true;
                    break;
                }

                var (isLetIn, pass, isProbe) = await EnterAsync(target);
                if (!isLetIn)
                {
                    waiting.RemoveAt(0);
                    alone.Add(target);
                    Skip(target);
                    continue;
                }

                var run = Start(target, pass, isProbe);
                try
                {
                    await run.OpenAsync();
                    return new RouteOutcome<T>.Answering(new LiveAnswer<T>(run, _reports, SettleAnswer));
                }
                catch (ModelException fault)
                {
                    await run.DisposeAsync();
                    Note(run);
                    _cause = fault;
                    _timedOut = run.TimedOut;
                    tries++;
                    if (fault.Kind is ModelFailure.Client or ModelFailure.Policy)
                    {
                        break;
                    }

                    if (!await StayAsync(waiting, target, fault, tries))
                    {
                        tries = 0;
                    }
                }
                catch (OperationCanceledException)
                {
                    await run.DisposeAsync();
                    Note(run);
                    throw;
                }
            }

            return await GiveUpAsync(alone);
        }

        /// <summary>After a fault: waits and stays with the target, or moves on. Whether it stayed.</summary>
        private async Task<bool> StayAsync(List<Target> waiting, Target target, ModelException fault, int tries)
        {
            switch (fault.Kind)
            {
                case ModelFailure.Context:
                    var window = target.Model.Endpoint!.ContextWindowTokens;
                    waiting.RemoveAll(other => other.Model.Endpoint!.ContextWindowTokens <= window);
                    return false;
                case ModelFailure.Rate when waiting.Count == 1 && tries <= router.Options.Retries:
                    var asked = fault.RetryAfter ?? Jitter(tries);
                    if (asked <= router.Options.LongestWait && Fits(asked) && router.Retries.TrySpend())
                    {
                        await Task.Delay(asked, router.Time, caller);
                        return true;
                    }

                    break;
                case ModelFailure.Transient when tries <= router.Options.Retries:
                    var pause = fault.RetryAfter ?? Jitter(tries);
                    if (pause <= router.Options.LongestWait && Fits(pause) && router.Retries.TrySpend())
                    {
                        await Task.Delay(pause, router.Time, caller);
                        return true;
                    }

                    break;
            }

            waiting.RemoveAt(0);
            return false;
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

        private AttemptRun<T> Start(Target target, BreakerPass? pass, bool isProbe) =>
            new(
                plan,
                target.Model,
                target.Key,
                pass,
                isProbe,
                router.Telemetry.Start(ToldOf(target.Model)),
                router.Options,
                router.Time,
                deadline,
                caller
            );

        private ModelCallStart ToldOf(ChatModel model) =>
            new(plan.Purpose.Operation, model.ProviderName, model.Id)
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
                Attempt = _usages.Count + 1,
                FallbackIndex =
                    _reports.Count == 0
                        ? 0
                        : _reports.Select(report => report.Model.Id).Distinct().Count(id => id != model.Id),
            };

        private void Skip(Target target)
        {
            var why = router.Health.IsRefused(target.Model, target.Key) ? "credential-refused" : "breaker-open";
            _reports.Add(new AttemptReport(target.Model, "skipped", why, null, TimeSpan.Zero));
        }

        /// <summary>Everybody failed or is left alone.</summary>
        private async Task<RouteOutcome<T>> GiveUpAsync(List<Target> alone)
        {
            var attempted = _reports.Exists(report => report.Outcome != "skipped");
            if (!attempted && alone.Count > 0 && !router.Options.FailsFast)
            {
                // Better asked in vain than refused unasked.
                var run = Start(alone[0], null, isProbe: false);
                try
                {
                    await run.OpenAsync();
                    return new RouteOutcome<T>.Answering(new LiveAnswer<T>(run, _reports, SettleAnswer));
                }
                catch (ModelException fault)
                {
                    await run.DisposeAsync();
                    Note(run);
                    (_cause, _timedOut) = (fault, run.TimedOut);
                }
                catch (OperationCanceledException)
                {
                    await run.DisposeAsync();
                    Note(run);
                    throw;
                }
            }

            Close();
            var failure = new RoutingFailure(plan.Id, KindOf(), _cause, RetryAfterOf(alone), _reports);
            Log.NobodyAnswered(router.Logger, failure.Kind, string.Join(", ", _reports.Select(Told)), _cause);
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

        private TimeSpan? RetryAfterOf(List<Target> alone) =>
            _cause?.RetryAfter
            ?? alone
                .Select(target => router.Health.BreakerOf(target.Model, target.Key).OpenFor)
                .OfType<TimeSpan>()
                .Cast<TimeSpan?>()
                .Min();

        /// <summary>The answer ended, well or not, or was given up.</summary>
        private void SettleAnswer(AttemptRun<T> run)
        {
            Note(run);
            Close();
        }

        /// <summary>What one attempt was, for the breaker, the ledger and the log.</summary>
        private void Note(AttemptRun<T> run)
        {
            var prices = run.Model.PricesOn(today);
            run.Cost = run.Model.IsOwnKey ? default : prices?.Cost(run.Tokens) ?? default;
            var (outcome, why) = run switch
            {
                { Fault: null } => (AttemptOutcome.Answered, null),
                { Fault: OperationCanceledException } => (AttemptOutcome.Cancelled, null),
                { IsCommitted: true } => (AttemptOutcome.Truncated, WhyOf(run)),
                _ => (AttemptOutcome.Failed, WhyOf(run)),
            };
            var status = (run.Fault as ModelException)?.Status;
            _reports.Add(new AttemptReport(run.Model, outcome, why, status, run.Took));
            _usages.Add(
                new AttemptUsage(
                    run.Model.ProviderName,
                    run.Model.Id,
                    outcome,
                    why,
                    run.Tokens,
                    Estimated: run.IsEstimated,
                    run.Cost,
                    // What was given up or broke off after it began was paid for, too; what never began was not.
                    Billed: !run.Model.IsOwnKey && outcome != AttemptOutcome.Failed,
                    run.Took,
                    run.FirstPart,
                    CacheHit: false
                )
            );
            Tell(run);
            Record(run, why);
            EndScope(run, outcome, why);
            TellMeter(run, outcome, why);
        }

        private void TellMeter(AttemptRun<T> run, string outcome, string? why)
        {
            if (outcome == AttemptOutcome.Truncated)
            {
                router.Meter.StreamTruncated(run.Model.ProviderName, run.Model.Id);
            }

            // What failed before and was given up for this one.
            if (
                run.IsCommitted
                && _reports.FindLast(report => report.Model.Id != run.Model.Id) is { Why: { } reason } last
            )
            {
                router.Meter.FellBack(last.Model.Id, run.Model.Id, reason);
            }
        }

        private static void EndScope(AttemptRun<T> run, string outcome, string? why)
        {
            var tokens = run.Tokens;
            var end = new ModelCallEnd
            {
                InputTokens = tokens.Input,
                CacheReadTokens = tokens.CacheRead,
                CacheWriteTokens = tokens.CacheWrite + tokens.CacheWriteHour,
                OutputTokens = tokens.Output,
                ReasoningTokens = tokens.Reasoning,
                Estimated = run.IsEstimated,
                FinishReason = run.FinishReason,
                ResponseModel = run.ResponseModel,
                ResponseId = run.ResponseId,
            };
            if (outcome == AttemptOutcome.Answered)
            {
                run.Scope.Succeeded(end);
                return;
            }

            var fault = run.Fault as ModelException;
            run.Scope.Failed(
                fault?.Status?.ToString(CultureInfo.InvariantCulture) ?? why ?? outcome,
                end,
                fault?.Message
            );
        }

        private static string WhyOf(AttemptRun<T> run) =>
            run.TimedOut
                ? "timeout"
                : (run.Fault as ModelException)?.Kind switch
                {
                    ModelFailure.Key => "credential",
                    ModelFailure.Rate => "rate",
                    ModelFailure.Client => "client",
                    ModelFailure.Context => "context",
                    ModelFailure.Policy => "policy",
                    _ => "transient",
                };

        /// <summary>For the operator's eyes. A caller's own key is in none of it, as with breakers.</summary>
        private void Record(AttemptRun<T> run, string? why)
        {
            if (run.Model.IsOwnKey)
            {
                return;
            }

            var record = router.Health.RecordOf(run.Model, run.Key);
            if (run.Fault is null)
            {
                record.Answered(run.Took, run.FirstPart);
                return;
            }

            record.Ended(
                why is "transient" or "timeout" or "rate" or "credential"
                    ? new TargetFailure(router.Time.GetUtcNow(), why, (run.Fault as ModelException)?.Status)
                    : null
            );
        }

        private void Tell(AttemptRun<T> run)
        {
            switch (run.Fault)
            {
                case null:
                    run.Pass?.Succeeded();
                    if (!run.Model.IsOwnKey)
                    {
                        router.Health.Accept(run.Model, run.Key);
                    }

                    break;
                case ModelException { Kind: ModelFailure.Key }:
                    run.Pass?.Unknown(run.IsProbe);
                    if (!run.Model.IsOwnKey)
                    {
                        router.Health.Refuse(run.Model, run.Key);
                    }

                    break;
                case ModelException { Kind: ModelFailure.Transient or ModelFailure.Rate }:
                    run.Pass?.Failed();
                    break;
                default:
                    run.Pass?.Unknown(run.IsProbe);
                    break;
            }
        }

        private void Close()
        {
            router.Ledger.Settle(reservation, _usages);
            _inFlight.Dispose();
            var waited = _usages.Aggregate(TimeSpan.Zero, (sum, usage) => sum + usage.Took);
            router.Meter.Overhead(router.Time.GetElapsedTime(began) - waited, plan.Purpose.Operation);
        }
    }

    private RoutingOptions Options => options;

    private TargetHealth Health => health;

    private ModelCallTelemetry Telemetry => telemetry;

    private InferenceMeter Meter => meter;

    private RetryBudget Retries => retries;

    private UsageLedger Ledger => ledger;

    private TimeProvider Time => time;

    private ILogger Logger => logger;
}
