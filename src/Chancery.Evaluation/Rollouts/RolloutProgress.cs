using System.Collections.Immutable;

namespace Chancery.Evaluation.Rollouts;

/// <summary>
/// Where a rollout stands and all that is known about it: a value that is stored beside the rollout and replaced by compare-and-swap, so
/// that two servers that look at the same time count nothing twice.
/// </summary>
/// <param name="Stage">Index into the plan's stages.</param>
/// <param name="Since">When this stage began.</param>
/// <param name="LookedAt">When the last decision was made; whoever stores a look that changed nothing sets it.</param>
/// <param name="Control">Seen of the control in this stage.</param>
/// <param name="Treatment">Seen of the new version in this stage.</param>
/// <param name="Comparisons">Over all stages, by metric of the plan.</param>
public sealed record RolloutProgress(
    int Stage,
    DateTimeOffset Since,
    DateTimeOffset LookedAt,
    ArmCounts Control,
    ArmCounts Treatment,
    ImmutableSortedDictionary<RolloutMetric, SequentialComparison> Comparisons
)
{
    public static RolloutProgress Start(RolloutPlan plan, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new(
            0,
            now,
            now,
            ArmCounts.Empty,
            ArmCounts.Empty,
            plan.Metrics.ToImmutableSortedDictionary(metric => metric.Metric, _ => SequentialComparison.Empty)
        );
    }

    /// <summary>With what both arms showed since the last look.</summary>
    public RolloutProgress Observe(ArmCounts control, ArmCounts treatment)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(treatment);
        return this with
        {
            Control = Control + control,
            Treatment = Treatment + treatment,
            Comparisons = Comparisons.ToImmutableSortedDictionary(
                comparison => comparison.Key,
                comparison => comparison.Value.Add(control[comparison.Key], treatment[comparison.Key])
            ),
        };
    }

    /// <summary>At the beginning of another stage. Evidence against the version is kept.</summary>
    public RolloutProgress Enter(int stage, DateTimeOffset now) =>
        this with
        {
            Stage = stage,
            Since = now,
            LookedAt = now,
            Control = ArmCounts.Empty,
            Treatment = ArmCounts.Empty,
            Comparisons = Comparisons.ToImmutableSortedDictionary(
                comparison => comparison.Key,
                comparison => comparison.Value.Close()
            ),
        };
}
