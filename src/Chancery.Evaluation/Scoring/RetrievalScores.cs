namespace Chancery.Evaluation.Scoring;

/// <summary>
/// How well a ranking finds what is relevant. Where a question has nothing relevant, every score is not applicable. A thing that is ranked twice
/// counts where it comes first.
/// </summary>
public static class RetrievalScores
{
    /// <summary>
    /// Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002): the gain of a grade is the grade, discounted by
    /// log2(rank + 1).
    /// </summary>
    /// <param name="ranked">Best first.</param>
    /// <param name="grades">Grades above 0 are relevant; what is not in it has grade 0.</param>
    /// <param name="depth">How many of the ranking are looked at, from 1.</param>
    public static Score Ndcg<TId>(IReadOnlyList<TId> ranked, IReadOnlyDictionary<TId, int> grades, int depth)
        where TId : notnull
    {
        var best = Relevant(grades, depth).Select(grade => grade.Value).OrderDescending().Take(depth).ToList();
        return best.Count == 0
            ? Score.None
            : Score.Of(
                Math.Min(
                    1,
                    Gain(Top(ranked, depth).Select(id => Math.Max(0, grades.GetValueOrDefault(id)))) / Gain(best)
                )
            );
    }

    /// <summary>The share of what is relevant that is among the first.</summary>
    public static Score Recall<TId>(IReadOnlyList<TId> ranked, IReadOnlyDictionary<TId, int> grades, int depth)
        where TId : notnull
    {
        var relevant = Relevant(grades, depth).Count;
        return relevant == 0
            ? Score.None
            : Score.Of((double)Top(ranked, depth).Count(id => grades.GetValueOrDefault(id) > 0) / relevant);
    }

    /// <summary>One over the rank of the first relevant one; 0 where none is among the first.</summary>
    public static Score ReciprocalRank<TId>(IReadOnlyList<TId> ranked, IReadOnlyDictionary<TId, int> grades, int depth)
        where TId : notnull
    {
        if (Relevant(grades, depth).Count == 0)
        {
            return Score.None;
        }

        var before = Top(ranked, depth).TakeWhile(id => grades.GetValueOrDefault(id) <= 0).Count();
        return Score.Of(before < Top(ranked, depth).Count() ? 1.0 / (before + 1) : 0);
    }

    private static double Gain(IEnumerable<int> grades) => grades.Select((grade, i) => grade / Math.Log2(i + 2)).Sum();

    private static IEnumerable<TId> Top<TId>(IReadOnlyList<TId> ranked, int depth)
    {
        ArgumentNullException.ThrowIfNull(ranked);
        return ranked.Distinct().Take(depth);
    }

    private static List<KeyValuePair<TId, int>> Relevant<TId>(IReadOnlyDictionary<TId, int> grades, int depth)
        where TId : notnull
    {
        ArgumentNullException.ThrowIfNull(grades);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        return [.. grades.Where(grade => grade.Value > 0)];
    }
}
