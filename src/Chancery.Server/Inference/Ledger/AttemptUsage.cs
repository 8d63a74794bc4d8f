namespace Chancery.Server.Inference.Ledger;

/// <summary>One attempt at one target.</summary>
/// <param name="Outcome">One of <see cref="AttemptOutcome"/>.</param>
/// <param name="ErrorType">Why it failed, in the words of telemetry.</param>
/// <param name="Estimated">The counts are ours, not the provider's.</param>
/// <param name="Billed">Whether the cost is ours; false for a key that the caller brought, and for what a cache answered.</param>
/// <param name="Took">From sending it to its end.</param>
/// <param name="FirstPart">Until the first part of content.</param>
/// <param name="CacheHit">Answered from our cache of answers; no provider was asked.</param>
public sealed record AttemptUsage(
    string Provider,
    string Model,
    string Outcome,
    string? ErrorType,
    TokenCounts Tokens,
    bool Estimated,
    NanoDollars Cost,
    bool Billed,
    TimeSpan Took,
    TimeSpan? FirstPart,
    bool CacheHit
);

/// <summary>How an attempt ended.</summary>
public static class AttemptOutcome
{
    public const string Answered = "answered";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
    public const string Truncated = "truncated";

    /// <summary>Of a call that nobody knows the end of; only the ledger itself writes it.</summary>
    public const string Unknown = "unknown";
}
