namespace Chancery.Evaluation.Rollouts;

/// <summary>Whether a model said enough of the answers of both arms in a stage for the rollout to go on by itself.</summary>
public enum JudgeStanding
{
    /// <summary>It gave too few scores of either arm.</summary>
    TooFew,

    /// <summary>It gave no score of too many of either arm's answers: harm would hardly show.</summary>
    Failing,

    Compared,
}

/// <summary>
/// A judge that fails leaves no score, and which answers it fails at may depend on the version that made them. Nothing is assumed of those:
/// each counts as bad for the control and as good for the new version, which is the worst case for evidence of harm (the bounds of
/// Manski, "Nonparametric bounds on treatment effects", American Economic Review 1990, for outcomes that are missing). The likelihood ratio
/// of a stratum falls with each bad one of the control that is added and each of the treatment that is taken away, so that the evidence is never
/// more than it would be with all scores known, and its error rate holds whatever the judge fails at. The price is power: harm that shows in a
/// share of answers smaller than the judge fails at is not found, wherefore a stage in which it fails often asks a person.
/// </summary>
internal static class JudgeRules
{
    private const long FewestScores = 20;
    private const double MostFailures = 0.1;

    /// <param name="control">Answers that the judge was asked about in this stage, and as bad those that it gave no score.</param>
    /// <param name="treatment">Likewise of the new version.</param>
    public static JudgeStanding StandingOf(MetricCounts control, MetricCounts treatment) =>
        IsFailing(control) || IsFailing(treatment) ? JudgeStanding.Failing
        : IsThin(control) || IsThin(treatment) ? JudgeStanding.TooFew
        : JudgeStanding.Compared;

    /// <summary>What is compared of either arm: among all that the judge was asked about, those that count as unfaithful.</summary>
    public static (MetricCounts Control, MetricCounts Treatment) WorstCase(ArmCounts control, ArmCounts treatment)
    {
        var (failedOld, failedNew) = (
            control[RolloutMetric.JudgeFailure].Bad,
            treatment[RolloutMetric.JudgeFailure].Bad
        );
        return (
            control[RolloutMetric.Unfaithful] + new MetricCounts(failedOld, failedOld),
            treatment[RolloutMetric.Unfaithful] + new MetricCounts(failedNew, 0)
        );
    }

    // One that failed among the first few is no sign yet.
    private static bool IsFailing(MetricCounts asked) =>
        asked.Observed >= FewestScores && asked.Bad > MostFailures * asked.Observed;

    private static bool IsThin(MetricCounts asked) => asked.Observed - asked.Bad < FewestScores;
}
