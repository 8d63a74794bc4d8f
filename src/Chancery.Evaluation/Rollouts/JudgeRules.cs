using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Rollouts;

/// <summary>Whether what a model said of the answers of both arms can be compared.</summary>
public enum JudgeStanding
{
    /// <summary>Of either arm it gave too few scores, or none of most of what it was asked about.</summary>
    TooFew,

    /// <summary>It gives no score of one arm's answers more often than of the other's: those that have one are no fair sample of both.</summary>
    Uneven,

    Compared,
}

/// <summary>
/// A judge that fails leaves no score, and which answers it fails at may depend on the version that made them. What it said of the others
/// decides only where that hardly matters: where it failed at both arms alike, and seldom enough.
/// </summary>
internal static class JudgeRules
{
    private const long FewestScores = 20;

    /// <param name="failures">Answers that the judge was asked about, and as bad those that it gave no score.</param>
    public static JudgeStanding StandingOf(SequentialComparison failures)
    {
        var (control, treatment) = (failures.Control, failures.Treatment);
        if (IsThin(control) || IsThin(treatment))
        {
            return JudgeStanding.TooFew;
        }

        // Looked at often, it finds a difference by chance now and then: that only keeps a metric from deciding for a while.
        var difference = Proportion.Difference(treatment.Bad, treatment.Observed, control.Bad, control.Observed);
        return difference.Low > 0 || difference.High < 0 ? JudgeStanding.Uneven : JudgeStanding.Compared;
    }

    private static bool IsThin(MetricCounts asked)
    {
        var given = asked.Observed - asked.Bad;
        return given < FewestScores || given < asked.Bad;
    }
}
