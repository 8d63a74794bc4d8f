using Chancery.Search;
using Chancery.Search.Languages;
using Chancery.Server.Knowledge.Search.Recall;
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

    // Enough to tell the language that it is in.
    private const int TellingCharacters = 256;

    /// <summary>What tells its language.</summary>
    public string Beginning => Text[..Math.Min(TellingCharacters, Text.Length)];

    /// <param name="explanation">Left out unless the query asks for it.</param>
    public Passage ToPassage(PassageQuery query, double score, PassageExplanation explanation) =>
        new(
            ChunkId,
            DocumentId,
            Version,
            Title,
            Path,
            Tags,
            Page,
            StartChar,
            EndChar,
            Heading,
            Text,
            [.. Highlighter.Find(query.Text, Text).Select(span => new[] { span.Start, span.Length })],
            score,
            query.Explain ? explanation : null
        )
        {
            Place = Place.Length == 0 ? null : Place,
        };
}

/// <summary>Candidates and statistics from PostgreSQL. Safe for concurrent use.</summary>
internal sealed class PassageStore(
    TenantDatabase database,
    StatisticsCache cache,
    IEnumerable<INearestPassages> nearest
)
{
    // A rare word chooses; one that stands in thousands of passages only adds to the score of those.
    private const int SelectingRows = 4000;

    // How many vectors are looked at for one that is wanted: those of former versions lie among them.
    private const int OldVersions = 5;

    // And again, where a filter left too few of those. Then all are looked at.
    private const int FilteredAway = 40;

    private const string RevisionSql = """
        SELECT revision, token FROM knowledge_revisions WHERE tenant_id = @tenant
        """;

    private const string SightSql = "SELECT hides, marks FROM reader_marks()";

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

    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

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

    private const string WithoutVectorSql = """
        SELECT count(*)::int
        FROM chunks AS c
        WHERE c.tenant_id = @tenant AND c.current AND NOT EXISTS (
          SELECT 1 FROM chunk_vectors AS v
          WHERE v.tenant_id = c.tenant_id AND v.model = @model AND v.chunk_id = c.chunk_id)
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
    public async Task<IReadOnlyList<TitledDocument>> TitlesAsync(
        TenantId tenant,
        Reader reader,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
        var known = await KnownAsync(session, cancellationToken);
        return known.Titles ??= await TitlesAsync(session, cancellationToken);
    }

    /// <summary>The same for a caller who knows the tenant's revision, or an earlier one: what was read for it is not read again.</summary>
    public async Task<IReadOnlyList<TitledDocument>> TitlesAsync(
        TenantId tenant,
        Reader reader,
        Sight sight,
        long revision,
        Guid token,
        CancellationToken cancellationToken
    )
    {
        var known = cache.Of(tenant, revision, token).For(sight);
        if (known.Titles is { } titles)
        {
            return titles;
        }

        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
        return known.Titles = await TitlesAsync(session, cancellationToken);
    }

    /// <summary>For reading passages by id, step by step: what comes of one step decides what the next one reads.</summary>
    public PassageReader Reader(TenantId tenant, Reader reader) => new(database, tenant, reader);

    /// <summary>What the reader may find at the tenant's revision, or later. Asked once for each.</summary>
    public async ValueTask<Sight> SightAsync(
        TenantId tenant,
        Reader reader,
        long revision,
        Guid token,
        CancellationToken cancellationToken
    )
    {
        if (reader.ReadsEverything)
        {
            return Sight.Everything;
        }

        var known = cache.Of(tenant, revision, token);
        if (known.SightOf(reader.Setting) is { } sight)
        {
            return sight;
        }

        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
        return await SightAsync(session, known, cancellationToken);
    }

    private static async ValueTask<Sight> SightAsync(
        TenantSession session,
        StatisticsCache.Entry known,
        CancellationToken cancellationToken
    )
    {
        if (session.Reader.ReadsEverything)
        {
            return Sight.Everything;
        }

        if (known.SightOf(session.Reader.Setting) is { } sight)
        {
            return sight;
        }

        var row = await session.FindAsync<SightRow>(SightSql, null, cancellationToken);
        return known.Remember(session.Reader.Setting, row!.Hides ? new Sight(true, row.Marks) : Sight.Everything);
    }

    /// <summary>The passages of these ids that search may still see.</summary>
    public static Task<IReadOnlyList<PassageRow>> RowsAsync(
        TenantSession session,
        Guid[] chunks,
        CancellationToken cancellationToken
    ) => session.QueryAsync<PassageRow>(RowsSql, new { tenant = session.Tenant.Value, chunks }, cancellationToken);

    /// <summary>What the passages that the reader may read are written in. Looked for once for each revision.</summary>
    public async Task<LanguageSet> LanguagesAsync(TenantId tenant, Reader reader, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
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
    /// How many current passages only their words can find: read before there was a model, or under another one. Counted once
    /// for each revision, whose token comes with it.
    /// </summary>
    public async Task<(int Passages, Guid Revision)> WithoutVectorAsync(
        TenantId tenant,
        Reader reader,
        string model,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
        var known = await KnownAsync(session, cancellationToken);
        if (known.WithoutVector is var (counted, passages) && counted == model)
        {
            return (passages, known.Token);
        }

        var missing = await session.FindAsync<int>(
            WithoutVectorSql,
            new { tenant = tenant.Value, model },
            cancellationToken
        );
        known.WithoutVector = (model, missing);
        return (missing, known.Token);
    }

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

        async Task<bool> IsElsewhereAsync() => (await KnownAsync(session, cancellationToken)).Token != served.Revision;
    }

    private static async Task<IReadOnlyList<TitledDocument>> TitlesAsync(
        TenantSession session,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<TitleRow>(
            TitlesSql,
            new { tenant = session.Tenant.Value, most = MostNames + 1 },
            cancellationToken
        );
        return rows.Count > MostNames
            ? []
            :
            [
                .. rows.Select(row => new TitledDocument(row.DocumentId, DocumentName.Of(row.Title))),
                .. rows.Select(row => new TitledDocument(row.DocumentId, DocumentName.Of(FileNameOf(row.Path)))),
            ];
    }

    private async Task<StatisticsCache.Entry> KnownAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var revision =
            await session.FindAsync<RevisionRow>(RevisionSql, new { tenant = session.Tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {session.Tenant} has no row in knowledge_revisions.");
        var known = cache.Of(session.Tenant, revision.Revision, revision.Token);
        return known.For(await SightAsync(session, known, cancellationToken));
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

    private sealed record SightRow
    {
        public required bool Hides { get; init; }
        public required Guid[] Marks { get; init; }
    }

    private static string FileNameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private sealed record TitleRow(Guid DocumentId, string Title, string Path);

    private sealed record FrequencyRow(int Place, int Passages);

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

internal sealed record TitledDocument(Guid DocumentId, DocumentName Name);

/// <summary>How many of a tenant's current passages there are, and how many hold each word of a query.</summary>
internal sealed record WordStatistics(int PassageCount, IReadOnlyDictionary<string, int> Frequencies)
{
    /// <summary>Near 0 for a word that stands everywhere.</summary>
    public double WeightOf(string term) =>
        new CorpusStatistics(Math.Max(PassageCount, Frequencies[term]), 1, Frequencies).InverseFrequency(term);
}
