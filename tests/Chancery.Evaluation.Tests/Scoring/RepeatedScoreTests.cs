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
    public void A_failure_is_no_zero_and_counts_only_where_no_time_gave_a_number()
    {
        var some = RepeatedScore.Of([new Score.Failed("It broke off."), Score.Of(1)]);
        var none = RepeatedScore.Of([Score.None, new Score.Failed("It broke off.")]);

        Assert.Equal((1, null), (some.Score.Value, some.Spread));
        Assert.Equal(new Score.Failed("It broke off."), none.Score);
        Assert.Equal(Score.None, RepeatedScore.Of([Score.None, Score.None]).Score);
        Assert.Throws<ArgumentException>(() => RepeatedScore.Of([]));
    }

    [Fact]
    public void A_mean_of_what_rounds_badly_is_a_score() =>
        Assert.InRange(
            RepeatedScore.Of([.. Enumerable.Repeat(Score.Of(1.0 / 3), 10)]).Score.Value!.Value,
            0.3333,
            0.3334
        );
}
