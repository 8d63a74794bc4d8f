using Chancery.Evaluation.Scoring;
using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Judging;

/// <summary>How far a judge can be relied on: beside people who labelled the same answers as good or not.</summary>
/// <param name="Agreement">Over the answers that the judge gave a number.</param>
/// <param name="Coverage">The share of labelled answers that it did; 1 of none.</param>
/// <param name="FalselyGood">Answers that people called bad and the judge good.</param>
/// <param name="FalselyBad">Answers that people called good and the judge bad.</param>
public sealed record Calibration(Agreement Agreement, double Coverage, int FalselyGood, int FalselyBad)
{
    /// <param name="labels">The judge's score and whether people called the answer good.</param>
    /// <param name="goodFrom">The score from which on the judge calls an answer good; 0.75 is 4 of 5.</param>
    public static Calibration Of(IReadOnlyCollection<(Score Judge, bool IsGood)> labels, double goodFrom = 0.75)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var judged = (
            from label in labels
            where label.Judge.Value is not null
            select (Judge: label.Judge.Value >= goodFrom, label.IsGood)
        ).ToList();
        return new(
            Agreement.Between([.. judged.Select(label => label.Judge)], [.. judged.Select(label => label.IsGood)]),
            labels.Count == 0 ? 1 : (double)judged.Count / labels.Count,
            judged.Count(label => label.Judge && !label.IsGood),
            judged.Count(label => !label.Judge && label.IsGood)
        );
    }
}
