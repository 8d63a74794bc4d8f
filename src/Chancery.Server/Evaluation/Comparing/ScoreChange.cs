using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Evaluation.Comparing;

/// <summary>One score in two runs, question by question.</summary>
/// <param name="Before">Mean in the first run, over the questions that both have a number for.</param>
/// <param name="After">In the second.</param>
/// <param name="Difference">After less before; left out where no question has both.</param>
/// <param name="Low">Of the difference, at 95 %, by paired bootstrap.</param>
/// <param name="High">Its upper end.</param>
/// <param name="PValue">Of the exact sign test, which is McNemar's where scores are 0 or 1.</param>
/// <param name="Better">Questions that score higher in the second run.</param>
/// <param name="Worse">Questions that score lower.</param>
/// <param name="Pairs">Questions that both have a number for.</param>
/// <param name="Unpaired">Questions that only one has a number for.</param>
/// <param name="Verdict">better or worse where the interval leaves zero out; else unclear.</param>
public sealed record ScoreChange(
    string Name,
    double? Before,
    double? After,
    double? Difference,
    double? Low,
    double? High,
    double PValue,
    int Better,
    int Worse,
    int Pairs,
    int Unpaired,
    [property: OneOf("EvalVerdict", ScoreChange.IsBetter, ScoreChange.IsWorse, ScoreChange.IsUnclear)] string Verdict
)
{
    public const string IsBetter = "better";
    public const string IsWorse = "worse";
    public const string IsUnclear = "unclear";

    private static readonly IReadOnlyDictionary<string, Score> Nothing = new Dictionary<string, Score>();

    /// <summary>All scores that one of the runs has, over the questions that one of them asked.</summary>
    internal static IReadOnlyList<ScoreChange> Between(
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> first,
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> second
    )
    {
        Guid[] questions = [.. first.Keys.Union(second.Keys).Order()];
        return
        [
            .. ScoreName
                .All.Where(name =>
                    first.Values.Concat(second.Values).Any(scores => scores.GetValueOrDefault(name)?.Value is not null)
                )
                .Select(name => Of(name, ScoresOf(first, questions, name), ScoresOf(second, questions, name))),
        ];
    }

    private static ScoreChange Of(string name, IReadOnlyList<Score> first, IReadOnlyList<Score> second)
    {
        var compared = ScoreComparison.Between(first, second);
        var pairs = first
            .Zip(second)
            .Where(pair => pair.First.Value is not null && pair.Second.Value is not null)
            .ToList();
        return new(
            name,
            pairs.Count == 0 ? null : ScoreMean.Rounded(pairs.Average(pair => pair.First.Value)),
            pairs.Count == 0 ? null : ScoreMean.Rounded(pairs.Average(pair => pair.Second.Value)),
            ScoreMean.Rounded(compared.Difference),
            ScoreMean.Rounded(compared.Interval?.Low),
            ScoreMean.Rounded(compared.Interval?.High),
            Math.Round(compared.PValue, 6),
            compared.Better,
            compared.Worse,
            compared.Pairs,
            compared.Unpaired,
            compared.Interval switch
            {
                { Low: > 0 } => IsBetter,
                { High: < 0 } => IsWorse,
                _ => IsUnclear,
            }
        );
    }

    private static List<Score> ScoresOf(
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> run,
        Guid[] questions,
        string name
    ) =>
        [.. questions.Select(question => run.GetValueOrDefault(question, Nothing).GetValueOrDefault(name, Score.None))];
}
