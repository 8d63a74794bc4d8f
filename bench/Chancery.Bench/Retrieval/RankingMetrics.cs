namespace Chancery.Bench.Retrieval;

/// <summary>
/// How good a ranking is, as trec_eval counts it: gains are the grades themselves, a document that nobody judged has none, and a
/// question is measured only when something is relevant to it.
/// </summary>
public static class RankingMetrics
{
    /// <summary>
    /// Normalised discounted cumulative gain: the grades of the first <paramref name="depth"/>, each divided by
    /// log2(rank + 1), beside the best that was possible.
    /// </summary>
    /// <param name="ranked">Ids, best first, none twice.</param>
    /// <param name="grades">Of what was judged; 0 and less is not relevant.</param>
    public static double Ndcg(IEnumerable<string> ranked, IReadOnlyDictionary<string, int> grades, int depth)
    {
        ArgumentNullException.ThrowIfNull(grades);

        var best = Discounted(grades.Values.Where(grade => grade > 0).OrderDescending().Take(depth));
        return best == 0
            ? 0
            : Discounted(ranked.Take(depth).Select(id => Math.Max(0, grades.GetValueOrDefault(id)))) / best;
    }

    /// <summary>The share of what is relevant that stands among the first <paramref name="depth"/>.</summary>
    public static double Recall(IEnumerable<string> ranked, IReadOnlyDictionary<string, int> grades, int depth)
    {
        ArgumentNullException.ThrowIfNull(grades);

        var relevant = grades.Values.Count(grade => grade > 0);
        return relevant == 0 ? 0 : (double)ranked.Take(depth).Count(id => grades.GetValueOrDefault(id) > 0) / relevant;
    }

    /// <summary>One by the rank of the first that is relevant; 0 where there is none.</summary>
    public static double ReciprocalRank(IEnumerable<string> ranked, IReadOnlyDictionary<string, int> grades)
    {
        ArgumentNullException.ThrowIfNull(grades);

        var first = ranked.Select((id, place) => (id, place)).Where(one => grades.GetValueOrDefault(one.id) > 0);
        return first.Select(one => 1d / (one.place + 1)).FirstOrDefault();
    }

    private static double Discounted(IEnumerable<int> gains) =>
        gains.Select((gain, place) => gain / Math.Log2(place + 2)).Sum();
}
