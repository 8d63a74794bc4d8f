using System.Collections.Immutable;
using System.Text.Json.Serialization;

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
/// <param name="Comparisons">
/// Over all stages, by metric of the plan; where a model judges, also <see cref="RolloutMetric.JudgeFailure"/>, which decides nothing itself.
/// </param>
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
            plan.Metrics.Select(metric => metric.Metric)
                .Concat(plan.JudgeSample > 0 ? [RolloutMetric.JudgeFailure] : [])
                .ToImmutableSortedDictionary(metric => metric, _ => SequentialComparison.Empty)
        );
    }

    /// <summary>Whether what a model said of both arms can be compared; <see cref="JudgeStanding.TooFew"/> where none is asked.</summary>
    [JsonIgnore]
    public JudgeStanding Judging =>
        JudgeRules.StandingOf(Comparisons.GetValueOrDefault(RolloutMetric.JudgeFailure, SequentialComparison.Empty));

    /// <summary>The comparisons by which something is decided now.</summary>
    [JsonIgnore]
    public IEnumerable<SequentialComparison> Deciding =>
        Comparisons.Where(comparison => Decides(comparison.Key)).Select(comparison => comparison.Value);

    /// <summary>Whether anything is decided by this metric now.</summary>
    public bool Decides(RolloutMetric metric) =>
        metric switch
        {
            RolloutMetric.JudgeFailure => false,
            RolloutMetric.Unfaithful => Judging is JudgeStanding.Compared,
            _ => true,
        };

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
