using System.Globalization;
using System.Text;
using Chancery.Evaluation.Rollouts;

namespace Chancery.Bench.Rollouts;

/// <summary>
/// How often does a rollout turn back a version that does no harm, how soon one that does, and what would the daily rule have done? Writes
/// <c>bench/results/rollouts.md</c> and <c>rollouts.svg</c>.
/// </summary>
internal static class RolloutBench
{
    private const string Report = "bench/results/rollouts.md";
    private const string Chart = "bench/results/rollouts.svg";
    private const int Busy = 20_000;
    private const int Quiet = 200;

    private static readonly double[] _baselines = [0.01, 0.05, 0.2];
    private static readonly RolloutPlan _daily = RolloutPlan.Default with
    {
        Policy = RolloutPolicy.DailyErrorRate,
        KillLimits = [],
    };

    public static int Run(string[] arguments)
    {
        var count = arguments is [var first] ? int.Parse(first, CultureInfo.InvariantCulture) : 2_000;
        var busy = Play(RolloutPlan.Default, Busy, count);
        var daily = Play(_daily, Busy, count);
        var quiet = Play(RolloutPlan.Default, Quiet, count);
        var allowed = Play(RolloutPlan.Default, Quiet, count, isAlwaysAllowed: true);
        var quietDaily = Play(_daily, Quiet, count);

        var report = new StringBuilder();
        WriteHead(report, count, busy, daily);
        WriteSequential(report, busy, daily);
        WriteQuiet(report, quiet, allowed, quietDaily);
        File.WriteAllText(Report, report.ToString());
        File.WriteAllText(Chart, RolloutChart.Draw([.. _baselines.Select(baseline => Panel(baseline, busy, daily))]));
        Console.WriteLine(report);
        return 0;
    }

    private static List<RolloutSummary> Play(RolloutPlan plan, int perDay, int count, bool isAlwaysAllowed = false) =>
        [
            .. from baseline in _baselines
            from effect in RolloutEffect.All
            select RolloutSummary.Play(plan, new(effect, baseline, perDay), count, isAlwaysAllowed),
        ];

    private static (string, IReadOnlyList<(RolloutSummary, RolloutSummary)>) Panel(
        double baseline,
        List<RolloutSummary> busy,
        List<RolloutSummary> daily
    ) =>
        (
            string.Create(CultureInfo.InvariantCulture, $"Error rate without the new version: {100 * baseline:0} %"),
            [.. busy.Zip(daily).Where(pair => pair.First.Scenario.Baseline.Equals(baseline))]
        );

    private static void WriteHead(
        StringBuilder report,
        int count,
        List<RolloutSummary> busy,
        List<RolloutSummary> daily
    )
    {
        var harmless = busy.Where(summary => !summary.Scenario.Effect.IsHarm).ToList();
        var worst = harmless.MaxBy(summary => summary.RolledBack.Value)!;
        var fivePoints = busy.Where(summary => summary.Scenario.Effect.ErrorPoints.Equals(0.05))
            .MinBy(summary => summary.RolledBackBeforeQuarter.Value)!;
        var ratio = busy.Select(Ratio).Max();
        var dailyHarmless = daily.Where(summary => !summary.Scenario.Effect.IsHarm).ToList();
        Line(
            report,
            $"""
            # Rollouts

            `./run bench rollouts {count}`: {count:N0} synthetic rollouts for each row, {count
                * busy.Count
                * 5:N0} in all, under the default plan
            (1, 5, 25, 50, 100 %) and under the daily rule (error rate under 5 % at midnight: advance, else roll back). The seed of a
            rollout is its number, for both rules: the same limit of latency, the same outage. A look every hour. Every use has seven metrics; those
            that the effect does not name are the same in both arms, so that a false rollback by any of them counts. Latency is log-normal (σ 0.5)
            and compared by how much of it exceeds a 95th percentile that was estimated from 1,000 earlier uses. An outage lasts four hours,
            somewhere in the first four days, and fails 60 % of both arms.

            | Question | Aim | Measured |
            |---|---|---|
            | A version that does no harm is rolled back, worst row | ≤ 5 % | {Percent(worst.RolledBack)} |
            | +5 points are rolled back before 25 % exposure, worst row, 20,000 uses a day | ≥ 95 % | {Percent(
                fivePoints.RolledBackBeforeQuarter
            )} |
            | Median uses of the new version until it is rolled back, beside a test of fixed size and equal power, worst row | ≤ 1.5 times | {ratio:0.00} times |
            | The daily rule on versions that do no harm, worst row | | {Percent(
                dailyHarmless.MaxBy(summary => summary.RolledBack.Value)!.RolledBack
            )} |

            ![Shares of rollouts turned back](rollouts.svg)
            """
        );
    }

    private static void WriteSequential(StringBuilder report, List<RolloutSummary> busy, List<RolloutSummary> daily)
    {
        Line(
            report,
            $"""

            ## 20,000 uses a day

            Shares in percent with Wilson intervals (95 %). "Fixed": uses of the new version that the exact one-sided binomial test takes
            that looks once, at the same error rate and the power in the row (at most 95 %), if the control's rate were known; times
            1 / (1 − exposure) at the median rollback, since the control of that stage is only so large.

            | Errors | Effect | Rolled back | … before 25 % | Reached all | Median treated | Fixed | Times | Median hours | Daily rule: rolled back | … before 25 % |
            |---|---|---|---|---|---|---|---|---|---|---|
            """
        );
        foreach (var (sequential, other) in busy.Zip(daily))
        {
            Line(
                report,
                $"| {100 * sequential.Scenario.Baseline:0} % | {sequential.Scenario.Effect.Name} | {Percent(sequential.RolledBack)} | {Percent(sequential.RolledBackBeforeQuarter)} | {Percent(sequential.Complete)} | {Number(sequential.MedianTreated)} | {Number(FixedSize(sequential))} | {Ratio(sequential):0.00} | {Number(sequential.MedianHours)} | {Percent(other.RolledBack)} | {Percent(other.RolledBackBeforeQuarter)} |"
            );
        }
    }

    private static void WriteQuiet(
        StringBuilder report,
        List<RolloutSummary> quiet,
        List<RolloutSummary> allowed,
        List<RolloutSummary> daily
    )
    {
        Line(
            report,
            $"""

            ## 200 uses a day

            Two uses a day at 1 %: a week does not bring the samples, so that the rollout stands and asks. It never goes on by itself. "Always
            allowed" is what happens when the person says yes every time, without looking.

            | Errors | Effect | Asked | Rolled back before | Reached 25 % by itself | Always allowed: rolled back | … before 25 % | Daily rule: rolled back | … before 25 % |
            |---|---|---|---|---|---|---|---|---|
            """
        );
        for (var i = 0; i < quiet.Count; i++)
        {
            var byItself = new Share(
                quiet[i].RolledBack.All - quiet[i].StoppedBeforeQuarter.Count,
                quiet[i].RolledBack.All
            );
            Line(
                report,
                $"| {100 * quiet[i].Scenario.Baseline:0} % | {quiet[i].Scenario.Effect.Name} | {Percent(quiet[i].Asked)} | {Percent(quiet[i].RolledBack)} | {Percent(byItself)} | {Percent(allowed[i].RolledBack)} | {Percent(allowed[i].RolledBackBeforeQuarter)} | {Percent(daily[i].RolledBack)} | {Percent(daily[i].RolledBackBeforeQuarter)} |"
            );
        }
    }

    /// <summary>Null where nothing is to be found, or too rarely was for a median to mean something.</summary>
    private static double? FixedSize(RolloutSummary summary)
    {
        var effect = summary.Scenario.Effect;
        if (!effect.IsHarm || summary.RolledBack.Value < 0.1)
        {
            return null;
        }

        var metric = effect.ErrorPoints > 0 ? RolloutMetric.Error : RolloutMetric.Latency;
        var alpha = RolloutPlan.Default.Metrics.Single(plan => plan.Metric == metric).Alpha;
        var (control, treatment) =
            metric is RolloutMetric.Error
                ? (summary.Scenario.Baseline, summary.Scenario.Baseline + effect.ErrorPoints)
                : (0.05, SimulatedTraffic.Slow(0.05, effect.LatencyFactor));
        var known = FixedSampleTest.SampleSize(control, treatment, alpha, Math.Min(0.95, summary.RolledBack.Value));
        return known / (1 - summary.MedianExposure!.Value / RolloutAssignment.Buckets);
    }

    private static double? Ratio(RolloutSummary summary) => summary.MedianTreated / FixedSize(summary);

    private static string Number(double? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    private static string Percent(Share share) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * share.Value:0.0} ({100 * share.Interval.Low:0.0}–{100 * share.Interval.High:0.0})"
        );

    private static void Line(StringBuilder report, FormattableString line) =>
        report.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
