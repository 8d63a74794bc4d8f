using Chancery.Search;

namespace Chancery.Bench.Contracts;

/// <summary>BM25 as the textbook has it, over texts and nothing else; words are folded and stemmed as the product does.</summary>
internal sealed class PlainBm25
{
    // Those of Anserini.
    private const double Saturation = 0.9;
    private const double LengthWeight = 0.4;

    private readonly Dictionary<string, List<(int Text, int Count)>> _postings = [];
    private readonly List<int> _lengths = [];
    private readonly double _average;

    public PlainBm25(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            var terms = TextAnalyzer
                .Analyze(text)
                .Where(token => !token.IsStopWord)
                .Select(token => token.Term)
                .ToList();
            foreach (var term in terms.CountBy(term => term))
            {
                if (!_postings.TryGetValue(term.Key, out var list))
                {
                    _postings.Add(term.Key, list = []);
                }

                list.Add((_lengths.Count, term.Value));
            }

            _lengths.Add(terms.Count);
        }

        _average = _lengths.Average();
    }

    /// <summary>The texts that have any word of the query, best first.</summary>
    /// <param name="isAsked">Which texts may be found; frequencies are those of all.</param>
    public IReadOnlyList<int> Rank(string query, Func<int, bool> isAsked, int limit)
    {
        var scores = new Dictionary<int, double>();
        foreach (var term in TextAnalyzer.ContentTerms(query))
        {
            if (!_postings.TryGetValue(term, out var list))
            {
                continue;
            }

            var rarity = Math.Log(1 + ((_lengths.Count - list.Count + 0.5) / (list.Count + 0.5)));
            foreach (var (text, count) in list)
            {
                if (isAsked(text))
                {
                    var norm = 1 - LengthWeight + (LengthWeight * _lengths[text] / _average);
                    scores[text] =
                        scores.GetValueOrDefault(text)
                        + (rarity * count * (Saturation + 1) / (count + (Saturation * norm)));
                }
            }
        }

        return
        [
            .. scores.OrderByDescending(one => one.Value).ThenBy(one => one.Key).Take(limit).Select(one => one.Key),
        ];
    }
}
