using System.Text.Json;
using Chancery.Evaluation.Rollouts;

namespace Chancery.Evaluation.Tests.Rollouts;

public sealed class SequentialComparisonTests
{
    [Fact]
    public void Looked_at_after_every_stratum_it_rejects_what_is_no_worse_in_less_than_alpha()
    {
        const int Repeats = 400;
        const double Alpha = 0.1;
        var random = new Random(20);

        var rejected = Enumerable
            .Range(0, Repeats)
            .Count(_ => Watch(random, strata: 300, control: _ => 0.1, treatment: _ => 0.1).Rejects(Alpha));

        // Not never, or nothing was tested; not more than alpha by three standard deviations.
        Assert.InRange(rejected, 1, (int)(Repeats * Alpha + 3 * Math.Sqrt(Repeats * Alpha * (1 - Alpha))));
    }

    [Fact]
    public void A_rate_that_rises_in_both_arms_is_no_evidence()
    {
        var random = new Random(21);

        var rejected = Enumerable.Range(0, 200).Count(_ => Watch(random, 100, Outage, Outage).Rejects(0.1));

        Assert.InRange(rejected, 0, 32);

        static double Outage(int stratum) => stratum is > 40 and < 50 ? 0.8 : 0.02;
    }

    [Fact]
    public void A_share_of_traffic_that_changes_with_the_rate_is_no_evidence_when_the_stratum_was_closed()
    {
        // Few treated while errors are rare, many while they are common: pooled, it would look like harm.
        var quiet = SequentialComparison.Empty.Add(new(9_000, 90), new(1_000, 10)).Close();

        var outage = quiet.Add(new(1_000, 500), new(9_000, 4_500)).Close();

        Assert.True(outage.PeakLogEvidence < 0.5);
        Assert.True(outage.Treatment.Rate > 4 * outage.Control.Rate);
    }

    [Fact]
    public void Harm_is_found()
    {
        var random = new Random(22);

        var found = Enumerable.Range(0, 100).Count(_ => Watch(random, 200, _ => 0.05, _ => 0.10).Rejects(0.02));

        Assert.Equal(100, found);
    }

    [Fact]
    public void A_version_that_is_better_gathers_no_evidence_of_harm()
    {
        var random = new Random(23);

        Assert.All(
            Enumerable.Range(0, 50).Select(_ => Watch(random, 200, _ => 0.10, _ => 0.05)),
            comparison => Assert.True(comparison.LogEvidence < -1)
        );
    }

    [Fact]
    public void Single_uses_are_gathered_into_strata_until_they_can_tell()
    {
        var comparison = SequentialComparison.Empty;
        for (var i = 0; i < 24; i++)
        {
            comparison = comparison.Add(new(1, 0), new(1, 1));
        }

        Assert.Equal(0, comparison.LogEvidence, 1e-12);

        comparison = comparison.Add(new(1, 0), new(1, 1));

        Assert.True(comparison.Rejects(1e-6));
        Assert.Equal(new MetricCounts(25, 25), comparison.Treatment);
    }

    [Fact]
    public void It_is_the_same_after_it_was_written_as_JSON()
    {
        var comparison = Watch(new Random(24), 3, _ => 0.2, _ => 0.3).Add(new(3, 1), new(2, 1));

        var read = JsonSerializer.Deserialize<SequentialComparison>(JsonSerializer.Serialize(comparison));

        Assert.Equal(comparison, read);
    }

    [Theory]
    [InlineData(5, 6)]
    [InlineData(5, -1)]
    [InlineData(-1, 0)]
    public void Counts_that_cannot_be_are_refused(long observed, long bad)
    {
        Assert.Throws<ArgumentException>(() => SequentialComparison.Empty.Add(new(observed, bad), new(1, 0)));
        Assert.Throws<ArgumentException>(() => SequentialComparison.Empty.Add(new(1, 0), new(observed, bad)));
    }

    [Fact]
    public void Nothing_and_everything_leave_finite_numbers()
    {
        MetricCounts[] extremes =
        [
            default,
            new(1, 0),
            new(1, 1),
            new(1_000_000_000, 0),
            new(1_000_000_000, 1_000_000_000),
        ];

        foreach (var control in extremes)
        {
            foreach (var treatment in extremes)
            {
                var comparison = SequentialComparison.Empty.Add(control, treatment).Close();

                Assert.True(double.IsFinite(comparison.LogEvidence) && double.IsFinite(comparison.PeakLogEvidence));
                Assert.InRange(comparison.PValue, 0, 1);
            }
        }
    }

    private static SequentialComparison Watch(
        Random random,
        int strata,
        Func<int, double> control,
        Func<int, double> treatment
    ) =>
        Enumerable
            .Range(0, strata)
            .Aggregate(
                SequentialComparison.Empty,
                (comparison, stratum) =>
                    comparison.Add(Draw(random, 90, control(stratum)), Draw(random, 10, treatment(stratum)))
            );

    private static MetricCounts Draw(Random random, int observed, double rate) =>
        new(observed, Enumerable.Range(0, observed).Count(_ => random.NextDouble() < rate));
}
