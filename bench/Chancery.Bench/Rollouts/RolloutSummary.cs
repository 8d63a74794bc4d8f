using Chancery.Evaluation.Rollouts;
using Chancery.Evaluation.Statistics;

namespace Chancery.Bench.Rollouts;

/// <summary>Many rollouts of one scenario under one plan.</summary>
internal sealed class RolloutSummary(RolloutScenario scenario, RolloutRun[] runs)
{
    private const int Quarter = 2_500;

    public RolloutScenario Scenario => scenario;

    public Share RolledBack => Share.Of(runs, run => run.End is RolloutEnd.RolledBack);

    public Share Asked => Share.Of(runs, run => run.End is RolloutEnd.Asked);

    public Share Complete => Share.Of(runs, run => run.End is RolloutEnd.Complete);

    /// <summary>Rolled back, or waiting for a person, without ever having reached a quarter of the traffic.</summary>
    public Share StoppedBeforeQuarter =>
        Share.Of(runs, run => run.End is not RolloutEnd.Complete && run.HighestExposure < Quarter);

    public Share RolledBackBeforeQuarter =>
        Share.Of(runs, run => run.End is RolloutEnd.RolledBack && run.HighestExposure < Quarter);

    /// <summary>Of those rolled back; null where none was.</summary>
    public double? MedianTreated => Median(run => run.Treated);

    /// <summary>In hundredths of a percent.</summary>
    public double? MedianExposure => Median(run => run.HighestExposure);

    public double? MedianHours => Median(run => run.Hours);

    public static RolloutSummary Play(
        RolloutPlan plan,
        RolloutScenario scenario,
        int count,
        bool isAlwaysAllowed = false
    )
    {
        var runs = new RolloutRun[count];
        Parallel.For(0, count, i => runs[i] = RolloutSimulation.Play(plan, scenario, 7919 * i + 1, isAlwaysAllowed));
        return new(scenario, runs);
    }

    private double? Median(Func<RolloutRun, double> of)
    {
        double[] values = [.. runs.Where(run => run.End is RolloutEnd.RolledBack).Select(of).Order()];
        return values.Length == 0 ? null : (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }
}

internal readonly record struct Share(long Count, long All)
{
    public double Value => (double)Count / All;

    public Interval Interval => Proportion.Wilson(Count, All);

    public static Share Of(RolloutRun[] runs, Predicate<RolloutRun> isCounted) =>
        new(runs.LongCount(run => isCounted(run)), runs.Length);
}
