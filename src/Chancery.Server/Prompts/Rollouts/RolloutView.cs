using System.Text.Json;
using Chancery.Evaluation.Rollouts;
using Chancery.Evaluation.Statistics;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>What a rollout that is running waits for.</summary>
internal static class RolloutWaiting
{
    public const string Dwelling = "dwelling";
    public const string Gathering = "gathering";
    public const string Leaning = "leaning";
    public const string NotDue = "not_due";
    public const string Complete = "complete";
    public const string LowTraffic = "low_traffic";
    public const string Undecided = "undecided";
    public const string Judging = "judging";
    public const string Unjudged = "unjudged";

    /// <summary>By the last look.</summary>
    public static string Of(RolloutDecision? decision) =>
        decision switch
        {
            RolloutDecision.Stay stay => RolloutView.NameOf(stay.Reason.ToString()),
            RolloutDecision.AskPerson ask => RolloutView.NameOf(ask.Reason.ToString()),
            _ => Gathering,
        };
}

/// <param name="Percent">Of units that get the new version.</param>
/// <param name="MinUses">Of the new version in this stage, before the next.</param>
/// <param name="MinHours">In this stage, before the next.</param>
/// <param name="MaxHours">After which a person is asked, when uses are missing.</param>
public sealed record RolloutStageView(double Percent, long MinUses, double MinHours, double MaxHours);

/// <summary>A metric of one arm over the whole rollout.</summary>
/// <param name="Metric">What is counted as bad.</param>
/// <param name="Observed">Uses for which it is known.</param>
/// <param name="Rate">Left out of nothing.</param>
/// <param name="Low">Lower end of its 95 % interval (Wilson).</param>
public sealed record ArmMetric(
    [property: OneOf(
        "RolloutMetric",
        "error",
        "prompt_fault",
        "guard_hit",
        "latency",
        "cost",
        "thumbs_down",
        "low_judgement",
        "unfaithful",
        "judge_failure"
    )]
        string Metric,
    long Observed,
    long Bad,
    double? Rate,
    double? Low,
    double? High
);

/// <param name="Version">What this arm gets.</param>
/// <param name="Uses">In this stage.</param>
/// <param name="Metrics">Over the whole rollout.</param>
public sealed record RolloutArm(int Version, long Uses, IReadOnlyList<ArmMetric> Metrics);

/// <summary>A version that is given to few, then to more, beside the one in production.</summary>
/// <param name="Percent">Of units that get the new version now.</param>
/// <param name="Stage">From 1.</param>
/// <param name="StageSince">When this stage began.</param>
/// <param name="Waiting">What it waits for, while it runs.</param>
/// <param name="PValue">That the new version is no worse, by the surest metric; valid at any look. Left out while nothing was compared.</param>
/// <param name="JudgeSample">The share of the answers of the version which fewer have that a model judges, 0 to 1; left out where none does.</param>
/// <param name="JudgeCapUsd">What that may cost in a day, in dollars.</param>
/// <param name="EndedBy">Left out where its own rule ended it.</param>
/// <param name="Reason">Why it ended, in words.</param>
/// <param name="Judging">
/// Whether a model said enough in this stage for the rollout to go on by itself: too_few, where it gave too few scores of either version; failing,
/// where it gave none of more than a tenth of either version's answers; compared. Left out where none judges.
/// </param>
public sealed record RolloutView(
    Guid Id,
    Guid PromptId,
    [property: OneOf(
        "RolloutState",
        RolloutState.Running,
        RolloutState.Complete,
        RolloutState.RolledBack,
        RolloutState.Killed
    )]
        string State,
    [property: OneOf("RolloutUnit", RolloutUnit.Conversation, RolloutUnit.User, RolloutUnit.Organization)] string Unit,
    [property: OneOf("RolloutPolicy", "sequential", "daily_error_rate")] string Policy,
    double Percent,
    int Stage,
    IReadOnlyList<RolloutStageView> Stages,
    DateTimeOffset StageSince,
    RolloutArm Control,
    RolloutArm Treatment,
    [property: OneOf(typeof(RolloutWaiting))] string? Waiting,
    double? PValue,
    string StartedBy,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    string? EndedBy,
    string? Reason,
    IReadOnlyList<RolloutEvent> Events,
    double? JudgeSample = null,
    decimal? JudgeCapUsd = null,
    [property: OneOf("RolloutJudging", "too_few", "failing", "compared")] string? Judging = null
)
{
    internal static RolloutView Of(Rollout rollout, IReadOnlyList<RolloutEvent> events) =>
        new(
            rollout.Id,
            rollout.PromptId,
            rollout.State,
            rollout.Unit,
            rollout.Plan.Policy is RolloutPolicy.DailyErrorRate ? "daily_error_rate" : "sequential",
            rollout.Exposure / 100.0,
            rollout.Progress.Stage + 1,
            StagesOf(rollout.Plan),
            rollout.Progress.Since,
            ArmOf(rollout.Control, rollout.Progress.Control, rollout.Progress, seen => seen.Control),
            ArmOf(rollout.Treatment, rollout.Progress.Treatment, rollout.Progress, seen => seen.Treatment),
            rollout.State == RolloutState.Running ? RolloutWaiting.Of(rollout.Decision) : null,
            PValueOf(rollout.Progress),
            rollout.Author,
            rollout.CreatedAt,
            rollout.EndedAt,
            rollout.EndedBy,
            rollout.Reason,
            events,
            rollout.Plan.JudgeSample > 0 ? rollout.Plan.JudgeSample : null,
            rollout.Plan.JudgeSample > 0 ? rollout.Plan.JudgeCapNano / 1_000_000_000m : null,
            rollout.Plan.JudgeSample > 0 ? NameOf(rollout.Progress.Judging.ToString()) : null
        );

    internal static IReadOnlyList<RolloutStageView> StagesOf(RolloutPlan plan) =>
        [
            .. plan.Stages.Select(stage => new RolloutStageView(
                stage.Exposure / 100.0,
                stage.FewestSamples,
                stage.ShortestDwell.TotalHours,
                stage.LongestDwell.TotalHours
            )),
        ];

    /// <summary>By the surest metric of those that decide; null while nothing was compared.</summary>
    internal static double? PValueOf(RolloutProgress progress)
    {
        var compared = progress.Deciding.Where(comparison => comparison.Treatment.Observed > 0).ToArray();
        return compared.Length == 0 ? null : compared.Min(comparison => comparison.PValue);
    }

    private static RolloutArm ArmOf(
        int version,
        ArmCounts stage,
        RolloutProgress progress,
        Func<(MetricCounts Control, MetricCounts Treatment), MetricCounts> counts
    ) => new(version, stage.Uses, MetricsOf(progress, counts));

    /// <summary>One arm over the whole rollout.</summary>
    internal static IReadOnlyList<ArmMetric> MetricsOf(
        RolloutProgress progress,
        Func<(MetricCounts Control, MetricCounts Treatment), MetricCounts> counts
    ) =>
        [
            .. progress.Comparisons.Keys.Select(metric =>
                MetricOf(NameOf(metric.ToString()), counts(progress.SeenOf(metric)))
            ),
        ];

    private static ArmMetric MetricOf(string name, MetricCounts counts)
    {
        if (counts.Observed == 0)
        {
            return new(name, 0, 0, null, null, null);
        }

        var interval = Proportion.Wilson(counts.Bad, counts.Observed);
        return new(name, counts.Observed, counts.Bad, counts.Rate, interval.Low, interval.High);
    }

    /// <summary>A member of an enumeration as the API has it.</summary>
    internal static string NameOf(string member) => JsonNamingPolicy.SnakeCaseLower.ConvertName(member);
}
