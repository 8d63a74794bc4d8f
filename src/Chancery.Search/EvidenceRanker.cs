namespace Chancery.Search;

/// <summary>A passage to be ranked with the others of its page.</summary>
/// <param name="Page">Any number that the passages of one page of one document share, and no others.</param>
public readonly record struct EvidenceCandidate(TermCounts Terms, int Page);

/// <summary>
/// Ranks passages by the page that they stand on: a statement is cut into passages of which one has the assets, one the
/// liabilities and only the first the title, and a person who looks for any of them opens the page. Pure; safe for
/// concurrent use.
/// </summary>
public static class EvidenceRanker
{
    private const double Saturation = 0.9;
    private const double LengthWeight = 0.4;

    // See the table of the "citations" benchmark: anything from 0.8 to 1.2, and from 0 to 0.6, ranks about as well.
    private const double ItemWeight = 1.2;
    private const double PhraseWeight = 0.3;

    /// <summary>Of one page: the others say the same, or something else.</summary>
    private const int MostOfPage = 2;

    /// <summary>
    /// The best passages of each page, best page first, each with its page's score; a page's surplus passages are left out.
    /// </summary>
    /// <param name="statistics">Of the collection, for <see cref="EvidenceQuery.Terms"/> and its items' terms.</param>
    public static IReadOnlyList<RankedCandidate> Rank(
        EvidenceQuery query,
        IReadOnlyList<EvidenceCandidate> candidates,
        CorpusStatistics statistics
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(statistics);

        var measure = new Measure(query, statistics);
        var ranked = new List<RankedCandidate>();
        foreach (var page in candidates.Index().GroupBy(candidate => candidate.Item.Page))
        {
            var places = page.Select(candidate => candidate.Index).ToArray();
            var terms = Array.ConvertAll(places, place => candidates[place].Terms);
            // A page is about three passages long.
            var whole = measure.Of(terms, statistics.AverageLength * 3);
            ranked.AddRange(
                places
                    .OrderByDescending(place => measure.Of([candidates[place].Terms], statistics.AverageLength))
                    .Take(MostOfPage)
                    .Select(place => new RankedCandidate(place, whole))
            );
        }

        return [.. ranked.OrderByDescending(candidate => candidate.Score)];
    }

    private sealed class Measure(EvidenceQuery query, CorpusStatistics statistics)
    {
        private readonly (QueryWord Word, double Weight)[] _words =
        [
            .. query.Words.Select(word => (word, statistics.InverseFrequency(word))),
        ];

        // Reports are written in many languages; how they call their items is known in English only.
        private readonly (int[] Hashes, double Weight)[] _items =
        [
            .. query.Items.Select(item => Weighed(item, ItemWeight, statistics)),
        ];

        private readonly (QueryWord[] Words, double Weight)[] _phrases =
        [
            .. query.Phrases.Select(phrase => (phrase, PhraseWeight * phrase.Max(statistics.InverseFrequency))),
        ];

        public double Of(TermCounts[] passages, double averageLength)
        {
            var norm =
                Saturation
                * (
                    1
                    - LengthWeight
                    + (LengthWeight * passages.Sum(passage => passage.Length) / Math.Max(1, averageLength))
                );
            var score = 0d;
            foreach (var (word, weight) in _words)
            {
                var count = 0d;
                foreach (var passage in passages)
                    count += passage.WeightOf(word);
                if (count > 0)
                    score += weight * count * (Saturation + 1) / (count + norm);
            }

            foreach (var (hashes, weight) in _items)
            {
                var purity = 0d;
                foreach (var passage in passages)
                    purity = Math.Max(purity, passage.Has(hashes) ? passage.Lines.Purity(hashes) : 0);
                score += weight * purity;
            }

            foreach (var (words, weight) in _phrases)
            {
                var purity = 0d;
                foreach (var passage in passages)
                    purity = Math.Max(purity, PurityOf(words, passage));
                score += weight * purity;
            }

            return score;
        }

        private static double PurityOf(QueryWord[] words, TermCounts passage)
        {
            var hashes = Array.ConvertAll(words, word => TermCounts.HashOf(word.In(passage.Languages.Body)));
            return passage.Has(hashes) ? passage.Lines.Purity(hashes) : 0;
        }

        /// <summary>An item is as telling as its rarest word.</summary>
        private static (int[] Hashes, double Weight) Weighed(
            string[] stems,
            double weight,
            CorpusStatistics statistics
        ) => (LineLabels.Hash(stems), weight * stems.Max(statistics.InverseFrequency));
    }
}
