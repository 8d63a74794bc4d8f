using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>Passages from PostgreSQL: candidates by words, the nearest by vector, and texts by id. Safe for concurrent use.</summary>
internal sealed class PassageStore(TenantDatabase database, PassageFacts facts, IEnumerable<INearestPassages> nearest)
{
    // A rare word chooses; one that stands in thousands of passages only adds to the score of those.
    private const int SelectingRows = 4000;

    // How many vectors are looked at for one that is wanted: those of former versions lie among them.
    private const int OldVersions = 5;

    // And again, where a filter left too few of those. Then all are looked at.
    private const int FilteredAway = 40;

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

    private const string RowsSql =
        "SELECT "
        + PassageRow.ColumnsSql
        + """

            FROM chunks AS c
            JOIN documents AS d
              ON d.tenant_id = @tenant AND d.document_id = c.document_id AND d.deleted_at IS NULL
            JOIN chunk_places AS p
              ON p.tenant_id = @tenant AND p.chunk_id = c.chunk_id AND p.version = d.current_version
            WHERE c.tenant_id = @tenant AND c.chunk_id = ANY (@chunks) AND c.current
            ORDER BY c.chunk_id
            """;

    // Distances first and alone: joined to everything else in one go, the planner reads texts and places of all passages to keep
    // a hundred (measured at 7,800 passages: 590 ms, and 25 ms so).
    private const string DenseSql =
        """
            WITH scanned AS MATERIALIZED (
              SELECT v.chunk_id, v.embedding <=> @vector::vector AS distance
              FROM chunk_vectors AS v
              WHERE v.tenant_id = @tenant AND v.model = @model AND (@ids::uuid[] IS NULL OR v.chunk_id = ANY (@ids))
              ORDER BY distance, v.chunk_id
              LIMIT @scanned::int
            ), nearest AS MATERIALIZED (
              SELECT s.chunk_id, s.distance, d.title, d.path, d.tags, d.current_version
              FROM scanned AS s
              JOIN chunks AS c ON c.tenant_id = @tenant AND c.chunk_id = s.chunk_id AND c.current
              JOIN documents AS d ON d.tenant_id = @tenant AND d.document_id = c.document_id
              -- A vector of zeros has no direction, and no distance that is a number.
              WHERE s.distance < 'infinity'
                AND (@documents::uuid[] IS NULL OR c.document_id = ANY (@documents))
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

    private const string OneProcessorSql = "SET LOCAL max_parallel_workers_per_gather = 0";

    private const string CosinesSql = """
        SELECT v.chunk_id, 1 - (v.embedding <=> @vector::vector) AS cosine
        FROM chunk_vectors AS v
        WHERE v.tenant_id = @tenant AND v.model = @model AND v.chunk_id = ANY (@chunks)
          AND (v.embedding <=> @vector::vector) < 'infinity'
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
        await using var session = await database.OpenAsync(tenant, query.Reader, cancellationToken);
        var statistics = await facts.StatisticsAsync(session, lexical.Terms, cancellationToken);
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

    /// <summary>For reading passages by id, step by step: what comes of one step decides what the next one reads.</summary>
    public PassageReader Reader(TenantId tenant, Reader reader) => new(database, tenant, reader);

    /// <summary>The passages of these ids that search may still see.</summary>
    public static Task<IReadOnlyList<PassageRow>> RowsAsync(
        TenantSession session,
        Guid[] chunks,
        CancellationToken cancellationToken
    ) => session.QueryAsync<PassageRow>(RowsSql, new { tenant = session.Tenant.Value, chunks }, cancellationToken);

    /// <summary>The nearest passages, nearest first; and the cosines of <paramref name="alsoOf"/>.</summary>
    public async Task<DenseRows> DenseAsync(
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
        var named = await NamedAsync(tenant, model, vector, must, query, most, cancellationToken);
        await using var session = await database.OpenAsync(tenant, query.Reader, cancellationToken);
        var rows =
            named?.Rows
            ?? await ScannedAsync(session, new NearestQuery(model, vector, must, query, most), cancellationToken);
        var cosines = rows.ToDictionary(row => row.ChunkId, row => row.Cosine);
        if (alsoOf.Length > 0)
        {
            foreach (var row in await CosinesAsync(session, model, vector, alsoOf, cancellationToken))
            {
                cosines[row.ChunkId] = row.Cosine;
            }
        }

        return new DenseRows(rows, cosines, named?.Scan ?? DenseScan.Exact);
    }

    private static Task<IReadOnlyList<CosineRow>> CosinesAsync(
        TenantSession session,
        string model,
        string vector,
        Guid[] chunks,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<CosineRow>(
            CosinesSql,
            new
            {
                tenant = session.Tenant.Value,
                model,
                vector,
                chunks,
            },
            cancellationToken
        );

    /// <summary>By the first of those that name the nearest passages which can; null where none can, or filters leave too few.</summary>
    private async Task<(IReadOnlyList<PassageRow> Rows, string Scan)?> NamedAsync(
        TenantId tenant,
        string model,
        string vector,
        string must,
        PassageQuery query,
        int most,
        CancellationToken cancellationToken
    )
    {
        // How near a passage is decides last here: what is farther than the threshold is known not to be nearer.
        var wanted = new NearestQuery(model, vector, must, query with { Threshold = null }, most);
        foreach (var source in nearest)
        {
            foreach (var times in new[] { OldVersions, FilteredAway })
            {
                var found = await source.FindAsync(
                    tenant,
                    model,
                    vector,
                    NullIfEmpty(query.Documents),
                    most * times,
                    cancellationToken
                );
                if (found is null)
                {
                    break;
                }

                await using var session = await database.OpenAsync(tenant, query.Reader, cancellationToken);
                var rows = await NearestAsync(session, wanted, [.. found.Ids], null, cancellationToken);
                if (rows.Count >= most || found.IsAll)
                {
                    return ([.. rows.Where(row => !(row.Cosine <= query.Threshold))], source.Scan);
                }
            }
        }

        return null;
    }

    private static async Task<IReadOnlyList<PassageRow>> ScannedAsync(
        TenantSession session,
        NearestQuery wanted,
        CancellationToken cancellationToken
    )
    {
        // Without a filter the nearest are few to look at; more than those where old versions stand in the way.
        var isOpen = wanted.Must.Length == 0 && wanted.Query.Threshold is null && !IsFiltered(wanted.Query);
        var rows = await NearestAsync(
            session,
            wanted,
            null,
            isOpen ? wanted.Most * OldVersions : null,
            cancellationToken
        );
        return isOpen && rows.Count < wanted.Most
            ? await NearestAsync(session, wanted, null, null, cancellationToken)
            : rows;
    }

    /// <param name="ids">Only these; null for all.</param>
    /// <param name="scanned">How many of the nearest are held against the filters; null for all.</param>
    private static Task<IReadOnlyList<PassageRow>> NearestAsync(
        TenantSession session,
        NearestQuery wanted,
        Guid[]? ids,
        int? scanned,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<PassageRow>(
            DenseSql,
            new
            {
                tenant = session.Tenant.Value,
                model = wanted.Model,
                vector = wanted.Vector,
                ids,
                scanned,
                must = wanted.Must,
                documents = NullIfEmpty(wanted.Query.Documents),
                tags = NullIfEmpty(wanted.Query.Tags),
                collections = NullIfEmpty(wanted.Query.Collections),
                from = wanted.Query.From?.ToUniversalTime(),
                to = wanted.Query.To?.ToUniversalTime(),
                threshold = wanted.Query.Threshold,
                most = wanted.Most,
            },
            cancellationToken
        );

    /// <summary>
    /// What is nearest indeed, by every vector as it was made, on one processor; null where the tenant is not, or no longer, at the
    /// revision at which it was searched.
    /// </summary>
    public async Task<ExactNearest?> ExactAsync(
        TenantId tenant,
        PassageQuery query,
        ServedNearest served,
        int most,
        CancellationToken cancellationToken
    )
    {
        var vector = Embeddings.Write(served.Vector.Span);
        await using var session = await database.OpenAsync(tenant, query.Reader, cancellationToken);
        await session.ExecuteAsync(OneProcessorSql, null, cancellationToken);
        if (await IsElsewhereAsync())
        {
            return null;
        }

        var rows = await NearestAsync(
            session,
            new NearestQuery(served.Model, vector, "", query, most),
            null,
            null,
            cancellationToken
        );
        Guid[] ids = [.. served.Ids.Take(most)];
        var cosines = (await CosinesAsync(session, served.Model, vector, ids, cancellationToken)).ToDictionary(
            row => row.ChunkId,
            row => row.Cosine
        );
        return await IsElsewhereAsync()
            ? null
            : new ExactNearest(
                [.. rows.Select(row => row.Cosine)],
                [.. ids.Select(id => cosines.TryGetValue(id, out var cosine) ? cosine : (double?)null)]
            );

        async Task<bool> IsElsewhereAsync() => await facts.RevisionAsync(session, cancellationToken) != served.Revision;
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

    private sealed record CosineRow(Guid ChunkId, double Cosine);

    private sealed record NearestQuery(string Model, string Vector, string Must, PassageQuery Query, int Most);
}

/// <param name="Rows">Nearest first.</param>
/// <param name="Scan">One of <see cref="DenseScan"/>.</param>
internal sealed record DenseRows(
    IReadOnlyList<PassageRow> Rows,
    IReadOnlyDictionary<Guid, double> Cosines,
    string Scan
);
