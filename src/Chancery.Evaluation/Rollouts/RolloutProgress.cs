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
/// Over all stages, by metric of the plan; where a model judges, also <see cref="RolloutMetric.JudgeFailure"/>, which decides nothing itself. That
/// of <see cref="RolloutMetric.Unfaithful"/> takes answers without a score in the worst case.
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

    /// <summary>Whether a model said enough of both arms in this stage; <see cref="JudgeStanding.TooFew"/> where none is asked.</summary>
    [JsonIgnore]
    public JudgeStanding Judging =>
        JudgeRules.StandingOf(Control[RolloutMetric.JudgeFailure], Treatment[RolloutMetric.JudgeFailure]);

    /// <summary>The comparisons by which something is decided.</summary>
    [JsonIgnore]
    public IEnumerable<SequentialComparison> Deciding =>
        Comparisons.Where(comparison => Decides(comparison.Key)).Select(comparison => comparison.Value);

    /// <summary>Whether anything is decided by comparing this metric.</summary>
    public static bool Decides(RolloutMetric metric) => metric is not RolloutMetric.JudgeFailure;

    /// <summary>
    /// What was seen of a metric over all stages, as it was: of <see cref="RolloutMetric.Unfaithful"/> the answers that have a score, and
    /// those that were given a low one.
    /// </summary>
    public (MetricCounts Control, MetricCounts Treatment) SeenOf(RolloutMetric metric)
    {
        var compared = Comparisons.GetValueOrDefault(metric, SequentialComparison.Empty);
        if (metric is not RolloutMetric.Unfaithful)
        {
            return (compared.Control, compared.Treatment);
        }

        var failures = Comparisons.GetValueOrDefault(RolloutMetric.JudgeFailure, SequentialComparison.Empty);
        var (failedOld, failedNew) = (failures.Control.Bad, failures.Treatment.Bad);
        return (
            new(compared.Control.Observed - failedOld, compared.Control.Bad - failedOld),
            new(compared.Treatment.Observed - failedNew, compared.Treatment.Bad)
        );
    }

    /// <summary>
    /// The same with all that a plan in which a model judges compares. Where that was not kept yet, low scores were told by the model in part:
    /// they start anew, as one comparison must not mean two things.
    /// </summary>
    public RolloutProgress CompletedFor(RolloutPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return
            plan.JudgeSample <= 0
            || (
                Comparisons.ContainsKey(RolloutMetric.Unfaithful) && Comparisons.ContainsKey(RolloutMetric.JudgeFailure)
            )
            ? this
            : this with
            {
                Comparisons = Comparisons
                    .SetItem(RolloutMetric.Unfaithful, SequentialComparison.Empty)
                    .SetItem(RolloutMetric.JudgeFailure, SequentialComparison.Empty)
                    .SetItem(RolloutMetric.LowJudgement, SequentialComparison.Empty),
            };
    }

    /// <summary>With what both arms showed since the last look.</summary>
    public RolloutProgress Observe(ArmCounts control, ArmCounts treatment)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(treatment);
        var judged = JudgeRules.WorstCase(control, treatment);
        return this with
        {
            Control = Control + control,
            Treatment = Treatment + treatment,
            Comparisons = Comparisons.ToImmutableSortedDictionary(
                comparison => comparison.Key,
                comparison =>
                    comparison.Key is RolloutMetric.Unfaithful
                        ? comparison.Value.Add(judged.Control, judged.Treatment)
                        : comparison.Value.Add(control[comparison.Key], treatment[comparison.Key])
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
