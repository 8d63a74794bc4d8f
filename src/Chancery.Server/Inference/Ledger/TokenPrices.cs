namespace Chancery.Server.Inference.Ledger;

/// <summary>Prices of one model from one day on, each in nano-dollars for a million tokens.</summary>
/// <param name="From">The first day (UTC) on which they hold; what was booked before is never computed again.</param>
public sealed record TokenPrices(
    DateOnly From,
    long Input,
    long CacheRead,
    long CacheWrite,
    long CacheWriteHour,
    long Output
)
{
    private const long Million = 1_000_000;

    private long DearestInput => Math.Max(Math.Max(Input, CacheRead), Math.Max(CacheWrite, CacheWriteHour));

    /// <summary>What the tokens cost: summed exactly, rounded once, half up. Never negative; bounded by what a number holds.</summary>
    public NanoDollars Cost(TokenCounts tokens) =>
        Rounded(
            Product(tokens.Input, Input)
                + Product(tokens.CacheRead, CacheRead)
                + Product(tokens.CacheWrite, CacheWrite)
                + Product(tokens.CacheWriteHour, CacheWriteHour)
                + Product(tokens.Output, Output),
            Million / 2
        );

    /// <summary>No call with so many tokens costs more: all input at the dearest of its classes, rounded up.</summary>
    public NanoDollars WorstCase(long inputTokens, long outputTokens) =>
        Rounded(Product(inputTokens, DearestInput) + Product(outputTokens, Output), Million - 1);

    private static Int128 Product(long tokens, long price) => (Int128)Math.Max(0, tokens) * Math.Max(0, price);

    private static NanoDollars Rounded(Int128 sum, long addend)
    {
        var cost = (sum + addend) / Million;
        return new NanoDollars(cost > long.MaxValue ? long.MaxValue : (long)cost);
    }
}
