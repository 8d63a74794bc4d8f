using Chancery.Evaluation.Scoring;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Evaluation.Scores;

/// <summary>One score of one answer.</summary>
/// <param name="State">
/// number; not_applicable where the question has nothing that this looks at; failed where it should have been scored and could not be.
/// </param>
/// <param name="Value">0 to 1; only of a number.</param>
/// <param name="Reason">Only of what failed.</param>
/// <param name="Cached">True where the judge was not asked, because it had judged the same before: it cost nothing.</param>
/// <param name="Spread">The standard deviation between the times that the question was asked; left out where there were not two with a number.</param>
public sealed record ScoreView(
    string Name,
    [property: OneOf("EvalScoreState", ScoreView.IsNumber, ScoreView.IsNotApplicable, ScoreView.IsFailed)] string State,
    double? Value,
    string? Reason,
    bool? Cached = null,
    double? Spread = null
)
{
    public const string IsNumber = "number";
    public const string IsNotApplicable = "not_applicable";
    public const string IsFailed = "failed";

    internal static ScoreView Of(string name, Score score) =>
        score switch
        {
            Score.Number number => new(name, IsNumber, Math.Round(number.Amount, 6), null),
            Score.Failed failed => new(name, IsFailed, null, failed.Reason),
            _ => new(name, IsNotApplicable, null, null),
        };
}

/// <summary>The mean of one score over a run, and what it is a mean of.</summary>
/// <param name="Mean">Left out where no question has a number.</param>
/// <param name="Low">The mean's interval at 95 %: Wilson where all are 0 or 1, else by bootstrap.</param>
/// <param name="High">Its upper end.</param>
/// <param name="Count">Questions with a number.</param>
/// <param name="NotApplicable">Questions that have nothing that this score looks at.</param>
/// <param name="Failed">Questions that should have been scored and could not be.</param>
/// <param name="Coverage">The share of those with a number among those that should have one.</param>
/// <param name="Spread">
/// Of questions that were asked several times: the standard deviation between the times, in the mean over the questions. The interval is over questions, each of
/// which counts once.
/// </param>
public sealed record ScoreMean(
    string Name,
    double? Mean,
    double? Low,
    double? High,
    int Count,
    int NotApplicable,
    int Failed,
    double Coverage,
    double? Spread = null
)
{
    internal static ScoreMean Of(string name, IEnumerable<Score> scores, double? spread = null)
    {
        var summary = ScoreSummary.Of(scores);
        return new(
            name,
            Rounded(summary.Mean),
            Rounded(summary.Interval?.Low),
            Rounded(summary.Interval?.High),
            summary.Count,
            summary.NotApplicable,
            summary.Failed,
            Math.Round(summary.Coverage, 6),
            Rounded(spread)
        );
    }

    internal static double? Rounded(double? value) => value is { } number ? Math.Round(number, 6) : null;
}
