using Chancery.Evaluation.Rollouts;

namespace Chancery.Evaluation.Tests.Rollouts;

public sealed class ConditionalOddsTests
{
    [Fact]
    public void A_table_of_Fishers_tea_is_as_likely_as_by_hand()
    {
        // Four of eight cups, all four right: probabilities 1, 16, 36, 16, 1 of 70, weighted by 3^x.
        var byHand = 81 / ((1 + 16 * 3 + 36 * 9 + 16 * 27 + 81) / 70.0);

        var ratio = Math.Exp(ConditionalOdds.LogLikelihoodRatio(new(4, 0), new(4, 4), Math.Log(3)));

        Assert.Equal(byHand, ratio, 1e-12);
    }

    [Theory]
    [InlineData(99, 1, 7)]
    [InlineData(40, 60, 35)]
    [InlineData(3, 500, 490)]
    [InlineData(5_000, 5_000, 60)]
    public void Given_the_margins_the_mean_of_the_ratio_is_one_when_arms_are_alike(
        long control,
        long treatment,
        long bad
    )
    {
        foreach (var logOdds in new[] { 0.1, 0.8, 3.4 })
        {
            var mean = 0.0;
            for (var x = Math.Max(0, bad - control); x <= Math.Min(bad, treatment); x++)
            {
                var chance = Chance(control, treatment, bad, x);
                mean +=
                    chance
                    * Math.Exp(ConditionalOdds.LogLikelihoodRatio(new(control, bad - x), new(treatment, x), logOdds));
            }

            Assert.Equal(1, mean, 1e-9);
        }
    }

    [Theory]
    [InlineData(0, 0, 10, 5)]
    [InlineData(10, 5, 0, 0)]
    [InlineData(10, 0, 10, 0)]
    [InlineData(10, 10, 10, 10)]
    public void Where_the_margins_leave_one_table_nothing_is_learned(
        long control,
        long badControl,
        long treatment,
        long bad
    ) => Assert.Equal(0, ConditionalOdds.LogLikelihoodRatio(new(control, badControl), new(treatment, bad), 1));

    [Fact]
    public void Huge_counts_give_finite_ratios()
    {
        var ratio = ConditionalOdds.LogLikelihoodRatio(
            new(4_000_000_000_000, 200_000_000_000),
            new(40_000_000_000, 2_100_000_000),
            0.1
        );

        Assert.True(double.IsFinite(ratio));
    }

    // Drawn one by one: no logarithm of a factorial, which is what is tested.
    private static double Chance(long control, long treatment, long bad, long x)
    {
        var chance = 1.0;
        var (all, leftTreatment, leftControl) = (control + treatment, treatment, control);
        for (var i = 0; i < bad; i++)
        {
            chance *= i < x ? (double)leftTreatment-- / all-- : (double)leftControl-- / all--;
            // Which of the draws were the treatment's: bad over x orders.
            chance *= i < x ? (double)(bad - i) / (i + 1) : 1;
        }

        return chance;
    }
}
