using Chancery.Server.Limits;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Everything that reserving can end in.</summary>
public abstract record ReserveOutcome
{
    private ReserveOutcome() { }

    /// <summary>The call may be made; the reservation is ended by settling or releasing it.</summary>
    public sealed record Granted(Reservation Reservation) : ReserveOutcome;

    /// <summary>A cap is reached. Nothing was taken on any level.</summary>
    public sealed record Refused(BudgetRefusal Refusal) : ReserveOutcome;

    /// <summary>It cannot be known whether the call may be made, so it may not: 503.</summary>
    /// <param name="Why">For people; says what does not answer.</param>
    public sealed record Unavailable(string Why) : ReserveOutcome;
}

/// <summary>The cap that a call would have crossed.</summary>
/// <param name="Level">installation, tenant, user or key; plan for what the plan lets models cost in a month, quota for their tokens.</param>
/// <param name="Period">month or day, of UTC's calendar.</param>
/// <param name="Cap">Of level quota: tokens.</param>
/// <param name="Used">Spent and reserved in that period.</param>
/// <param name="ResetsAt">When the next period begins.</param>
public sealed record BudgetRefusal(
    string Level,
    string Period,
    NanoDollars Cap,
    NanoDollars Used,
    DateTimeOffset ResetsAt
)
{
    /// <summary>The quota of the plan that it is; null for a cap that somebody set on money.</summary>
    public LimitName? Quota =>
        Level switch
        {
            BudgetLevel.Plan => LimitNames.CostPerMonth,
            BudgetLevel.Quota => LimitNames.TokensPerMonth,
            _ => null,
        };
}
