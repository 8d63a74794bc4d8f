namespace Chancery.Server.Inference.Ledger;

/// <summary>What a call may cost at most, before it is made.</summary>
/// <param name="Id">The request's own: the same id again is the same reservation.</param>
/// <param name="Model">What was asked for: a model or a chain.</param>
/// <param name="WorstCase">At the dearest target; at most <see cref="NanoDollars.Largest"/>.</param>
/// <param name="WorstTokens">All tokens that the worst case allows for.</param>
/// <param name="Life">After it the call counts as lost, and is booked at the worst case.</param>
public sealed record ReservationRequest(
    Guid Id,
    Payer Payer,
    UsagePurpose Purpose,
    string Model,
    NanoDollars WorstCase,
    long WorstTokens,
    TimeSpan Life
);
