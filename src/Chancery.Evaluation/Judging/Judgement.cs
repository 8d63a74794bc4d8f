using Chancery.Evaluation.Scoring;

namespace Chancery.Evaluation.Judging;

/// <summary>What a judge said of one answer.</summary>
/// <param name="Score">1 to 5 as 0 to 1; failed where the judge's answer cannot be relied on.</param>
/// <param name="Evidence">What it quoted, all of which stands in the material; empty where it failed.</param>
/// <param name="Reasoning">In the judge's words; empty where it failed.</param>
public sealed record Judgement(Score Score, IReadOnlyList<string> Evidence, string Reasoning);

/// <summary>Which of two answers is better.</summary>
public enum Preference
{
    First,
    Second,
    Tie,
}

/// <summary>What a judge said of two answers.</summary>
/// <param name="Preference">Null where the judge's answer cannot be relied on.</param>
/// <param name="Failure">Why; null otherwise.</param>
public sealed record PairJudgement(Preference? Preference, IReadOnlyList<string> Evidence, string? Failure)
{
    /// <summary>
    /// The score of the first answer, out of the judgement of the pair and that of the swapped pair: 1, 0, or 0.5 for a tie. A judge that
    /// prefers a place rather than an answer contradicts itself, which is a tie, too. Failed where either judgement is.
    /// </summary>
    /// <param name="swapped">Of the same answers, shown the other way round.</param>
    public static Score Combine(PairJudgement straight, PairJudgement swapped)
    {
        ArgumentNullException.ThrowIfNull(straight);
        ArgumentNullException.ThrowIfNull(swapped);
        return (straight.Preference, swapped.Preference) switch
        {
            (null, _) => new Score.Failed(straight.Failure ?? "The judge gave no preference."),
            (_, null) => new Score.Failed(
                swapped.Failure ?? "The judge gave no preference when the answers were swapped."
            ),
            (Judging.Preference.First, Judging.Preference.Second) => Score.Of(1),
            (Judging.Preference.Second, Judging.Preference.First) => Score.Of(0),
            _ => Score.Of(0.5),
        };
    }
}
