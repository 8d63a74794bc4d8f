using Chancery.Search;
using Chancery.Search.Languages;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Search in PostgreSQL: candidates by full text, ranked again by BM25 here, and by the vectors when there is an embedding model, all of
/// them or those that <see cref="INearestPassages"/> names; both fused by <see cref="SignalFusion"/>.
/// </summary>
internal sealed class PostgresPassageSearch(
    PassageStore store,
    PassageFacts facts,
    AnalysedPassages analysed,
    TenantModels models,
    QueryEmbedder embedder,
    IOptions<KnowledgeOptions> settings,
    TimeProvider time,
    ILogger<PostgresPassageSearch> logger
) : IPassageSearch
{
    private const int MostCandidates = 200;
    private const int FewestCandidates = 80;
    private const int DenseCandidates = 100;

    /// <summary>Of each list: enough to tell the language that they are in, read in less than a millisecond.</summary>
    public const int TellingPassages = 10;

    public const string ThresholdNotApplied = " The threshold was not applied.";

    /// <summary>What the note says instead of meaning where vectors of two models lie side by side, or none can.</summary>
    public const string IncomparableVectors =
        "The stored vectors cannot be compared with the model's: passages were found by their words only.";

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);

        var serving = await models.OfAsync(tenant, cancellationToken);
        var stages = new StageTimes(time);
        // Both at once: the model's answer takes longer than the words.
        return await SearchAsync(
            tenant,
            query,
            embedder.EmbedAsync(serving, query, stages, cancellationToken),
            stages,
            cancellationToken
        );
    }

    /// <summary>The same for a query that is being embedded already.</summary>
    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        Task<EmbeddedQuery> embedding,
        StageTimes stages,
        CancellationToken cancellationToken
    )
    {
        var languages = await facts.LanguagesAsync(tenant, query.Reader, cancellationToken);
        var lexical = LexicalQuery.Parse(query.Text, languages);
        var byWords = await stages.OfAsync(
            StageTimes.Words,
            async () =>
                (query.ForAnswer ? await RankByPagesAsync(tenant, lexical, languages, query, cancellationToken) : null)
                ?? await RankByWordsAsync(tenant, lexical, languages, query, cancellationToken)
        );
        var (vector, note, model) = await embedding;
        if (vector is { } meaning && model is not null)
        {
            try
            {
                var fused = await stages.OfAsync(
                    StageTimes.Meaning,
                    () => FuseAsync(tenant, model, lexical, meaning, byWords, query, cancellationToken)
                );
                return fused with { StageMilliseconds = stages.Milliseconds };
            }
            catch (PostgresException exception)
                when (exception.SqlState is PostgresErrorCodes.DataException or PostgresErrorCodes.UndefinedTable)
            {
                // Vectors of another length under the same model's name, or no pgvector.
                Log.QueryNotEmbedded(logger, exception);
                note = IncomparableVectors;
            }
        }

        if (query.Threshold is not null)
        {
            note += ThresholdNotApplied;
        }

        var found = byWords
            .Ranked.Take(query.Limit)
            .Select(
                (ranked, place) => Passage(ranked, query, new PassageExplanation(ranked.Stage(place + 1), null, null))
            );
        return new PassageResults(PassageResults.Lexical, note, [.. found])
        {
            IsByPages = byWords.IsByPages,
            StageMilliseconds = stages.Milliseconds,
        };
    }

    private async Task<WordRanking> RankByWordsAsync(
        TenantId tenant,
        LexicalQuery lexical,
        LanguageSet languages,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        if (lexical.Terms.Count == 0)
        {
            return WordRanking.Empty;
        }

        var most = Math.Clamp(query.Limit * 8, FewestCandidates, MostCandidates);
        var (rows, words) = await store.LexicalAsync(tenant, lexical, query, most, cancellationToken);
        if (rows.Count == 0)
        {
            return WordRanking.Empty;
        }

        var statistics = StatisticsOf(rows, words);
        var whole = statistics.WholeScore(QueryWords.Parse(QuerySyntax.Parse(query.Text).Wanted, languages));
        return new WordRanking(Score(query, rows, statistics), whole, statistics);
    }

    private Ranked[] Score(PassageQuery query, IReadOnlyList<PassageRow> rows, CorpusStatistics statistics) =>
        [
            .. Bm25Reranker
                .RankAnalysed(
                    QuerySyntax.Parse(query.Text).Wanted,
                    [.. rows.Select(analysed.Of)],
                    statistics,
                    settings.Value.Bm25
                )
                .Select(ranked => new Ranked(rows[ranked.Index], ranked.Score)),
        ];

    /// <summary>
    /// Null where the question neither names a document nor asks for what reports call by other names, and where that
    /// found too little: then words decide.
    /// </summary>
    private async Task<WordRanking?> RankByPagesAsync(
        TenantId tenant,
        LexicalQuery lexical,
        LanguageSet languages,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        var titles = await facts.TitlesAsync(tenant, query.Reader, cancellationToken);
        if (EvidenceQuestion.Of(query, titles, languages) is not var (documents, evidence))
        {
            return null;
        }

        var (rows, words) = await store.LexicalAsync(
            tenant,
            lexical.For(evidence),
            documents.Length > 0 ? query with { Documents = documents } : query,
            MostCandidates,
            cancellationToken
        );
        if (rows.Count == 0)
        {
            return null;
        }

        var candidates = EvidenceQuestion.CandidatesOf(rows, analysed);
        var statistics = StatisticsOf(rows, words);
        return new WordRanking(
            [
                .. EvidenceRanker
                    .Rank(evidence, candidates, statistics)
                    .Select(ranked => new Ranked(rows[ranked.Index], ranked.Score)),
            ],
            0,
            statistics,
            IsByPages: true
        );
    }

    private static CorpusStatistics StatisticsOf(IReadOnlyList<PassageRow> rows, WordStatistics words) =>
        new(
            Math.Max(words.PassageCount, words.Frequencies.Values.Max()),
            // Six characters a token; heading and title as heavy as the ranking counts them.
            rows.Average(row => (row.Text.Length + (2 * row.Heading.Length) + (1.5 * row.Title.Length)) / 6),
            words.Frequencies
        );

    private async Task<PassageResults> FuseAsync(
        TenantId tenant,
        Embeddings embeddings,
        LexicalQuery lexical,
        ReadOnlyMemory<float> vector,
        WordRanking byWords,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        var (nearest, cosines, scan) = await store.DenseAsync(
            tenant,
            embeddings.Model!,
            Embeddings.Write(vector.Span),
            lexical.Must,
            query,
            [.. byWords.Ranked.Select(ranked => ranked.Row.ChunkId)],
            DenseCandidates,
            cancellationToken
        );
        // A passage without a vector has no similarity to be held against it.
        var words = byWords
            .Ranked.Where(ranked =>
                query.Threshold is not { } least
                || !cosines.TryGetValue(ranked.Row.ChunkId, out var cosine)
                || cosine > least
            )
            .ToArray();
        var lexicalRanks = words.Index().ToDictionary(one => one.Item.Row.ChunkId, one => one.Index + 1);
        PassageRow[] rows =
        [
            .. nearest.Where(row => lexicalRanks.ContainsKey(row.ChunkId) || row.Cosine >= embeddings.Unrelated),
        ];
        var denseRanks = rows.Index().ToDictionary(one => one.Item.ChunkId, one => one.Index + 1);
        var others = rows.Where(row => !lexicalRanks.ContainsKey(row.ChunkId)).ToArray();
        var found = Fuse(embeddings, query, byWords, words, rows, others, cosines)
            .Take(query.Limit)
            .Select(fused =>
            {
                var id = fused.Ranked.Row.ChunkId;
                var explanation = new PassageExplanation(
                    lexicalRanks.TryGetValue(id, out var lexicalRank) ? fused.Ranked.Stage(lexicalRank) : null,
                    denseRanks.TryGetValue(id, out var denseRank) ? new StageRank(denseRank, cosines[id]) : null,
                    fused.Score
                )
                {
                    Scan = scan,
                };
                return Passage(fused.Ranked with { Score = fused.Score }, query, explanation);
            });
        var (blind, revision) = await facts.WithoutVectorAsync(
            tenant,
            query.Reader,
            embeddings.Model!,
            cancellationToken
        );
        return new PassageResults(PassageResults.Hybrid, NoteOf(blind), [.. found])
        {
            Model = embeddings.Model,
            IsByPages = byWords.IsByPages,
            Nearest =
                scan == DenseScan.Exact
                    ? null
                    : new ServedNearest(embeddings.Model!, vector, [.. nearest.Select(row => row.ChunkId)], revision),
        };
    }

    /// <param name="blind">Passages without a vector.</param>
    public static string? NoteOf(int blind) =>
        blind == 0
            ? null
            : $"{blind} passages have no vector of the embedding model yet and are found by their words only. The server adds "
                + "them by itself.";

    /// <param name="words">Found by words, best first.</param>
    /// <param name="rows">Found by meaning, best first.</param>
    /// <param name="others">Those of them that words did not find.</param>
    private IEnumerable<(Ranked Ranked, double Score)> Fuse(
        Embeddings embeddings,
        PassageQuery query,
        WordRanking byWords,
        Ranked[] words,
        IReadOnlyList<PassageRow> rows,
        PassageRow[] others,
        IReadOnlyDictionary<Guid, double> cosines
    )
    {
        if (byWords.IsByPages)
        {
            // The page that holds a figure says little else; what is like the question tells less about it than its words do.
            var best = Math.Max(words.Select(ranked => ranked.Score).DefaultIfEmpty().Max(), double.Epsilon);
            return words
                .Select(ranked => (ranked, ranked.Score / best))
                .Concat(others.Select(row => (new Ranked(row, 0), 0d)));
        }

        Ranked[] all =
        [
            .. words,
            .. byWords.Statistics is { } statistics
                ? Score(query, others, statistics)
                : others.Select(row => new Ranked(row, 0)),
        ];
        var identifiers = QueryIdentifiers.Parse(QuerySyntax.Parse(query.Text).Wanted);
        var telling = words.Take(TellingPassages).Select(ranked => ranked.Row).Concat(rows.Take(TellingPassages));
        var fit = embeddings.FitOf(telling.Select(row => row.Beginning));
        return SignalFusion
            .Fuse(
                [
                    .. all.Select(ranked => new FusionCandidate(
                        ranked.Score,
                        cosines.TryGetValue(ranked.Row.ChunkId, out var cosine) ? cosine : null,
                        identifiers.HeldBy(ranked.Row.Title, ranked.Row.Heading, ranked.Row.Text)
                    )),
                ],
                byWords.WholeScore,
                fit?.Familiarity,
                identifiers.Share
            )
            .Ranked.Select(ranked => (all[ranked.Index], ranked.Score));
    }

    private static Passage Passage(Ranked ranked, PassageQuery query, PassageExplanation explanation) =>
        ranked.Row.ToPassage(query, ranked.Score, explanation);

    /// <param name="Ranked">Best first.</param>
    /// <param name="WholeScore">Of a passage with all words; not needed by pages.</param>
    /// <param name="Statistics">Null where no word of the query occurs.</param>
    /// <param name="IsByPages">Whether passages stand by the page that they are on.</param>
    private sealed record WordRanking(
        IReadOnlyList<Ranked> Ranked,
        double WholeScore,
        CorpusStatistics? Statistics,
        bool IsByPages = false
    )
    {
        public static WordRanking Empty { get; } = new([], 0, null);
    }

    /// <param name="Score">BM25, until it is fused.</param>
    private sealed record Ranked(PassageRow Row, double Score)
    {
        public StageRank Stage(int rank) => new(rank, Score);
    }
}
