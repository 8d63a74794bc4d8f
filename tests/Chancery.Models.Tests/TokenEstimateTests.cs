namespace Chancery.Models.Tests;

public sealed class TokenEstimateTests
{
    [Theory]
    // The counts are those of common byte-pair encoders, which differ by a token or two.
    [InlineData("", 0)]
    [InlineData("Hello", 1)]
    [InlineData("The quick brown fox jumps over the lazy dog.", 10)]
    [InlineData("The tenant shall pay the rent on the first business day of each month.", 15)]
    [InlineData("1234567", 3)]
    [InlineData("今日は良い天気です。", 10)]
    public void An_estimate_is_at_least_the_count_and_not_twice_it(string text, int tokens)
    {
        var estimate = TokenEstimate.Of(text);

        Assert.InRange(estimate, tokens, (tokens * 2) + 1);
    }

    [Fact]
    public void Long_texts_count_in_proportion()
    {
        var one = TokenEstimate.Of("The tenant shall pay. ");

        Assert.Equal(1000 * one, TokenEstimate.Of(string.Concat(Enumerable.Repeat("The tenant shall pay. ", 1000))));
    }
}
