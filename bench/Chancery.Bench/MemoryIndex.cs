using Chancery.Search;

namespace Chancery.Bench;

internal sealed record IndexedPassage(string Id, string Title, string Text, string? Heading = null);

/// <summary>BM25 over a collection in memory, with the product's analyser: the retrieval that answers are measured on.</summary>
internal sealed class MemoryIndex
{
    private readonly List<IndexedPassage> _passages;
    private readonly Dictionary<string, List<(int Passage, float Count)>> _postings = [];
    private readonly int[] _lengths;
    private readonly double _averageLength;

    public MemoryIndex(IEnumerable<IndexedPassage> passages)
    {
        _passages = [.. passages];
        _lengths = new int[_passages.Count];
        for (var i = 0; i < _passages.Count; i++)
        {
            var tokens = TextAnalyzer.Analyze($"{_passages[i].Title}\n{_passages[i].Heading}\n{_passages[i].Text}");
            _lengths[i] = tokens.Count;
            foreach (var group in tokens.GroupBy(token => token.Term))
            {
                if (!_postings.TryGetValue(group.Key, out var list))
                    _postings.Add(group.Key, list = []);
                list.Add((i, group.Count()));
            }
        }

        _averageLength = _lengths.Average();
    }

    public int Count => _passages.Count;

    public static MemoryIndex OfBeir(string folder) =>
        new(
            TestData
                .Lines(Path.Combine(folder, "corpus.jsonl"))
                .Select(line => new IndexedPassage(
                    line.GetProperty("_id").GetString()!,
                    line.GetProperty("title").GetString()!.Replace('_', ' '),
                    line.GetProperty("text").GetString()!
                ))
        );

    public CorpusStatistics StatisticsFor(string question) =>
        new(
            _passages.Count,
            _averageLength,
            TextAnalyzer
                .Analyze(question)
                .Select(token => token.Term)
                .Distinct()
                .ToDictionary(term => term, term => _postings.GetValueOrDefault(term)?.Count ?? 0)
        );

    public List<AnswerPassage> Search(string question, int limit, string? without = null)
    {
        var statistics = StatisticsFor(question);
        var scores = new Dictionary<int, double>();
        foreach (var term in TextAnalyzer.ContentTerms(question))
        {
            foreach (var (passage, count) in _postings.GetValueOrDefault(term) ?? [])
            {
                var norm = 0.9 * (1 - 0.4 + (0.4 * _lengths[passage] / _averageLength));
                scores[passage] =
                    scores.GetValueOrDefault(passage)
                    + (statistics.InverseFrequency(term) * count * 1.9 / (count + norm));
            }
        }

        return
        [
            .. scores
                .Where(pair => _passages[pair.Key].Id != without)
                .OrderByDescending(pair => pair.Value)
                .Take(limit)
                .Select(pair => new AnswerPassage(
                    _passages[pair.Key].Id,
                    _passages[pair.Key].Text,
                    pair.Value,
                    _passages[pair.Key].Heading,
                    Title: _passages[pair.Key].Title
                )),
        ];
    }
}
