using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Tests.Statistics;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1.96, 0.9750021048517795)]
    [InlineData(-1.96, 0.0249978951482205)]
    [InlineData(2.999, 0.9986456)]
    [InlineData(-6, 9.865876450377e-10)]
    [InlineData(-20, 2.753624118606234e-89)]
    public void The_normal_distribution_is_that_of_the_tables(double z, double chance)
    {
        Assert.InRange(NormalDistribution.Cdf(z), chance * (1 - 1e-7), chance * (1 + 1e-7));
        Assert.Equal(z, NormalDistribution.Quantile(chance), 1e-4);
    }

    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilsons_interval_is_that_of_Newcombe(long successes, long observations, double low, double high)
    {
        var interval = Proportion.Wilson(successes, observations);

        Assert.Equal(low, interval.Low, 5e-5);
        Assert.Equal(high, interval.High, 5e-5);
    }

    [Theory]
    [InlineData(56, 70, 48, 80, 0.0524, 0.3339)]
    [InlineData(9, 10, 3, 10, 0.1705, 0.8090)]
    [InlineData(5, 56, 0, 29, -0.0381, 0.1926)]
    [InlineData(0, 10, 0, 20, -0.1611, 0.2775)]
    [InlineData(0, 0, 3, 20, -1, 1)]
    public void The_interval_of_a_difference_is_that_of_Newcombe(
        long successes,
        long observations,
        long otherSuccesses,
        long otherObservations,
        double low,
        double high
    )
    {
        var interval = Proportion.Difference(successes, observations, otherSuccesses, otherObservations);

        Assert.Equal(low, interval.Low, 5e-5);
        Assert.Equal(high, interval.High, 5e-5);
    }

    [Theory]
    [InlineData(10, 0.05)]
    [InlineData(40, 0.2)]
    [InlineData(200, 0.5)]
    public void Wilsons_interval_holds_the_rate_about_as_often_as_it_says(int observations, double rate)
    {
        var random = new Random(31);
        const int Repeats = 3_000;

        var holds = Enumerable
            .Range(0, Repeats)
            .Count(_ =>
                Proportion
                    .Wilson(Enumerable.Range(0, observations).Count(_ => random.NextDouble() < rate), observations)
                    .Contains(rate)
            );

        // At 10 and 5 % the true coverage is 91.4 %.
        Assert.InRange(holds, 0.90 * Repeats, 0.99 * Repeats);
    }

    [Fact]
    public void Intervals_of_nothing_and_of_huge_counts_are_intervals()
    {
        Assert.Equal(new Interval(0, 1), Proportion.Wilson(0, 0));

        var huge = Proportion.Wilson(long.MaxValue / 3, long.MaxValue);

        Assert.True(huge.Low <= huge.High && huge.Contains(1 / 3.0));
        Assert.Throws<ArgumentException>(() => Proportion.Wilson(2, 1));
        Assert.Throws<ArgumentException>(() => Proportion.Wilson(1, 2, double.NaN));
    }

    [Fact]
    public void The_bootstrap_holds_the_mean_of_skewed_scores_about_as_often_as_it_says()
    {
        var random = new Random(32);
        const int Repeats = 300;

        // Exponential: mean 1, skew 2.
        var holds = Enumerable
            .Range(0, Repeats)
            .Count(_ =>
                Bootstrap
                    .OfMean([.. Enumerable.Range(0, 40).Select(_ => -Math.Log(1 - random.NextDouble()))])!
                    .Value.Contains(1)
            );

        Assert.InRange(holds, 0.88 * Repeats, 0.98 * Repeats);
    }

    [Fact]
    public void The_bootstrap_of_a_symmetric_sample_is_near_the_normal_interval()
    {
        double[] values = [.. Enumerable.Range(1, 99).Select(i => NormalDistribution.Quantile(i / 100.0))];
        var deviation = Math.Sqrt(values.Sum(value => value * value) / values.Length);
        var reach = 1.96 * deviation / Math.Sqrt(values.Length);

        var interval = Bootstrap.OfMean(values)!.Value;

        Assert.Equal(-reach, interval.Low, 0.02);
        Assert.Equal(reach, interval.High, 0.02);
        Assert.Equal(interval, Bootstrap.OfMean(values));
    }

    [Fact]
    public void The_bootstrap_leans_to_the_long_tail()
    {
        double[] values = [.. Enumerable.Repeat(0.0, 45), .. Enumerable.Repeat(10.0, 5)];

        var interval = Bootstrap.OfMean(values)!.Value;

        Assert.True(interval.High - 1 > 1.2 * (1 - interval.Low));
    }

    [Fact]
    public void The_bootstrap_of_none_one_and_equal_values_is_what_they_are()
    {
        Assert.Null(Bootstrap.OfMean([]));
        Assert.Equal(new Interval(0.3, 0.3), Bootstrap.OfMean([0.3]));
        Assert.Equal(new Interval(0.3, 0.3), Bootstrap.OfMean([0.3, 0.3, 0.3]));
        Assert.Throws<ArgumentException>(() => Bootstrap.OfMean([1, double.NaN]));
        Assert.Throws<ArgumentException>(() => Bootstrap.OfMean([1, double.PositiveInfinity]));
    }

    [Fact]
    public void Pairs_take_out_what_both_runs_share()
    {
        var random = new Random(33);
        double[] before = [.. Enumerable.Range(0, 200).Select(_ => random.NextDouble())];
        double[] after = [.. before.Select(value => value + 0.02 + 0.02 * (random.NextDouble() - 0.5))];

        var interval = Bootstrap.OfMeanDifference(before, after)!.Value;

        Assert.True(interval.Low > 0.015 && interval.High < 0.025);
        Assert.Throws<ArgumentException>(() => Bootstrap.OfMeanDifference([1], [1, 2]));
    }

    // Sums of binomial coefficients over powers of two, by hand.
    [Theory]
    [InlineData(1, 9, 22.0 / 1024)]
    [InlineData(9, 1, 22.0 / 1024)]
    [InlineData(0, 6, 2.0 / 64)]
    [InlineData(5, 5, 1)]
    [InlineData(0, 0, 1)]
    public void McNemars_test_is_exact(long onlyFirst, long onlySecond, double chance) =>
        Assert.Equal(chance, PairedTest.McNemar(onlyFirst, onlySecond), 1e-12);

    [Fact]
    public void McNemars_test_of_many_is_near_the_normal_one()
    {
        var z = (600_000 - 598_000) / Math.Sqrt(1_198_000.0);

        Assert.Equal(2 * NormalDistribution.Cdf(-z), PairedTest.McNemar(600_000, 598_000), 1e-3);
    }

    [Fact]
    public void The_sign_test_leaves_out_equal_scores()
    {
        Assert.Equal(0.25, PairedTest.Sign([0, 0, 0, 0.5], [1, 0.1, 0.2, 0.5]), 1e-12);
        Assert.Throws<ArgumentException>(() => PairedTest.Sign([double.NaN], [1]));
    }

    // Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table 18.1: kappa .68 with a standard error of .087.
    [Fact]
    public void Kappa_and_its_interval_are_those_of_Fleiss()
    {
        (string First, string Second, int Count)[] cells =
        [
            ("psychotic", "psychotic", 75),
            ("psychotic", "neurotic", 1),
            ("psychotic", "organic", 4),
            ("neurotic", "psychotic", 5),
            ("neurotic", "neurotic", 4),
            ("neurotic", "organic", 1),
            ("organic", "organic", 10),
        ];
        List<string> first = [.. cells.SelectMany(cell => Enumerable.Repeat(cell.First, cell.Count))];
        List<string> second = [.. cells.SelectMany(cell => Enumerable.Repeat(cell.Second, cell.Count))];

        var agreement = Agreement.Between(first, second);

        Assert.Equal(0.6765, agreement.Kappa!.Value, 1e-3);
        Assert.Equal(0.89, agreement.Observed, 1e-12);
        Assert.Equal(0.087, (agreement.Interval!.Value.High - agreement.Kappa.Value) / 1.96, 1.5e-3);
    }

    [Fact]
    public void Kappa_is_one_when_all_agree_zero_by_chance_and_nothing_without_a_choice()
    {
        Assert.Equal(1, Agreement.Between([1, 2, 3], [1, 2, 3]).Kappa!.Value, 1e-12);
        Assert.Equal(0, Agreement.Between([1, 1, 2, 2], [1, 2, 1, 2]).Kappa!.Value, 1e-12);
        Assert.Equal(0, Agreement.Between([1, 1], [2, 2]).Kappa!.Value, 1e-12);
        Assert.Null(Agreement.Between([1, 1], [1, 1]).Kappa);
        Assert.Null(Agreement.Between<int>([], []).Kappa);
        Assert.Throws<ArgumentException>(() => Agreement.Between([1], [1, 2]));
    }
}
