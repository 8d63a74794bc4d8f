using Chancery.Evaluation.Scoring;

namespace Chancery.Evaluation.Tests.Scoring;

/// <summary>A question that was asked several times is one observation.</summary>
public sealed class RepeatedScoreTests
{
    [Fact]
    public void The_mean_counts_and_the_spread_is_that_between_the_times()
    {
        var repeated = RepeatedScore.Of([Score.Of(1), Score.Of(0), Score.Of(0.5)]);

        Assert.Equal(0.5, repeated.Score.Value);
        Assert.Equal(0.5, repeated.Spread!.Value, 12);
        Assert.Equal(0, RepeatedScore.Of([Score.Of(0.75), Score.Of(0.75)]).Spread);
    }

    [Fact]
    public void A_failure_is_no_zero_and_counts_where_most_times_gave_no_number()
    {
        var some = RepeatedScore.Of([new Score.Failed("It broke off."), Score.Of(1)]);
        var none = RepeatedScore.Of([Score.None, new Score.Failed("It broke off.")]);

        Assert.Equal((1, null), (some.Score.Value, some.Spread));
        Assert.Equal(new Score.Failed("It broke off."), none.Score);
        Assert.Equal(Score.None, RepeatedScore.Of([Score.None, Score.None]).Score);
        Assert.Equal(
            new Score.Failed("x"),
            RepeatedScore.Of([Score.Of(1), new Score.Failed("x"), new Score.Failed("x")]).Score
        );
        Assert.Equal(Score.None, RepeatedScore.Of([Score.Of(1), Score.None, Score.None, Score.None]).Score);
        Assert.Throws<ArgumentException>(() => RepeatedScore.Of([]));
    }

    [Fact]
    public void The_mean_of_the_same_is_the_same() =>
        Assert.All(
            Enumerable.Range(1, 10),
            times => Assert.Equal(0.7, RepeatedScore.Of([.. Enumerable.Repeat(Score.Of(0.7), times)]).Score.Value)
        );
}
