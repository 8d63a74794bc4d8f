using System.Numerics;
using Chancery.Server.Inference.Ledger;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Tests.Inference.Ledger;

public sealed class PriceTests
{
    private readonly Random _random = new(6);

    [Fact]
    public void A_cost_is_the_exact_sum_rounded_once_half_up()
    {
        for (var i = 0; i < 20_000; i++)
        {
            var prices = Prices();
            var tokens = Tokens();

            var exact =
                (BigInteger)tokens.Input * prices.Input
                + (BigInteger)tokens.CacheRead * prices.CacheRead
                + (BigInteger)tokens.CacheWrite * prices.CacheWrite
                + (BigInteger)tokens.CacheWriteHour * prices.CacheWriteHour
                + (BigInteger)tokens.Output * prices.Output;
            var expected = BigInteger.Min(long.MaxValue, (exact * 2 + 1_000_000) / 2_000_000);

            Assert.Equal(expected, prices.Cost(tokens).Value);
        }
    }

    [Fact]
    public void No_call_costs_more_than_its_worst_case()
    {
        for (var i = 0; i < 20_000; i++)
        {
            var prices = Prices();
            var tokens = Tokens();

            var worst = prices.WorstCase(tokens.TotalInput, tokens.Output);

            Assert.True(prices.Cost(tokens) <= worst, $"{prices} {tokens}");
        }
    }

    [Fact]
    public void Nonsense_costs_nothing_or_everything_but_is_never_negative_and_never_overflows()
    {
        long[] odd = [long.MinValue, -1, 0, 1, long.MaxValue];
        foreach (var tokens in odd)
        {
            foreach (var price in odd)
            {
                var prices = new TokenPrices(default, price, price, price, price, price);

                Assert.InRange(
                    prices.Cost(new TokenCounts(tokens, tokens, tokens, tokens, tokens, tokens)).Value,
                    0,
                    long.MaxValue
                );
                Assert.InRange(prices.WorstCase(tokens, tokens).Value, 0, long.MaxValue);
            }
        }
    }

    [Theory]
    [InlineData(1, 600_000_000, 600)] // a token of $0.0000006
    [InlineData(10, 20_000_000, 200)] // ten tokens of an embedding at $0.02 a million
    [InlineData(1, 499_999, 0)]
    [InlineData(1, 500_000, 1)]
    public void A_token_of_a_cheap_model_has_its_price(long tokens, long nanoForAMillion, long expected)
    {
        var prices = new TokenPrices(default, nanoForAMillion, 0, 0, 0, 0);

        Assert.Equal(expected, prices.Cost(new TokenCounts(tokens, 0, 0, 0, 0, 0)).Value);
    }

    [Theory]
    [InlineData(5_000_000_000, "5.00")]
    [InlineData(600, "0.000001")]
    [InlineData(400, "0.00")]
    [InlineData(1_234_567_890, "1.234568")]
    [InlineData(-1_500_000_000, "-1.50")]
    public void Money_is_told_in_dollars_with_up_to_six_decimals(long nano, string expected) =>
        Assert.Equal(expected, new NanoDollars(nano).ToDollarText());

    [Fact]
    public void What_a_client_reports_is_taken_apart_into_classes_that_share_nothing()
    {
        var usage = new UsageDetails
        {
            InputTokenCount = 1000,
            CachedInputTokenCount = 600,
            OutputTokenCount = 50,
            ReasoningTokenCount = 20,
            AdditionalCounts = new() { ["cache_write_tokens"] = 100, ["cache_write_1h_tokens"] = 50 },
        };

        Assert.Equal(new TokenCounts(250, 600, 100, 50, 50, 20), TokenCounts.Of(usage));
    }

    [Fact]
    public void Figures_that_contradict_each_other_never_make_a_call_cheaper_than_one_of_them()
    {
        var parts = TokenCounts.Of(
            new()
            {
                InputTokenCount = 10,
                CachedInputTokenCount = 600,
                OutputTokenCount = 5,
                ReasoningTokenCount = 9,
            }
        );
        var negative = TokenCounts.Of(
            new()
            {
                InputTokenCount = -10,
                CachedInputTokenCount = long.MinValue,
                OutputTokenCount = long.MaxValue,
            }
        );

        Assert.Equal(new TokenCounts(0, 600, 0, 0, 9, 9), parts);
        Assert.Equal(new TokenCounts(0, 0, 0, 0, 1_000_000_000_000, 0), negative);
        Assert.Equal(default, TokenCounts.Of(new UsageDetails()));
    }

    private TokenPrices Prices() => new(default, Price(), Price(), Price(), Price(), Price());

    private TokenCounts Tokens() => new(Count(), Count(), Count(), Count(), Count(), 0);

    private long Price() => _random.NextInt64(1L << _random.Next(1, 45));

    private long Count() => _random.NextInt64(1L << _random.Next(1, 40));
}
