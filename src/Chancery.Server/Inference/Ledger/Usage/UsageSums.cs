namespace Chancery.Server.Inference.Ledger.Usage;

/// <summary>What calls came to.</summary>
/// <param name="Requests">Calls, whatever became of them.</param>
/// <param name="Attempts">At all targets; more than requests where one failed and another answered.</param>
/// <param name="Failed">Attempts that did not answer whole.</param>
/// <param name="CacheHits">Answered from the cache of answers.</param>
/// <param name="CacheHitRate">Of the requests, 0 to 1.</param>
/// <param name="Estimated">Attempts whose tokens the provider did not tell: their figures are ours.</param>
/// <param name="InputTokens">Read anew; those of the provider's cache are counted apart.</param>
/// <param name="OutputTokens">Reasoning included.</param>
/// <param name="CostUsd">In dollars, with six decimals.</param>
/// <param name="CostNano">The same exactly, in nano-dollars.</param>
/// <param name="EstimatedCostNano">How much of it is estimated.</param>
/// <param name="UnbilledCostNano">Beside it, and paid by nobody here: what answers of the cache saved.</param>
/// <param name="AverageLatencyMs">Of an attempt.</param>
public sealed record UsageSums(
    long Requests,
    long Attempts,
    long Failed,
    long CacheHits,
    double CacheHitRate,
    long Estimated,
    long InputTokens,
    long CacheReadTokens,
    long CacheWriteTokens,
    long OutputTokens,
    long ReasoningTokens,
    decimal CostUsd,
    long CostNano,
    long EstimatedCostNano,
    long UnbilledCostNano,
    double AverageLatencyMs
)
{
    internal static UsageSums Of(UsageStore.SumRow row) =>
        new(
            row.Requests,
            row.Attempts,
            row.Failed,
            row.CacheHits,
            row.Requests == 0 ? 0 : Math.Round((double)row.CacheHits / row.Requests, 4),
            row.Estimated,
            row.Input,
            row.CacheRead,
            row.CacheWrite + row.CacheWriteHour,
            row.Output,
            row.Reasoning,
            DollarsOf(row.CostNano),
            row.CostNano,
            row.EstimatedNano,
            row.UnbilledNano,
            row.Attempts == 0 ? 0 : Math.Round((double)row.LatencyMs / row.Attempts, 1)
        );

    internal static decimal DollarsOf(long nano) =>
        decimal.Round(new NanoDollars(nano).Dollars, 6, MidpointRounding.AwayFromZero);
}
