using Chancery.Bench.Retrieval;
using Chancery.Search;
using Chancery.Search.Engine;
using Chancery.Search.Languages;

namespace Chancery.Bench;

/// <param name="Page">Shared by the passages of one page; null where there are no pages.</param>
internal sealed record IndexedPassage(
    string Id,
    string Title,
    string Text,
    string? Heading = null,
    string? Page = null
);

/// <summary>
/// BM25 over a collection in memory, with the product's analyser: the retrieval that answers are measured on. With
/// <see cref="Meaning.Followed"/> both are fused, as in <c>PostgresPassageSearch</c>.
/// </summary>
internal sealed class MemoryIndex
{
    private const int MostCandidates = 200;

    private static readonly Bm25Settings Settings = Bm25Settings.Default;

    private readonly List<IndexedPassage> _passages;
    private readonly Dictionary<string, List<(int Passage, float Count)>> _postings = [];
    private readonly int[] _lengths;
    private readonly double _averageLength;
    private readonly Lazy<TermCounts[]> _counts;
    private readonly (string Title, DocumentName Name)[] _names;
    private readonly float[][]? _vectors;
    private readonly LanguageSet _languages = LanguageSet.English;

    public MemoryIndex(IEnumerable<IndexedPassage> passages)
    {
        _passages = [.. passages];
        _lengths = new int[_passages.Count];
        for (var i = 0; i < _passages.Count; i++)
        {
            var language = PassageLanguages.Of(_passages[i].Title, _passages[i].Heading, _passages[i].Text).Body;
            _languages = _languages.With(language);
            var tokens = TextAnalyzer.Analyze(
                $"{_passages[i].Title}\n{_passages[i].Heading}\n{_passages[i].Text}",
                language
            );
            _lengths[i] = tokens.Count;
            foreach (var group in tokens.GroupBy(token => token.Term))
            {
                if (!_postings.TryGetValue(group.Key, out var list))
                    _postings.Add(group.Key, list = []);
                list.Add((i, group.Count()));
            }
        }

        _averageLength = _lengths.Average();
        _vectors = Meaning.Followed?.OfPassages(_passages);
        _counts = new(() =>
            [
                .. _passages.Select(passage =>
                    TermCounts.Of(new RankingCandidate(passage.Text, passage.Heading, passage.Title))
                ),
            ]
        );
        _names =
        [
            .. _passages.Select(passage => passage.Title).Distinct().Select(title => (title, DocumentName.Of(title))),
        ];
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

    public CorpusStatistics StatisticsFor(string question)
    {
        var terms = new HashSet<string>();
        foreach (var language in _languages)
            terms.UnionWith(TextAnalyzer.Analyze(question, language).Select(token => token.Term));
        return new CorpusStatistics(
            _passages.Count,
            _averageLength,
            terms.ToDictionary(term => term, term => _postings.GetValueOrDefault(term)?.Count ?? 0)
        );
    }

    /// <summary>As the product retrieves for an answer: see <c>PostgresPassageSearch</c>.</summary>
    public List<AnswerPassage> Evidence(string question, int limit)
    {
        var named = NamedDocuments.Find(question, Array.ConvertAll(_names, name => name.Name));
        var query = EvidenceQuery.Parse(question, named.Terms, _languages);
        if (named.Places.Count == 0 && !query.HasItems)
            return Search(question, limit);

        var titles = named.Places.Select(place => _names[place].Title).ToHashSet();
        var statistics = StatisticsFor(string.Join(' ', query.Terms.Concat(query.ItemTerms)));
        var scores = new Dictionary<int, double>();
        foreach (
            var (term, weight) in query
                .Terms.Select(term => (term, 1.0))
                .Concat(query.ItemTerms.Select(term => (term, EvidenceQuery.ItemTermWeight)))
        )
        {
            foreach (var (passage, _) in _postings.GetValueOrDefault(term) ?? [])
            {
                if (titles.Count == 0 || titles.Contains(_passages[passage].Title))
                    scores[passage] = scores.GetValueOrDefault(passage) + (weight * statistics.InverseFrequency(term));
            }
        }

        int[] candidates = [.. scores.OrderByDescending(pair => pair.Value).Take(MostCandidates).Select(p => p.Key)];
        var pages = candidates.Select(passage => PageOf(_passages[passage])).Distinct().ToList();
        return
        [
            .. EvidenceRanker
                .Rank(
                    query,
                    [
                        .. candidates.Select(passage => new EvidenceCandidate(
                            _counts.Value[passage],
                            pages.IndexOf(PageOf(_passages[passage]))
                        )),
                    ],
                    statistics
                )
                .Take(limit)
                .Select(ranked => (Passage: _passages[candidates[ranked.Index]], ranked.Score))
                .Select(ranked => new AnswerPassage(
                    ranked.Passage.Id,
                    ranked.Passage.Text,
                    ranked.Score,
                    ranked.Passage.Heading,
                    ranked.Passage.Title,
                    ranked.Passage.Page
                )),
        ];
    }

    private static string PageOf(IndexedPassage passage) => passage.Page ?? passage.Id;

    public List<AnswerPassage> Search(string question, int limit, string? without = null)
    {
        var statistics = StatisticsFor(question);
        var scores = new Dictionary<int, double>();
        var query = QueryWords.Parse(question, _languages);
        foreach (var (word, term) in query.Words.SelectMany(word => word.Terms.Select(term => (word, term))))
        {
            foreach (var (passage, count) in _postings.GetValueOrDefault(term) ?? [])
            {
                var norm = Settings.K1 * (1 - Settings.B + (Settings.B * _lengths[passage] / _averageLength));
                scores[passage] =
                    scores.GetValueOrDefault(passage)
                    + (
                        Settings.WeightOf(word.Count)
                        * statistics.InverseFrequency(word)
                        * count
                        * (Settings.K1 + 1)
                        / (count + norm)
                    );
            }
        }

        var found = scores
            .Where(pair => _passages[pair.Key].Id != without)
            .OrderByDescending(pair => pair.Value)
            .Select(pair => (Passage: pair.Key, Score: pair.Value));
        return
        [
            .. (_vectors is null ? found : Fuse(question, [.. found.Take(MostCandidates)], statistics, without))
                .Take(limit)
                .Select(one => new AnswerPassage(
                    _passages[one.Passage].Id,
                    _passages[one.Passage].Text,
                    one.Score,
                    _passages[one.Passage].Heading,
                    _passages[one.Passage].Title,
                    PageOf(_passages[one.Passage])
                )),
        ];
    }

    private IEnumerable<(int Passage, double Score)> Fuse(
        string question,
        (int Passage, double Score)[] byWords,
        CorpusStatistics statistics,
        string? without
    )
    {
        var (nearest, cosines) = Meaning.Followed!.Search(question, _vectors!);
        nearest = [.. nearest.Where(passage => _passages[passage].Id != without)];
        int[] others = [.. nearest.Except(byWords.Select(one => one.Passage))];
        (int Passage, double Score)[] all =
        [
            .. byWords,
            .. Bm25Reranker
                .RankAnalysed(question, [.. others.Select(passage => _counts.Value[passage])], statistics)
                .Select(ranked => (others[ranked.Index], ranked.Score)),
        ];
        var identifiers = QueryIdentifiers.Parse(question);
        return SignalFusion
            .Fuse(
                [
                    .. all.Select(one => new FusionCandidate(
                        one.Score,
                        cosines[one.Passage],
                        identifiers.HeldBy(
                            _passages[one.Passage].Title,
                            _passages[one.Passage].Heading,
                            _passages[one.Passage].Text
                        )
                    )),
                ],
                statistics.WholeScore(QueryWords.Parse(question, _languages)),
                Meaning.Followed.Familiarity(
                    byWords.Select(one => _passages[one.Passage].Text),
                    nearest.Select(passage => _passages[passage].Text)
                ),
                identifiers.Share
            )
            .Ranked.Select(ranked => (all[ranked.Index].Passage, ranked.Score));
    }
}
