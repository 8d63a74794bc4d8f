using Chancery.Models;
using Chancery.Search;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Search in PostgreSQL: candidates by full text, ranked again by BM25 here, and by an exact scan of the vectors when
/// there is an embedding model; both fused by rank.
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

    // A reader waits for this; words alone are the better answer after a while.
    private static readonly TimeSpan EmbeddingPatience = TimeSpan.FromSeconds(5);

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);

        var lexical = LexicalQuery.Parse(query.Text);
        // Both at once: the model's answer takes longer than the words.
        var embedding = EmbedAsync(query.Text, cancellationToken);
        var byWords =
            (query.ForAnswer ? await RankByPagesAsync(tenant, lexical, query, cancellationToken) : null)
            ?? await RankByWordsAsync(tenant, lexical, query, cancellationToken);
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
            .Take(query.Limit)
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
            return ((await embeddings.GenerateAsync([text], EmbeddingPatience, cancellationToken))[0], null);
        }
        catch (ModelException exception)
        {
            Log.QueryNotEmbedded(logger, exception);
            return (null, "The embedding model did not answer: passages were found by their words only.");
        }
    }

    private async Task<IReadOnlyList<Ranked>> RankByWordsAsync(
        TenantId tenant,
        LexicalQuery lexical,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        if (lexical.Terms.Count == 0)
        {
            return [];
        }

        var most = Math.Clamp(query.Limit * 8, FewestCandidates, MostCandidates);
        var (rows, words) = await store.LexicalAsync(tenant, lexical, query, most, cancellationToken);
        if (rows.Count == 0)
        {
            return [];
        }

        var candidates = rows.Select(analysed.Of).ToArray();
        var wanted = QuerySyntax.Parse(query.Text).Wanted;
        return
        [
            .. Bm25Reranker
                .RankAnalysed(wanted, candidates, StatisticsOf(rows, words))
                .Select(ranked => new Ranked(rows[ranked.Index], ranked.Score)),
        ];
    }

    /// <summary>
    /// Null where the question neither names a document nor asks for what reports call by other names, and where that
    /// found too little: then words decide.
    /// </summary>
    private async Task<IReadOnlyList<Ranked>?> RankByPagesAsync(
        TenantId tenant,
        LexicalQuery lexical,
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

        var evidence = EvidenceQuery.Parse(wanted, documents.Length > 0 ? named.Terms : null);
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

        return
        [
            .. EvidenceRanker
                .Rank(evidence, candidates, StatisticsOf(rows, words))
                .Select(ranked => new Ranked(rows[ranked.Index], ranked.Score)),
        ];
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
        IReadOnlyList<Ranked> byWords,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        var (rows, cosines) = await store.DenseAsync(
            tenant,
            embeddings.Model!,
            vector,
            lexical.Must,
            query,
            query.Threshold is null ? [] : [.. byWords.Select(ranked => ranked.Row.ChunkId)],
            DenseCandidates,
            cancellationToken
        );
        // A passage without a vector has no similarity to be held against it.
        var words = byWords
            .Where(ranked =>
                query.Threshold is not { } least
                || !cosines.TryGetValue(ranked.Row.ChunkId, out var cosine)
                || cosine > least
            )
            .ToArray();
        var byId = new Dictionary<Guid, Ranked>();
        foreach (var ranked in rows.Select(row => new Ranked(row, 0)).Concat(words))
        {
            byId[ranked.Row.ChunkId] = ranked;
        }

        var fused = ReciprocalRankFusion.Fuse<Guid>([
            [.. words.Select(ranked => ranked.Row.ChunkId)],
            [.. rows.Select(row => row.ChunkId)],
        ]);
        var found = fused
            .Take(query.Limit)
            .Select(item =>
            {
                var ranked = byId[item.Item];
                var explanation = new PassageExplanation(
                    item.Ranks[0] is { } lexicalRank ? ranked.Stage(lexicalRank) : null,
                    item.Ranks[1] is { } denseRank ? new StageRank(denseRank, cosines[item.Item]) : null,
                    item.Score
                );
                return Passage(ranked with { Score = item.Score }, query, explanation);
            });
        var blind = await store.WithoutVectorAsync(tenant, embeddings.Model!, cancellationToken);
        var note =
            blind == 0
                ? null
                : $"{blind} passages have no vector of the embedding model yet and are found by their words only. The server adds "
                    + "them by itself.";
        return new PassageResults(PassageResults.Hybrid, note, [.. found]);
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

    /// <param name="Score">BM25, until it is fused.</param>
    private sealed record Ranked(PassageRow Row, double Score)
    {
        public StageRank Stage(int rank) => new(rank, Score);
    }
}
