using Chancery.Evaluation.Scoring;

namespace Chancery.Testing.Answers;

/// <summary>How well the questions of a set are answered, as shares with their intervals.</summary>
/// <param name="CitationPrecision">Of answerable questions that were answered: the share of what is cited that should be.</param>
/// <param name="CitationRecall">Of answerable questions, refused ones among them: the share of what should be cited that is.</param>
/// <param name="Answered">Of answerable questions those that were answered; the others are false refusals.</param>
/// <param name="LeftOutRefused">Of questions whose document was left out, those that were refused; the others are missed refusals.</param>
/// <param name="ForeignRefused">The same of questions about something else.</param>
/// <param name="TokenF1">Of questions with an expected answer.</param>
/// <param name="Contains">Of the same, those whose answer holds the expected one word by word.</param>
/// <param name="Failed">Questions that ended in a fault. They are in no share.</param>
public sealed record AnswerFigures(
    ScoreSummary CitationPrecision,
    ScoreSummary CitationRecall,
    ScoreSummary Answered,
    ScoreSummary LeftOutRefused,
    ScoreSummary ForeignRefused,
    ScoreSummary TokenF1,
    ScoreSummary Contains,
    int Failed
)
{
    public static AnswerFigures Of(IReadOnlyCollection<ExamResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var answerable = results.Where(result => result.Kind is RoundKind.Answerable).ToList();
        return new AnswerFigures(
            Mean(answerable, "citation_precision"),
            Mean(answerable, "citation_recall"),
            Share(answerable, refused: false),
            Share(results.Where(result => result.Kind is RoundKind.LeftOut), refused: true),
            Share(results.Where(result => result.Kind is RoundKind.Foreign), refused: true),
            Mean(answerable, "token_f1"),
            Mean(answerable, "contains_answer"),
            results.Count(result => result.IsFailed)
        );
    }

    /// <summary>By the name that tables use. What the set says nothing of is left out.</summary>
    public IEnumerable<(string Name, ScoreSummary Summary)> Named() =>
        new[]
        {
            ("citation precision", CitationPrecision),
            ("citation recall", CitationRecall),
            ("answerable: answered", Answered),
            ("left out: refused", LeftOutRefused),
            ("foreign: refused", ForeignRefused),
            ("token F1", TokenF1),
            ("contains the answer", Contains),
        }.Where(named => named.Item2.Count > 0);

    private static ScoreSummary Mean(IEnumerable<ExamResult> results, string score) =>
        ScoreSummary.Of(results.Where(result => !result.IsFailed).Select(result => result.ScoreOf(score)));

    private static ScoreSummary Share(IEnumerable<ExamResult> results, bool refused) =>
        ScoreSummary.Of(
            results.Where(result => !result.IsFailed).Select(result => Score.Of(result.IsRefused == refused))
        );
}
