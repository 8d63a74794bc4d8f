using Chancery.Models;
using Chancery.Search;
using Chancery.Search.Languages;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Search in PostgreSQL: candidates by full text, ranked again by BM25 here, and by an exact scan of the vectors when
/// there is an embedding model; both fused by <see cref="SignalFusion"/>.
/// </summary>
internal sealed class PostgresPassageSearch(
    PassageStore store,
    AnalysedPassages analysed,
    Embeddings embeddings,
    ILogger<PostgresPassageSearch> logger
) : IPassageSearch
{
    private const int MostCandidates = 200;
    private const int FewestCandidates = 80;
    private const int DenseCandidates = 100;

    // Of each list: enough to tell the language that they are in, read in less than a millisecond.
    private const int TellingPassages = 10;
    private const int TellingCharacters = 256;

    // A reader waits for this; words alone are the better answer after a while.
    private static readonly TimeSpan EmbeddingPatience = TimeSpan.FromSeconds(5);

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);

        // Both at once: the model's answer takes longer than the words.
        var embedding = EmbedAsync(query.Text, cancellationToken);
        var languages = await store.LanguagesAsync(tenant, cancellationToken);
        var lexical = LexicalQuery.Parse(query.Text, languages);
        var byWords =
            (query.ForAnswer ? await RankByPagesAsync(tenant, lexical, languages, query, cancellationToken) : null)
            ?? await RankByWordsAsync(tenant, lexical, languages, query, cancellationToken);
        var (vector, note) = await embedding;
        if (vector is not null)
        {
            try
            {
                return await FuseAsync(tenant, lexical, vector, byWords, query, cancellationToken);
            }
            catch (PostgresException exception)
                when (exception.SqlState is PostgresErrorCodes.DataException or PostgresErrorCodes.UndefinedTable)
            {
                // Vectors of another length under the same model's name, or no pgvector.
                Log.QueryNotEmbedded(logger, exception);
                note =
                    "The stored vectors cannot be compared with the model's: passages were found by their words only.";
            }
        }

        if (query.Threshold is not null)
        {
            note += " The threshold was not applied.";
        }

        var found = byWords
            .Ranked.Take(query.Limit)
            .Select(
                (ranked, place) => Passage(ranked, query, new PassageExplanation(ranked.Stage(place + 1), null, null))
            );
        return new PassageResults(PassageResults.Lexical, note, [.. found]);
    }

    private async Task<(string? Vector, string? Note)> EmbedAsync(string text, CancellationToken cancellationToken)
    {
        if (embeddings.Model is null)
        {
            return (null, "No embedding model is configured: passages were found by their words only.");
        }

        if (!embeddings.TryTurn())
        {
            return (
                null,
                "The embedding model did not answer a moment ago and is left alone for a while: passages were found by their "
                    + "words only."
            );
        }

        try
        {
            return (await embeddings.OfQueryAsync(text, EmbeddingPatience, cancellationToken), null);
        }
        catch (ModelException exception)
        {
            Log.QueryNotEmbedded(logger, exception);
            return (
                null,
                exception.InnerException is LocalModelException
                    ? "The embedding model of this server cannot be used (chancery doctor tells why): passages were found by their words only."
                    : "The embedding model did not answer: passages were found by their words only."
            );
        }
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
                .RankAnalysed(QuerySyntax.Parse(query.Text).Wanted, [.. rows.Select(analysed.Of)], statistics)
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
        var wanted = QuerySyntax.Parse(query.Text).Wanted;
        var titles = await store.TitlesAsync(tenant, cancellationToken);
        var named = NamedDocuments.Find(wanted, [.. titles.Select(titled => titled.Name)]);
        var documents = named.Places.Select(place => titles[place].DocumentId).Distinct().ToArray();
        if (query.Documents is { Length: > 0 } only)
        {
            documents = [.. documents.Intersect(only)];
        }

        var evidence = EvidenceQuery.Parse(wanted, documents.Length > 0 ? named.Terms : null, languages);
        if ((documents.Length == 0 && !evidence.HasItems) || evidence.Terms.Count == 0)
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

        var pages = new Dictionary<(Guid, int), int>();
        var candidates = new EvidenceCandidate[rows.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            var page = (rows[i].DocumentId, rows[i].Page);
            if (!pages.TryGetValue(page, out var number))
            {
                pages.Add(page, number = pages.Count);
            }

            candidates[i] = new EvidenceCandidate(analysed.Of(rows[i]), number);
        }

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
        LexicalQuery lexical,
        string vector,
        WordRanking byWords,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        var (nearest, cosines) = await store.DenseAsync(
            tenant,
            embeddings.Model!,
            vector,
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
        var found = Fuse(query, byWords, words, rows, others, cosines)
            .Take(query.Limit)
            .Select(fused =>
            {
                var id = fused.Ranked.Row.ChunkId;
                var explanation = new PassageExplanation(
                    lexicalRanks.TryGetValue(id, out var lexicalRank) ? fused.Ranked.Stage(lexicalRank) : null,
                    denseRanks.TryGetValue(id, out var denseRank) ? new StageRank(denseRank, cosines[id]) : null,
                    fused.Score
                );
                return Passage(fused.Ranked with { Score = fused.Score }, query, explanation);
            });
        var blind = await store.WithoutVectorAsync(tenant, embeddings.Model!, cancellationToken);
        var note =
            blind == 0
                ? null
                : $"{blind} passages have no vector of the embedding model yet and are found by their words only. The server adds "
                    + "them by itself.";
        return new PassageResults(PassageResults.Hybrid, note, [.. found]);
    }

    /// <param name="words">Found by words, best first.</param>
    /// <param name="rows">Found by meaning, best first.</param>
    /// <param name="others">Those of them that words did not find.</param>
    private IEnumerable<(Ranked Ranked, double Score)> Fuse(
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
        var fit = embeddings.FitOf(telling.Select(row => row.Text[..Math.Min(TellingCharacters, row.Text.Length)]));
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

    private static Passage Passage(Ranked ranked, PassageQuery query, PassageExplanation explanation)
    {
        var row = ranked.Row;
        return new Passage(
            row.ChunkId,
            row.DocumentId,
            row.Version,
            row.Title,
            row.Path,
            row.Tags,
            row.Page,
            row.StartChar,
            row.EndChar,
            row.Heading,
            row.Text,
            [.. Highlighter.Find(query.Text, row.Text).Select(span => new[] { span.Start, span.Length })],
            ranked.Score,
            query.Explain ? explanation : null
        )
        {
            Place = row.Place.Length == 0 ? null : row.Place,
        };
    }

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
