namespace Chancery.Evaluation.Rollouts;

/// <summary>How a rollout is judged.</summary>
public enum RolloutPolicy
{
    /// <summary>Against a concurrent control, by a test that may be looked at whenever one likes.</summary>
    Sequential,

    /// <summary>
    /// At midnight UTC, by the new version's own error rate since the stage began: under the limit it advances, else it is rolled back.
    /// An outage that hits both arms rolls it back, and a rise that stays under the limit goes unseen.
    /// </summary>
    DailyErrorRate,
}

/// <summary>One share of traffic.</summary>
/// <param name="Exposure">Units that get the new version, in hundredths of a percent, 1 to 10,000.</param>
/// <param name="FewestSamples">Uses of the new version in this stage before it may advance.</param>
/// <param name="ShortestDwell">Time in this stage before it may advance.</param>
/// <param name="LongestDwell">Time after which a stage that has not its samples asks a person.</param>
public sealed record RolloutStage(int Exposure, long FewestSamples, TimeSpan ShortestDwell, TimeSpan LongestDwell);

/// <summary>A metric that is compared.</summary>
/// <param name="Alpha">
/// The chance that this metric rolls back a version that is no worse by it. The sum over metrics bounds that of the whole rollout.
/// </param>
/// <param name="ControlQuantile">
/// For <see cref="RolloutMetric.Latency"/> and <see cref="RolloutMetric.Cost"/>: the quantile of the control's values that is the limit.
/// Take it from uses before the stratum, or from both arms of the stratum together.
/// </param>
public sealed record MetricPlan(RolloutMetric Metric, double Alpha, double? ControlQuantile = null);

/// <summary>
/// A rate that ends a rollout at once, whatever the test says: when the recent uses of the new version exceed it beyond doubt, and those of
/// the control, if there are any, are surely lower.
/// </summary>
/// <param name="Rate">Share of recent uses, between 0 and 1.</param>
/// <param name="FewestObserved">Recent uses of the new version that it takes at least.</param>
public sealed record KillLimit(RolloutMetric Metric, double Rate, long FewestObserved);

/// <summary>How a version goes from few to all, and what turns it back.</summary>
public sealed record RolloutPlan
{
    private const double UnfaithfulAlpha = 0.0025;

    /// <summary>By rising exposure; the last one is everybody.</summary>
    public required IReadOnlyList<RolloutStage> Stages { get; init; }

    public required IReadOnlyList<MetricPlan> Metrics { get; init; }

    public required IReadOnlyList<KillLimit> KillLimits { get; init; }

    public RolloutPolicy Policy { get; init; } = RolloutPolicy.Sequential;

    /// <summary>Of <see cref="RolloutPolicy.DailyErrorRate"/>: at this error rate and above a version is rolled back.</summary>
    public double DailyErrorLimit { get; init; } = 0.05;

    /// <summary>
    /// The share of the answers of the version which fewer have that a model judges, and as many of the other one's, 0 to 1: what it says is <see cref="RolloutMetric.Unfaithful"/>, beside what is
    /// computed of every answer, and no stage goes on by itself without it. Set it by <see cref="Judged"/>, which plans the metric.
    /// </summary>
    public double JudgeSample { get; init; }

    /// <summary>What that may cost in a day (UTC), in nano-dollars: no further answer is judged once it is reached.</summary>
    public long JudgeCapNano { get; init; }

    /// <summary>
    /// 1, 5, 25, 50 and 100 %. Samples: what shows five more errors in a hundred uses in 95 % of rollouts before a quarter of the traffic is reached, with up
    /// to 20 errors in a hundred without the new version. At most 5 % of versions that are no worse are rolled back.
    /// </summary>
    public static RolloutPlan Default { get; } =
        new()
        {
            Stages =
            [
                new(100, 300, TimeSpan.FromHours(4), TimeSpan.FromDays(7)),
                new(500, 2_000, TimeSpan.FromHours(12), TimeSpan.FromDays(7)),
                new(2_500, 2_000, TimeSpan.FromHours(12), TimeSpan.FromDays(7)),
                new(5_000, 2_000, TimeSpan.FromHours(24), TimeSpan.FromDays(7)),
                new(10_000, 0, TimeSpan.Zero, TimeSpan.FromDays(7)),
            ],
            Metrics =
            [
                new(RolloutMetric.Error, 0.02),
                new(RolloutMetric.PromptFault, 0.01),
                new(RolloutMetric.GuardHit, 0.005),
                new(RolloutMetric.Latency, 0.005, 0.95),
                new(RolloutMetric.Cost, 0.005, 0.9),
                new(RolloutMetric.ThumbsDown, 0.0025),
                new(RolloutMetric.LowJudgement, 0.0025),
            ],
            KillLimits =
            [
                new(RolloutMetric.Error, 0.5, 10),
                new(RolloutMetric.PromptFault, 0.3, 10),
                new(RolloutMetric.GuardHit, 0.3, 10),
            ],
        };

    /// <summary>
    /// The same, with a share of the answers judged by a model. The metric's error rate is taken from that of the metric with the largest, so
    /// that the whole rollout's stays as it was.
    /// </summary>
    /// <param name="sample">Above 0, at most 1.</param>
    /// <param name="capNano">Above 0.</param>
    public RolloutPlan Judged(double sample, long capNano)
    {
        var largest = Metrics.MaxBy(metric => metric.Alpha);
        return this with
        {
            JudgeSample = sample,
            JudgeCapNano = capNano,
            Metrics =
            [
                .. Metrics.Select(metric =>
                    metric == largest ? metric with { Alpha = metric.Alpha - UnfaithfulAlpha } : metric
                ),
                new(RolloutMetric.Unfaithful, UnfaithfulAlpha),
            ],
        };
    }

    /// <summary>
    /// The same, where a model judges, with the metric that this is for: a plan that was stored before there was one pays for what decides nothing
    /// otherwise. Where nothing but errors decides, none judges.
    /// </summary>
    public RolloutPlan Completed() =>
        JudgeSample <= 0 || Metrics.Any(metric => metric.Metric is RolloutMetric.Unfaithful) ? this
        : Policy is RolloutPolicy.DailyErrorRate ? this with { JudgeSample = 0, JudgeCapNano = 0 }
        : Judged(JudgeSample, JudgeCapNano);

    /// <summary>What is wrong with the plan, in words for whoever wrote it; nothing when it can be followed.</summary>
    public IReadOnlyList<string> Faults() => [.. StageFaults(), .. MetricFaults(), .. LimitFaults()];

    private IEnumerable<string> StageFaults()
    {
        if (Stages.Count == 0 || Stages[^1].Exposure != RolloutAssignment.Buckets)
        {
            yield return "The last stage must have an exposure of 10000 (everybody).";
        }

        for (var i = 0; i < Stages.Count; i++)
        {
            var stage = Stages[i];
            var before = i == 0 ? 0 : Stages[i - 1].Exposure;
            if (stage.Exposure <= before || stage.Exposure > RolloutAssignment.Buckets)
            {
                yield return $"Stage {i + 1} has an exposure of {stage.Exposure}; it must rise from stage to stage, up to 10000.";
            }

            if (stage.FewestSamples < 0)
            {
                yield return $"Stage {i + 1} asks for {stage.FewestSamples} samples; that must not be negative.";
            }

            if (stage.ShortestDwell < TimeSpan.Zero || stage.LongestDwell < stage.ShortestDwell)
            {
                yield return $"Stage {i + 1} has a longest dwell that is under its shortest, or a negative one.";
            }
        }
    }

    private IEnumerable<string> MetricFaults()
    {
        if (Metrics.Any(metric => !(metric.Alpha > 0 && metric.Alpha < 1)) || Metrics.Sum(metric => metric.Alpha) >= 1)
        {
            yield return "The error rates of the metrics must be above 0, and their sum under 1.";
        }

        if (Metrics.DistinctBy(metric => metric.Metric).Count() != Metrics.Count)
        {
            yield return "A metric is planned twice.";
        }

        if (Metrics.Any(metric => metric.ControlQuantile is { } quantile && !(quantile > 0 && quantile < 1)))
        {
            yield return "A quantile of the control must lie between 0 and 1.";
        }

        if (Policy is RolloutPolicy.Sequential && Metrics.Count == 0)
        {
            yield return "A sequential rollout needs a metric to compare.";
        }
    }

    private IEnumerable<string> LimitFaults()
    {
        if (KillLimits.Any(limit => !(limit.Rate > 0 && limit.Rate < 1) || limit.FewestObserved < 1))
        {
            yield return "A kill limit needs a rate between 0 and 1, and at least one observation.";
        }

        if (!(JudgeSample >= 0 && JudgeSample <= 1) || JudgeCapNano < 0 || (JudgeSample > 0 && JudgeCapNano == 0))
        {
            yield return "The share of answers that is judged lies between 0 and 1, and above 0 it needs a cap on what that costs.";
        }

        if (!(DailyErrorLimit > 0 && DailyErrorLimit <= 1))
        {
            yield return "The daily error limit must be above 0 and at most 1.";
        }
    }
}
