using System.Numerics.Tensors;
using Chancery.Models;
using Chancery.Search;

namespace Chancery.Bench.Retrieval;

/// <summary>A passage that words or meaning brought up.</summary>
/// <param name="Lexical">BM25; 0 where no word of the question occurs.</param>
/// <param name="Cosine">With the question's vector.</param>
/// <param name="Identifiers">Of the question, that it holds.</param>
internal sealed record Retrieved(string Id, double Lexical, double Cosine, uint Identifiers);

/// <summary>What both parts of search find for a question, as <c>PostgresPassageSearch</c> fetches it.</summary>
/// <param name="Candidates">All that either list has.</param>
/// <param name="ByWords">Places in the candidates, best first.</param>
/// <param name="ByMeaning">Places in the candidates, best first.</param>
/// <param name="WholeScore">Of BM25, for a passage with all words of the question.</param>
/// <param name="Familiarity">Of the encoder with the first passages of both lists.</param>
/// <param name="NamedShare">Of the question, that is identifiers.</param>
internal sealed record RetrievedLists(
    JudgedQuestion Question,
    IReadOnlyList<Retrieved> Candidates,
    IReadOnlyList<int> ByWords,
    IReadOnlyList<int> ByMeaning,
    double WholeScore,
    double? Familiarity,
    double NamedShare
);

/// <summary>A collection as the product would hold it, with its words and its vectors.</summary>
internal sealed class RetrievalIndex
{
    // Of PostgresPassageSearch.
    private const int MostCandidates = 200;
    private const int FewestCandidates = 80;
    private const int DenseCandidates = 100;
    private const int TellingPassages = 10;
    private const int TellingCharacters = 256;

    private readonly JudgedCollection _collection;
    private readonly TermCounts[] _terms;
    private readonly int[] _lengths;
    private readonly TokenFit[] _fits;
    private readonly Dictionary<string, List<int>> _postings = new(StringComparer.Ordinal);
    private readonly float[] _vectors;
    private readonly float[] _questions;
    private readonly int _dimensions;
    private readonly double _unrelated;

    private RetrievalIndex(JudgedCollection collection, LocalEncoder encoder, float[] vectors, float[] questions)
    {
        _collection = collection;
        _vectors = vectors;
        _questions = questions;
        _dimensions = encoder.Dimensions;
        _unrelated = encoder.Unrelated;
        var passages = collection.Passages;
        _terms = [.. passages.Select(one => TermCounts.Of(new RankingCandidate(one.Text, null, one.Title)))];
        _lengths = [.. passages.Select(one => one.Text.Length + (3 * one.Title.Length / 2))];
        _fits = [.. passages.Select(one => encoder.Fit(one.Text[..Math.Min(TellingCharacters, one.Text.Length)]))];
        foreach (var (place, passage) in passages.Index())
        {
            foreach (
                var term in TextAnalyzer
                    .Analyze($"{passage.Title}\n{passage.Text}")
                    .Select(token => token.Term)
                    .Distinct()
            )
            {
                if (!_postings.TryGetValue(term, out var list))
                    _postings.Add(term, list = []);
                list.Add(place);
            }
        }
    }

    public static async Task<RetrievalIndex> BuildAsync(
        JudgedCollection collection,
        LocalEncoder encoder,
        VectorCache cache
    ) =>
        new(
            collection,
            encoder,
            await cache.OfAsync(
                $"passages of {collection.Name}",
                [.. collection.Passages.Select(one => one.Title.Length == 0 ? one.Text : $"{one.Title}\n{one.Text}")],
                areQuestions: false
            ),
            await cache.OfAsync(
                $"questions of {collection.Name}",
                [.. collection.Questions.Select(one => one.Text)],
                areQuestions: true
            )
        );

    /// <param name="limit">How many results somebody asks for.</param>
    public RetrievedLists Search(int question, int limit)
    {
        var text = _collection.Questions[question].Text;
        var statistics = StatisticsFor(text);
        var words = Candidates(text, statistics, Math.Clamp(limit * 8, FewestCandidates, MostCandidates));
        statistics = statistics with
        {
            AverageLength = words.Length == 0 ? 1 : words.Average(place => _lengths[place] / 6.0),
        };
        var byWords = Scores(words).OrderByDescending(one => one.Score).ToArray();

        var vector = _questions.AsSpan(question * _dimensions, _dimensions);
        var cosines = new float[_terms.Length];
        for (var i = 0; i < cosines.Length; i++)
            cosines[i] = TensorPrimitives.Dot<float>(vector, _vectors.AsSpan(i * _dimensions, _dimensions));
        var found = words.ToHashSet();
        int[] byMeaning =
        [
            .. Enumerable
                .Range(0, cosines.Length)
                .OrderByDescending(place => cosines[place])
                .Take(DenseCandidates)
                .Where(place => cosines[place] >= _unrelated || found.Contains(place)),
        ];

        int[] all = [.. byWords.Select(one => one.Place).Union(byMeaning)];
        var scores = Scores(all).ToDictionary(one => one.Place, one => one.Score);
        var identifiers = QueryIdentifiers.Parse(text);
        var at = all.Index().ToDictionary(one => one.Item, one => one.Index);
        return new RetrievedLists(
            _collection.Questions[question],
            [
                .. all.Select(place => new Retrieved(
                    _collection.Passages[place].Id,
                    scores[place],
                    cosines[place],
                    identifiers.HeldBy(_collection.Passages[place].Title, _collection.Passages[place].Text)
                )),
            ],
            [.. byWords.Select(one => at[one.Place])],
            [.. byMeaning.Select(place => at[place])],
            statistics.WholeScore(TextAnalyzer.ContentTerms(text)),
            byWords
                .Take(TellingPassages)
                .Select(one => one.Place)
                .Concat(byMeaning.Take(TellingPassages))
                .Aggregate(default(TokenFit), (fit, place) => fit + _fits[place])
                .Familiarity,
            identifiers.Share
        );

        IEnumerable<(int Place, double Score)> Scores(int[] places) =>
            Bm25Reranker
                .RankAnalysed(text, [.. places.Select(place => _terms[place])], statistics)
                .Select(ranked => (places[ranked.Index], ranked.Score));
    }

    private CorpusStatistics StatisticsFor(string text) =>
        new(
            _terms.Length,
            1,
            TextAnalyzer
                .ContentTerms(text)
                .ToDictionary(term => term, term => _postings.GetValueOrDefault(term)?.Count ?? 0)
        );

    /// <summary>Those with the most telling words, as <c>search_passages</c> chooses them.</summary>
    private int[] Candidates(string text, CorpusStatistics statistics, int most)
    {
        var weights = new Dictionary<int, double>();
        foreach (var term in TextAnalyzer.ContentTerms(text))
        {
            foreach (var place in _postings.GetValueOrDefault(term) ?? [])
                weights[place] = weights.GetValueOrDefault(place) + statistics.InverseFrequency(term);
        }

        return
        [
            .. weights.OrderByDescending(one => one.Value).ThenBy(one => one.Key).Take(most).Select(one => one.Key),
        ];
    }
}
