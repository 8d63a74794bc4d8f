using System.Text.Json.Serialization;

namespace Chancery.Evaluation.Rollouts;

/// <summary>What a look at a rollout ends in.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "decision")]
[JsonDerivedType(typeof(Stay), "stay")]
[JsonDerivedType(typeof(Advance), "advance")]
[JsonDerivedType(typeof(RollBack), "rollBack")]
[JsonDerivedType(typeof(AskPerson), "askPerson")]
[JsonDerivedType(typeof(Kill), "kill")]
public abstract record RolloutDecision
{
    private RolloutDecision() { }

    public sealed record Stay(StayReason Reason) : RolloutDecision;

    /// <param name="Stage">Index of the stage to enter.</param>
    public sealed record Advance(int Stage) : RolloutDecision;

    /// <summary>The new version does harm, as the plan's policy sees it.</summary>
    public sealed record RollBack(RolloutEvidence Evidence) : RolloutDecision;

    /// <summary>The stage has lasted its longest; no rule moves it on, only a person does.</summary>
    public sealed record AskPerson(AskReason Reason) : RolloutDecision;

    /// <summary>A kill limit is exceeded.</summary>
    public sealed record Kill(RolloutEvidence Evidence) : RolloutDecision;
}

public enum StayReason
{
    /// <summary>The shortest dwell is not over.</summary>
    Dwelling,

    /// <summary>Samples are missing.</summary>
    Gathering,

    /// <summary>Samples are there, but the evidence leans towards harm; more of them will tell.</summary>
    Leaning,

    /// <summary>The daily rule waits for midnight.</summary>
    NotDue,

    /// <summary>Everybody has the new version.</summary>
    Complete,

    /// <summary>Samples are there, but the model that judges gave too few scores, or none of too many answers.</summary>
    Judging,
}

public enum AskReason
{
    /// <summary>Too few uses came for a decision.</summary>
    LowTraffic,

    /// <summary>Enough came, and it is still not clear whether the version does harm.</summary>
    Undecided,

    /// <summary>Enough came, and the model that judges gave too few scores, or none of too many answers.</summary>
    Unjudged,
}

/// <summary>What a rollback rests on.</summary>
/// <param name="Metric">The metric that decided; the surest where several did.</param>
/// <param name="Control">What it showed in the control, over the whole rollout, or over the recent uses for a kill limit.</param>
/// <param name="Treatment">Likewise in the new version.</param>
/// <param name="PValue">Of the sequential test, valid at any look; null where no test decided.</param>
/// <param name="Limit">The error rate that the p-value fell under, or the rate that was exceeded.</param>
public sealed record RolloutEvidence(
    RolloutMetric Metric,
    MetricCounts Control,
    MetricCounts Treatment,
    double? PValue,
    double Limit
);
