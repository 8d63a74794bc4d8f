using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Disjoint classes: what is in one is in no other, so that each has its own price; reasoning is inside output.</summary>
/// <param name="Input">Read anew.</param>
/// <param name="CacheRead">Found in the provider's cache.</param>
/// <param name="CacheWrite">Written to the provider's cache, for minutes.</param>
/// <param name="CacheWriteHour">Written to it for an hour, which is dearer.</param>
/// <param name="Output">Everything that was written, reasoning included.</param>
/// <param name="Reasoning">How much of <paramref name="Output"/> the reader does not see; for information, never priced apart.</param>
public readonly record struct TokenCounts(
    long Input,
    long CacheRead,
    long CacheWrite,
    long CacheWriteHour,
    long Output,
    long Reasoning
)
{
    /// <summary>Names under which clients of <c>Chancery.Models</c> tell what was written to a cache.</summary>
    public const string CacheWriteName = "cache_write_tokens";

    public const string CacheWriteHourName = "cache_write_1h_tokens";

    // No model reads as much; a count beyond it is an error of its provider's.
    private const long Most = 1_000_000_000_000;

    /// <summary>All that went in.</summary>
    public long TotalInput => Input + CacheRead + CacheWrite + CacheWriteHour;

    /// <summary>All that a plan's tokens of a month count.</summary>
    public long Total => TotalInput + Output;

    public static TokenCounts operator +(TokenCounts left, TokenCounts right) => left.Add(right);

    /// <summary>Takes apart what a client reports: there the input includes whatever a cache had to do with.</summary>
    /// <remarks>
    /// Nonsense is bounded: what is negative counts as none, and where the parts are more than their whole, the parts count, so that
    /// no provider's mistake makes a call cheaper than one of its figures.
    /// </remarks>
    public static TokenCounts Of(UsageDetails usage)
    {
        ArgumentNullException.ThrowIfNull(usage);
        var read = Sane(usage.CachedInputTokenCount);
        var write = Sane(Additional(usage, CacheWriteName));
        var writeHour = Sane(Additional(usage, CacheWriteHourName));
        var reasoning = Sane(usage.ReasoningTokenCount);
        return new TokenCounts(
            Math.Max(0, Sane(usage.InputTokenCount) - read - write - writeHour),
            read,
            write,
            writeHour,
            Math.Max(Sane(usage.OutputTokenCount), reasoning),
            reasoning
        );
    }

    public TokenCounts Add(TokenCounts other) =>
        new(
            Input + other.Input,
            CacheRead + other.CacheRead,
            CacheWrite + other.CacheWrite,
            CacheWriteHour + other.CacheWriteHour,
            Output + other.Output,
            Reasoning + other.Reasoning
        );

    private static long? Additional(UsageDetails usage, string name) =>
        usage.AdditionalCounts?.TryGetValue(name, out var count) == true ? count : null;

    private static long Sane(long? count) => Math.Clamp(count ?? 0, 0, Most);
}
