using Chancery.Search.Engine;
using Chancery.Search.Languages;

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
    /// <param name="settings">The defaults when <see langword="null"/>.</param>
    public static IReadOnlyList<RankedCandidate> RankAnalysed(
        string query,
        IReadOnlyList<TermCounts> candidates,
        CorpusStatistics? statistics = null,
        Bm25Settings? settings = null
    )
    {
        ArgumentNullException.ThrowIfNull(candidates);

        var (k1, b, _) = (settings ?? Bm25Settings.Default).Usable;
        var languages = LanguageSet.English;
        foreach (var candidate in candidates)
            languages = new LanguageSet((byte)(languages.Bits | candidate.Languages.Set.Bits));
        var words = QueryWords.Parse(query, languages).Words;

        var counts = new double[candidates.Count * words.Count];
        var lengths = new double[candidates.Count];
        for (var i = 0; i < candidates.Count; i++)
        {
            lengths[i] = candidates[i].Length;
            for (var column = 0; column < words.Count; column++)
                counts[(i * words.Count) + column] = candidates[i].WeightOf(words[column]);
        }

        var weights = new double[words.Count];
        for (var column = 0; column < weights.Length; column++)
            weights[column] =
                Bm25Settings.Default.WeightOf(words[column].Count)
                * (
                    statistics?.InverseFrequency(words[column]) ?? InverseFrequencyAmong(counts, column, weights.Length)
                );
        var averageLength = statistics?.AverageLength ?? lengths.DefaultIfEmpty().Average();
        var ranked = new RankedCandidate[candidates.Count];
        for (var i = 0; i < candidates.Count; i++)
            ranked[i] = new RankedCandidate(i, Score(i));
        return [.. ranked.OrderByDescending(candidate => candidate.Score)];

        double Score(int candidate)
        {
            var norm = k1 * (1 - b + (b * lengths[candidate] / Math.Max(1, averageLength)));
            var score = 0d;
            for (var column = 0; column < weights.Length; column++)
            {
                var count = counts[(candidate * weights.Length) + column];
                if (count > 0)
                    score += weights[column] * count * (k1 + 1) / (count + norm);
            }

            return score;
        }
    }

    /// <summary>Where nobody knows the collection, by the candidates themselves.</summary>
    private static double InverseFrequencyAmong(double[] counts, int column, int columns)
    {
        var (frequency, passages) = (0, 0);
        for (var i = column; i < counts.Length; i += columns)
        {
            passages++;
            frequency += counts[i] > 0 ? 1 : 0;
        }

        return Math.Log(1 + ((passages - frequency + 0.5) / (frequency + 0.5)));
    }
}
