namespace Chancery.Evaluation.Rollouts;

/// <summary>
/// What a version is watched for. Each is a yes or no of a use, so that all are compared by the same test; what is measured in seconds or
/// money is compared with a limit taken from the control.
/// </summary>
public enum RolloutMetric
{
    /// <summary>The use failed, whatever the cause. An outage of a provider causes it in both arms.</summary>
    Error,

    /// <summary>The answer was empty, refused without need, or broke its schema: what no outage of a provider causes.</summary>
    PromptFault,

    /// <summary>A guard held something back.</summary>
    GuardHit,

    /// <summary>It took longer than a quantile of the control's, by default the 95th percentile.</summary>
    Latency,

    /// <summary>It cost more than a quantile of the control's, by default the 90th percentile.</summary>
    Cost,

    /// <summary>Thumbs down, of the uses that somebody rated.</summary>
    ThumbsDown,

    /// <summary>Its score is under half of its scale, of the uses that have one: computed, or told by whoever used it.</summary>
    LowJudgement,

    /// <summary>
    /// A model found it unfaithful: it gave it less than half of its scale, of the answers that it was asked about and gave a score. Compared
    /// are all that it was asked about: one without a score is bad for the control and good for the new version.
    /// </summary>
    Unfaithful,

    /// <summary>
    /// A model that was asked about it gave no score. It says something of the judge, and so turns nothing back: where it is frequent, a stage
    /// asks a person.
    /// </summary>
    JudgeFailure,
}
