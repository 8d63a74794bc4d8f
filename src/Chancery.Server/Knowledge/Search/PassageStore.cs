using Chancery.Search;
using Chancery.Search.Languages;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>A passage with what ranking and answering need of it.</summary>
internal sealed record PassageRow
{
    public const string ColumnsSql = """
        c.chunk_id, c.document_id, p.version, d.title, d.path, d.tags, p.page, p.start_char, p.end_char, p.place,
        c.heading, c.text
        """;

    public required Guid ChunkId { get; init; }
    public required Guid DocumentId { get; init; }
    public required int Version { get; init; }
    public required string Title { get; init; }
    public required string Path { get; init; }
    public required string[] Tags { get; init; }
    public required int Page { get; init; }
    public required int StartChar { get; init; }
    public required int EndChar { get; init; }
    public required string Place { get; init; }
    public required string Heading { get; init; }
    public required string Text { get; init; }

    /// <summary>Cosine similarity; only from the searches by vector.</summary>
    public double Cosine { get; init; }
}

/// <summary>Candidates and statistics from PostgreSQL. Safe for concurrent use.</summary>
internal sealed class PassageStore(TenantDatabase database, StatisticsCache cache)
{
    // A rare word chooses; one that stands in thousands of passages only adds to the score of those.
    private const int SelectingRows = 4000;

    // How many vectors are looked at for one that is wanted: those of former versions lie among them.
    private const int OldVersions = 5;

    private const string RevisionSql = """
        SELECT revision, token FROM knowledge_revisions WHERE tenant_id = @tenant
        """;

    private const string PassageCountSql = """
        SELECT coalesce(sum(v.chunk_count), 0)::int
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.current_version
        WHERE d.tenant_id = @tenant AND d.deleted_at IS NULL
        """;

    // More titles than this are not compared with every question.
    private const int MostNames = 5000;

    private const string TitlesSql = """
        SELECT document_id, title, path
        FROM documents
        WHERE tenant_id = @tenant AND deleted_at IS NULL AND current_version IS NOT NULL
        ORDER BY document_id
        LIMIT @most
        """;

    private const string FrequenciesSql = "SELECT place, passages FROM search_frequencies(@words)";

    // The function takes the tenant from the session, never from us: see 0006_search.sql for why.
    private const string LexicalSql =
        "SELECT "
        + PassageRow.ColumnsSql
        + """

            FROM search_passages(@query, @words, @weights, @documents, @tags, @collections, @from, @to, @most) AS s
            JOIN chunks AS c ON c.tenant_id = @tenant AND c.chunk_id = s.chunk_id
            JOIN documents AS d ON d.tenant_id = @tenant AND d.document_id = c.document_id
            JOIN chunk_places AS p
              ON p.tenant_id = @tenant AND p.chunk_id = c.chunk_id AND p.version = d.current_version
            ORDER BY s.score DESC, c.chunk_id
            LIMIT @most
            """;

    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    // Distances first and alone: joined to everything else in one go, the planner reads texts and places of all passages to keep
    // a hundred (measured at 7,800 passages: 590 ms, and 25 ms so).
    private const string DenseSql =
        """
            WITH scanned AS MATERIALIZED (
              SELECT v.chunk_id, v.embedding <=> @vector::vector AS distance
              FROM chunk_vectors AS v
              WHERE v.tenant_id = @tenant AND v.model = @model
              ORDER BY distance, v.chunk_id
              LIMIT @scanned::int
            ), nearest AS MATERIALIZED (
              SELECT s.chunk_id, s.distance, d.title, d.path, d.tags, d.current_version
              FROM scanned AS s
              JOIN chunks AS c ON c.tenant_id = @tenant AND c.chunk_id = s.chunk_id AND c.current
              JOIN documents AS d ON d.tenant_id = @tenant AND d.document_id = c.document_id
              WHERE (@documents::uuid[] IS NULL OR c.document_id = ANY (@documents))
                AND (@collections::uuid[] IS NULL OR d.collection_id = ANY (@collections))
                AND (@tags::text[] IS NULL OR d.tags && @tags)
                AND (@from::timestamptz IS NULL OR d.created_at >= @from)
                AND (@to::timestamptz IS NULL OR d.created_at < @to)
                AND (@must = '' OR c.tokens @@ @must::tsquery)
                AND (@threshold::float8 IS NULL OR 1 - s.distance > @threshold)
              ORDER BY s.distance, s.chunk_id
              LIMIT @most
            )
            SELECT

            """
        + PassageRow.ColumnsSql
        + """
            , 1 - d.distance AS cosine
            FROM nearest AS d
            JOIN chunks AS c ON c.tenant_id = @tenant AND c.chunk_id = d.chunk_id
            JOIN chunk_places AS p
              ON p.tenant_id = @tenant AND p.chunk_id = d.chunk_id AND p.version = d.current_version
            ORDER BY d.distance, d.chunk_id
            LIMIT @most
            """;

    private const string WithoutVectorSql = """
        SELECT count(*)::int
        FROM chunks AS c
        WHERE c.tenant_id = @tenant AND c.current AND NOT EXISTS (
          SELECT 1 FROM chunk_vectors AS v
          WHERE v.tenant_id = c.tenant_id AND v.model = @model AND v.chunk_id = c.chunk_id)
        """;

    private const string CosinesSql = """
        SELECT v.chunk_id, 1 - (v.embedding <=> @vector::vector) AS cosine
        FROM chunk_vectors AS v
        WHERE v.tenant_id = @tenant AND v.model = @model AND v.chunk_id = ANY (@chunks)
        ORDER BY v.chunk_id
        """;

    /// <summary>Candidates by words, roughly ordered, and how common the query's words are.</summary>
    public async Task<(IReadOnlyList<PassageRow> Rows, WordStatistics Statistics)> LexicalAsync(
        TenantId tenant,
        LexicalQuery lexical,
        PassageQuery query,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var statistics = await StatisticsAsync(session, lexical.Terms, cancellationToken);
        var present = lexical.Terms.Where(term => statistics.Frequencies[term] > 0).ToArray();
        if (present.Length == 0)
        {
            return ([], statistics);
        }

        // Frequencies are the whole tenant's: they say nothing about the few documents that a filter leaves.
        var selecting = IsFiltered(query) ? present : Selecting(present, statistics);
        var rows = await CandidatesAsync(selecting);
        if (rows.Count < query.Limit && selecting.Length < present.Length)
        {
            rows = await CandidatesAsync(present);
        }

        return (rows, statistics);

        Task<IReadOnlyList<PassageRow>> CandidatesAsync(string[] any) =>
            session.QueryAsync<PassageRow>(
                LexicalSql,
                new
                {
                    tenant = tenant.Value,
                    query = lexical.AnyOf(any),
                    words = present.Select(TokenVector.Quote).ToArray(),
                    weights = present.Select(term => statistics.WeightOf(term) * lexical.ShareOf(term)).ToArray(),
                    documents = NullIfEmpty(query.Documents),
                    tags = NullIfEmpty(query.Tags),
                    collections = NullIfEmpty(query.Collections),
                    from = query.From?.ToUniversalTime(),
                    to = query.To?.ToUniversalTime(),
                    most,
                },
                cancellationToken
            );
    }

    /// <summary>
    /// What the tenant's documents are called, by their titles and then by their files' names; none where there are too many.
    /// Read once for each revision.
    /// </summary>
    public async Task<IReadOnlyList<TitledDocument>> TitlesAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var known = await KnownAsync(session, cancellationToken);
        if (known.Titles is { } titles)
        {
            return titles;
        }

        var rows = await session.QueryAsync<TitleRow>(
            TitlesSql,
            new { tenant = tenant.Value, most = MostNames + 1 },
            cancellationToken
        );
        titles =
            rows.Count > MostNames
                ? []
                :
                [
                    .. rows.Select(row => new TitledDocument(row.DocumentId, DocumentName.Of(row.Title))),
                    .. rows.Select(row => new TitledDocument(row.DocumentId, DocumentName.Of(FileNameOf(row.Path)))),
                ];
        known.Titles = titles;
        return titles;
    }

    /// <summary>What the tenant's passages are written in. Looked for once for each revision.</summary>
    public async Task<LanguageSet> LanguagesAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var known = await KnownAsync(session, cancellationToken);
        if (known.Languages is { } languages)
        {
            return languages;
        }

        var marks = await session.QueryAsync<FrequencyRow>(
            FrequenciesSql,
            new { words = LanguageMark.All.Select(TokenVector.Quote).ToArray() },
            cancellationToken
        );
        var present = marks
            .Where(row => row.Passages > 0)
            .Select(row => LanguageMark.All[row.Place - 1])
            .ToHashSet(StringComparer.Ordinal);
        known.Languages = languages = LanguageMark.Present(present.Contains);
        return languages;
    }

    /// <summary>False where PostgreSQL has no pgvector.</summary>
    public async Task<bool> HasVectorsAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken);
    }

    /// <summary>The nearest passages, nearest first; and the cosines of <paramref name="alsoOf"/>.</summary>
    public async Task<(IReadOnlyList<PassageRow> Rows, IReadOnlyDictionary<Guid, double> Cosines)> DenseAsync(
        TenantId tenant,
        string model,
        string vector,
        string must,
        PassageQuery query,
        Guid[] alsoOf,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        // Without a filter the nearest are few to look at; more than those where old versions stand in the way.
        var isOpen = must.Length == 0 && query.Threshold is null && !IsFiltered(query);
        var rows = await NearestAsync(isOpen ? most * OldVersions : null);
        if (isOpen && rows.Count < most)
        {
            rows = await NearestAsync(null);
        }

        var cosines = rows.ToDictionary(row => row.ChunkId, row => row.Cosine);
        if (alsoOf.Length > 0)
        {
            var more = await session.QueryAsync<CosineRow>(
                CosinesSql,
                new
                {
                    tenant = tenant.Value,
                    model,
                    vector,
                    chunks = alsoOf,
                },
                cancellationToken
            );
            foreach (var row in more)
            {
                cosines[row.ChunkId] = row.Cosine;
            }
        }

        return (rows, cosines);

        Task<IReadOnlyList<PassageRow>> NearestAsync(int? scanned) =>
            session.QueryAsync<PassageRow>(
                DenseSql,
                new
                {
                    tenant = tenant.Value,
                    model,
                    vector,
                    scanned,
                    must,
                    documents = NullIfEmpty(query.Documents),
                    tags = NullIfEmpty(query.Tags),
                    collections = NullIfEmpty(query.Collections),
                    from = query.From?.ToUniversalTime(),
                    to = query.To?.ToUniversalTime(),
                    threshold = query.Threshold,
                    most,
                },
                cancellationToken
            );
    }

    /// <summary>
    /// How many current passages only their words can find: read before there was a model, or under another one. Counted once
    /// for each revision.
    /// </summary>
    public async Task<int> WithoutVectorAsync(TenantId tenant, string model, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var known = await KnownAsync(session, cancellationToken);
        return known.WithoutVector ??= await session.FindAsync<int>(
            WithoutVectorSql,
            new { tenant = tenant.Value, model },
            cancellationToken
        );
    }

    private async Task<StatisticsCache.Entry> KnownAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var revision =
            await session.FindAsync<RevisionRow>(RevisionSql, new { tenant = session.Tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {session.Tenant} has no row in knowledge_revisions.");
        return cache.Of(session.Tenant, revision.Revision, revision.Token);
    }

    private async Task<WordStatistics> StatisticsAsync(
        TenantSession session,
        IReadOnlyList<string> terms,
        CancellationToken cancellationToken
    )
    {
        var tenant = session.Tenant.Value;
        var known = await KnownAsync(session, cancellationToken);
        known.PassageCount ??= await session.FindAsync<int>(PassageCountSql, new { tenant }, cancellationToken);

        var frequencies = new Dictionary<string, int>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var term in terms)
        {
            if (known.FrequencyOf(term) is { } count)
            {
                frequencies[term] = count;
            }
            else
            {
                missing.Add(term);
            }
        }

        if (missing.Count > 0)
        {
            var counted = await session.QueryAsync<FrequencyRow>(
                FrequenciesSql,
                new { words = missing.Select(TokenVector.Quote).ToArray() },
                cancellationToken
            );
            foreach (var row in counted)
            {
                frequencies[missing[row.Place - 1]] = row.Passages;
                known.Remember(missing[row.Place - 1], row.Passages);
            }
        }

        return new WordStatistics(known.PassageCount.Value, frequencies);
    }

    /// <summary>The rarest terms, as many as together select few enough passages; at least one.</summary>
    private static string[] Selecting(string[] present, WordStatistics statistics)
    {
        var selecting = new List<string>();
        var rows = 0;
        foreach (var term in present.OrderBy(term => statistics.Frequencies[term]))
        {
            rows += statistics.Frequencies[term];
            if (selecting.Count > 0 && rows > SelectingRows)
            {
                break;
            }

            selecting.Add(term);
        }

        return [.. selecting];
    }

    private static bool IsFiltered(PassageQuery query) =>
        query is { Documents.Length: > 0 } or { Tags.Length: > 0 } or { Collections.Length: > 0 }
        || query.From is not null
        || query.To is not null;

    private static T[]? NullIfEmpty<T>(T[]? values) => values is { Length: > 0 } ? values : null;

    private sealed record RevisionRow(long Revision, Guid Token);

    private static string FileNameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private sealed record TitleRow(Guid DocumentId, string Title, string Path);

    private sealed record FrequencyRow(int Place, int Passages);

    private sealed record CosineRow(Guid ChunkId, double Cosine);
}

internal sealed record TitledDocument(Guid DocumentId, DocumentName Name);

/// <summary>How many of a tenant's current passages there are, and how many hold each word of a query.</summary>
internal sealed record WordStatistics(int PassageCount, IReadOnlyDictionary<string, int> Frequencies)
{
    /// <summary>Near 0 for a word that stands everywhere.</summary>
    public double WeightOf(string term) =>
        new CorpusStatistics(Math.Max(PassageCount, Frequencies[term]), 1, Frequencies).InverseFrequency(term);
}
