using Chancery.Models;
using Chancery.Search;
using Chancery.Search.Engine;
using EnginePassage = Chancery.Search.Engine.IndexedPassage;

namespace Chancery.Bench.Retrieval;

/// <summary>A passage that words or meaning brought up.</summary>
/// <param name="Lexical">BM25; 0 where no word of the question occurs.</param>
/// <param name="Cosine">With the question's vector.</param>
/// <param name="Identifiers">Of the question, that it holds.</param>
internal sealed record Retrieved(string Id, double Lexical, double Cosine, uint Identifiers)
{
    /// <summary>In the collection.</summary>
    public int Place { get; init; }
}

/// <summary>What both parts of search find for a question, as the engine hands it to fusion.</summary>
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

/// <summary>A collection in the search engine, with its words and its vectors.</summary>
internal sealed class RetrievalIndex
{
    // Of the product.
    private const int Candidates = 100;
    private const int TellingPassages = 10;
    private const int TellingCharacters = 256;

    private readonly JudgedCollection _collection;
    private readonly SearchIndex _index;
    private readonly TokenFit[] _fits;
    private readonly float[] _questions;
    private readonly int _dimensions;
    private readonly double _unrelated;

    private RetrievalIndex(
        JudgedCollection collection,
        LocalEncoder encoder,
        float[] vectors,
        float[] questions,
        FieldWeights weights
    )
    {
        _collection = collection;
        _questions = questions;
        _dimensions = encoder.Dimensions;
        _unrelated = encoder.Unrelated;
        var passages = collection.Passages;
        _fits = [.. passages.Select(one => encoder.Fit(one.Text[..Math.Min(TellingCharacters, one.Text.Length)]))];
        _index = new SearchIndex(new SearchIndexOptions { Dimensions = _dimensions, Weights = weights });
        _index.Apply(
            new IndexChanges(new IndexRevision(1, Guid.CreateVersion7()))
            {
                Passages =
                [
                    .. passages.Select(
                        (one, place) =>
                            new EnginePassage(IdOf(place), new IndexedDocument(IdOf(place)), 0, one.Text)
                            {
                                Title = one.Title,
                                Vector = vectors.AsMemory(place * _dimensions, _dimensions),
                            }
                    ),
                ],
            }
        );
    }

    public static async Task<RetrievalIndex> BuildAsync(
        JudgedCollection collection,
        LocalEncoder encoder,
        VectorCache cache,
        FieldWeights? weights = null
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
            ),
            weights ?? FieldWeights.Default
        );

    /// <param name="question">Its place in the collection.</param>
    /// <param name="bm25">Those of the product when <see langword="null"/>.</param>
    /// <param name="withFeedback">Whether what the best passages say is looked for as well.</param>
    public RetrievedLists Search(int question, Bm25Settings? bm25 = null, bool withFeedback = false)
    {
        var text = Plain(_collection.Questions[question].Text);
        FusionInput? seen = null;
        var outcome = _index.Search(
            new SearchRequest
            {
                Text = text,
                Vector = _questions.AsMemory(question * _dimensions, _dimensions),
                Candidates = Candidates,
                Bm25 = bm25,
                Supporting = withFeedback ? Feedback(text) : [],
                Fusion = input =>
                {
                    seen = input;
                    return [];
                },
            }
        );
        // Where no word tells anything the engine has nothing to fuse.
        seen ??= new FusionInput(
            [
                .. outcome.Hits.Select(
                    (hit, place) => new FusionPassage(hit.PassageId, 0, hit.Vectors?.Score, null, place + 1)
                ),
            ],
            0
        );
        var identifiers = QueryIdentifiers.Parse(text);
        FusionPassage[] all = [.. seen.Passages.Where(one => one.WordsRank is not null || one.Cosine >= _unrelated)];
        int[] byWords = [.. Places(one => one.WordsRank)];
        int[] byMeaning = [.. Places(one => one.VectorsRank)];
        return new RetrievedLists(
            _collection.Questions[question],
            [
                .. all.Select(one =>
                {
                    var passage = _collection.Passages[PlaceOf(one.PassageId)];
                    return new Retrieved(
                        passage.Id,
                        one.Words,
                        one.Cosine ?? 0,
                        identifiers.HeldBy(passage.Title, passage.Text)
                    )
                    {
                        Place = PlaceOf(one.PassageId),
                    };
                }),
            ],
            byWords,
            byMeaning,
            seen.WholeScore,
            byWords
                .Take(TellingPassages)
                .Concat(byMeaning.Take(TellingPassages))
                .Aggregate(default(TokenFit), (fit, place) => fit + _fits[PlaceOf(all[place].PassageId)])
                .Familiarity,
            identifiers.Share
        );

        IEnumerable<int> Places(Func<FusionPassage, int?> rank) =>
            Enumerable
                .Range(0, all.Length)
                .Where(place => rank(all[place]) is not null)
                .OrderBy(place => rank(all[place]));
    }

    private IReadOnlyList<SupportingTerm> Feedback(string text) =>
        RelevanceModel.TermsOf(
            text,
            [
                .. _index
                    .Search(new SearchRequest { Text = text })
                    .Hits.Select(hit => (Passage: _collection.Passages[PlaceOf(hit.PassageId)], hit.Score))
                    .Select(one => (new RankingCandidate(one.Passage.Text, null, one.Passage.Title), one.Score)),
            ],
            terms => _index.StatisticsOf(terms)
        );

    /// <summary>Passages by words alone, best first.</summary>
    public IEnumerable<string> SearchWords(int question, Bm25Settings? bm25 = null, int limit = Candidates) =>
        _index
            .Search(
                new SearchRequest
                {
                    Text = Plain(_collection.Questions[question].Text),
                    Limit = limit,
                    Bm25 = bm25,
                }
            )
            .Hits.Select(hit => _collection.Passages[PlaceOf(hit.PassageId)].Id);

    /// <summary>Without what a query's syntax would read: nobody who judged these questions meant it.</summary>
    private static string Plain(string text) =>
        string.Join(
            ' ',
            text.Split([' ', '\t', '\n', '\r', '"', '“', '”', '„', '«', '»'], StringSplitOptions.RemoveEmptyEntries)
                .Select(word => word.TrimStart('-', '–', '—', '−'))
        );

    private static Guid IdOf(int place) => new(place, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);

    private static int PlaceOf(Guid id) => BitConverter.ToInt32(id.ToByteArray());
}
