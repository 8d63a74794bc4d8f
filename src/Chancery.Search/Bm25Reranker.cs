namespace Chancery.Search;

/// <summary>A passage to be ranked.</summary>
/// <param name="Heading">The headings above it, if any.</param>
/// <param name="Title">The document's title, if any.</param>
public sealed record RankingCandidate(string Text, string? Heading = null, string? Title = null);

/// <summary>A candidate's place in a ranking.</summary>
/// <param name="Index">The candidate's place in the list given.</param>
/// <param name="Score">0 where no term of the query occurs.</param>
public readonly record struct RankedCandidate(int Index, double Score);

/// <summary>
/// Ranks candidates by BM25 over text, heading and title as one field, in which a term of the heading or the title counts
/// more often. Pure; safe for concurrent use.
/// </summary>
public static class Bm25Reranker
{
    private const double Saturation = 0.9;
    private const double LengthWeight = 0.4;

    /// <summary>All candidates, best first; equal scores keep their order.</summary>
    /// <param name="query">Plain text; phrases and exclusions are the caller's.</param>
    /// <param name="candidates">Most useful up to a few hundred: each is analysed anew.</param>
    /// <param name="statistics">Of the collection; the candidates themselves when <see langword="null"/>.</param>
    public static IReadOnlyList<RankedCandidate> Rank(
        string query,
        IReadOnlyList<RankingCandidate> candidates,
        CorpusStatistics? statistics = null
    )
    {
        ArgumentNullException.ThrowIfNull(candidates);

        return RankAnalysed(query, [.. candidates.Select(TermCounts.Of)], statistics);
    }

    /// <summary>The same over passages that were analysed before.</summary>
    public static IReadOnlyList<RankedCandidate> RankAnalysed(
        string query,
        IReadOnlyList<TermCounts> candidates,
        CorpusStatistics? statistics = null
    )
    {
        ArgumentNullException.ThrowIfNull(candidates);

        var terms = new Dictionary<string, int>();
        foreach (var term in TextAnalyzer.ContentTerms(query))
            terms.Add(term, terms.Count);

        var counts = new double[candidates.Count * terms.Count];
        var lengths = new double[candidates.Count];
        for (var i = 0; i < candidates.Count; i++)
        {
            lengths[i] = candidates[i].Length;
            foreach (var (term, column) in terms)
                counts[(i * terms.Count) + column] = candidates[i].WeightOf(TermCounts.HashOf(term));
        }

        statistics ??= StatisticsOf(terms, counts, lengths);
        var ranked = new RankedCandidate[candidates.Count];
        for (var i = 0; i < candidates.Count; i++)
            ranked[i] = new RankedCandidate(i, Score(i));
        return [.. ranked.OrderByDescending(candidate => candidate.Score)];

        double Score(int candidate)
        {
            var norm =
                Saturation
                * (1 - LengthWeight + (LengthWeight * lengths[candidate] / Math.Max(1, statistics.AverageLength)));
            var score = 0d;
            foreach (var (term, column) in terms)
            {
                var count = counts[(candidate * terms.Count) + column];
                if (count > 0)
                    score += statistics.InverseFrequency(term) * count * (Saturation + 1) / (count + norm);
            }

            return score;
        }
    }

    private static CorpusStatistics StatisticsOf(Dictionary<string, int> terms, double[] counts, double[] lengths)
    {
        var frequencies = new Dictionary<string, int>(terms.Count);
        foreach (var (term, column) in terms)
        {
            var frequency = 0;
            for (var i = 0; i < lengths.Length; i++)
                frequency += counts[(i * terms.Count) + column] > 0 ? 1 : 0;
            frequencies[term] = frequency;
        }

        return new CorpusStatistics(lengths.Length, lengths.Length == 0 ? 0 : lengths.Average(), frequencies);
    }
}
