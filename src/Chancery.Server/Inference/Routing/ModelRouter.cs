using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;

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

        var hedgeAfter = HedgeAfter(targets);
        var reserved = await ledger.ReserveAsync(
            RequestOf(plan, targets, today, hedgeAfter is null ? 1 : 2),
            cancellationToken
        );
        if (hedgeAfter is not null && reserved is ReserveOutcome.Refused)
        {
            // What there is no money for twice may be had once.
            hedgeAfter = null;
            reserved = await ledger.ReserveAsync(RequestOf(plan, targets, today, atOnce: 1), cancellationToken);
        }

        switch (reserved)
        {
            case ReserveOutcome.Refused refused:
                meter.BudgetRejected(refused.Refusal.Level, refused.Refusal.Period);
                return new RouteOutcome<T>.OverBudget(refused.Refusal);
            case ReserveOutcome.Unavailable unavailable:
                return new RouteOutcome<T>.Uncounted(unavailable.Why);
            case ReserveOutcome.Granted granted:
                retries.Earn();
                var record = new CallRecord<T>(this, plan, granted.Reservation, meter.Began(), began, today);
                return await new TargetSearch<T>(
                    this,
                    plan,
                    targets,
                    record,
                    deadline,
                    hedgeAfter,
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
                WorstCase(plan, targets, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime), atOnce: 1),
                plan.InputTokens + targets.Max(model => Output(plan, model))
            );
    }

    /// <summary>How long one target may show nothing before the next is asked beside it; null where it never is.</summary>
    private TimeSpan? HedgeAfter(List<ChatModel> targets) =>
        targets.Count > 1
        && (targets.Find(model => model.HedgeAfter is not null)?.HedgeAfter ?? options.HedgeAfter)
            is { Ticks: > 0 } after
            ? after
            : null;

    /// <param name="atOnce">How many targets may be asked beside each other: each may cost what it costs at most.</param>
    private ReservationRequest RequestOf<T>(CallPlan<T> plan, List<ChatModel> targets, DateOnly today, int atOnce) =>
        new(
            plan.Id,
            plan.Payer,
            plan.Purpose,
            targets[0].Id,
            WorstCase(plan, targets, today, atOnce),
            (plan.InputTokens + targets.Max(model => Output(plan, model))) * atOnce,
            options.Deadline + ReservationRest
        );

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
            : Math.Min(model.DefaultOutputTokens ?? most, most);
        return one * plan.Choices;
    }

    /// <summary>At the dearest targets; a key of the caller's own costs the organisation nothing.</summary>
    private static NanoDollars WorstCase<T>(CallPlan<T> plan, List<ChatModel> targets, DateOnly today, int atOnce) =>
        targets
            .Where(model => !model.IsOwnKey)
            .Select(model => model.PricesOn(today)?.WorstCase(plan.InputTokens, Output(plan, model)) ?? default)
            .OrderDescending()
            .Take(atOnce)
            .Aggregate(NanoDollars.Zero, (sum, cost) => sum + cost);

    internal RoutingOptions Options => options;

    internal TargetHealth Health => health;

    internal ModelCallTelemetry Telemetry => telemetry;

    internal InferenceMeter Meter => meter;

    internal RetryBudget Retries => retries;

    internal UsageLedger Ledger => ledger;

    internal TimeProvider Time => time;

    internal ILogger Logger => logger;
}
