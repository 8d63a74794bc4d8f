using System.Collections.Immutable;

namespace Chancery.Evaluation.Rollouts;

/// <summary>What was seen of one arm, by metric.</summary>
/// <param name="Uses">How often the arm's version was used: what a stage's smallest number of samples counts.</param>
/// <param name="Metrics">Metrics that are not in it were not observed.</param>
public sealed record ArmCounts(long Uses, ImmutableSortedDictionary<RolloutMetric, MetricCounts> Metrics)
{
    public static ArmCounts Empty { get; } = new(0, ImmutableSortedDictionary<RolloutMetric, MetricCounts>.Empty);

    public MetricCounts this[RolloutMetric metric] => Metrics.GetValueOrDefault(metric);

    public static ArmCounts operator +(ArmCounts left, ArmCounts right) =>
        new(
            checked(left.Uses + right.Uses),
            right.Metrics.Aggregate(
                left.Metrics,
                (sum, metric) => sum.SetItem(metric.Key, sum.GetValueOrDefault(metric.Key) + metric.Value)
            )
        );

    public bool Equals(ArmCounts? other) =>
        other is not null && Uses == other.Uses && Metrics.SequenceEqual(other.Metrics);

    public override int GetHashCode() => HashCode.Combine(Uses, Metrics.Count);
}
