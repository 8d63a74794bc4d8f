using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Evaluation.Gating;

/// <summary>How much two runs say of each other.</summary>
internal static class GateEvidence
{
    private static readonly IReadOnlyDictionary<string, Score> Nothing = new Dictionary<string, Score>();

    /// <summary>
    /// Of the questions that a score could be given for, the share that has it in both runs. A version that says nothing where the one before it
    /// was scored, and a judge that failed, lower it; a question that is rightly refused now, or that has its first answer now, does not.
    /// </summary>
    /// <returns>0 to 1; 0 where it could be given for none.</returns>
    public static double CoverageOf(
        string name,
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> before,
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> after
    )
    {
        var (both, due) = (0, 0);
        foreach (var question in before.Keys.Union(after.Keys))
        {
            var earlier = before.GetValueOrDefault(question, Nothing);
            var later = after.GetValueOrDefault(question, Nothing);
            var (one, other) = (earlier.GetValueOrDefault(name, Score.None), later.GetValueOrDefault(name, Score.None));
            if (one.Value is not null && other.Value is not null)
            {
                both++;
                due++;
            }
            else if (
                other is Score.Failed
                || one is Score.Failed
                || (one.Value is not null && later.GetValueOrDefault(ScoreName.Refusal, Score.None).Value is not 1)
            )
            {
                due++;
            }
        }

        return due == 0 ? 0 : (double)both / due;
    }
}

/// <summary>What an answer costs on average, over the questions that both versions answered.</summary>
/// <param name="Before">In dollars; null where no question has an answer of both.</param>
/// <param name="After">Of the new version, likewise.</param>
internal sealed record GateCost(decimal? Before, decimal? After)
{
    /// <summary>How many times as much; null where the version in production is free.</summary>
    public double? Ratio => Before > 0 ? (double?)(After / Before) : null;

    /// <summary>Whether the version in production is free and the new one is not, so that no ratio tells of it.</summary>
    public bool IsUntold => Before == 0 && After > 0;

    public static GateCost Between(
        IReadOnlyDictionary<Guid, NanoDollars> before,
        IReadOnlyDictionary<Guid, NanoDollars> after
    )
    {
        Guid[] both = [.. before.Keys.Where(after.ContainsKey)];
        return both.Length == 0
            ? new(null, null)
            : new(
                both.Average(question => before[question].Dollars),
                both.Average(question => after[question].Dollars)
            );
    }
}
