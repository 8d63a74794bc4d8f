using Chancery.Search;
using Chancery.Search.Languages;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// What holds of all passages that a reader may read, at one revision of the tenant: how many there are, how common words are, titles,
/// languages. Asked of PostgreSQL once for each revision and set of marks. Safe for concurrent use.
/// </summary>
internal sealed class PassageFacts(TenantDatabase database, StatisticsCache cache)
{
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

    private const string WithoutVectorSql = """
        SELECT count(*)::int
        FROM chunks AS c
        WHERE c.tenant_id = @tenant AND c.current AND NOT EXISTS (
          SELECT 1 FROM chunk_vectors AS v
          WHERE v.tenant_id = c.tenant_id AND v.model = @model AND v.chunk_id = c.chunk_id)
        """;

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

    /// <summary>The token of the tenant's revision, as the session sees it.</summary>
    public async Task<Guid> RevisionAsync(TenantSession session, CancellationToken cancellationToken) =>
        (await KnownAsync(session, cancellationToken)).Token;

    private async Task<StatisticsCache.Entry> KnownAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var revision =
            await session.FindAsync<RevisionRow>(RevisionSql, new { tenant = session.Tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {session.Tenant} has no row in knowledge_revisions.");
        var known = cache.Of(session.Tenant, revision.Revision, revision.Token);
        return known.For(await SightAsync(session, known, cancellationToken));
    }

    /// <summary>How common the terms are among what the session's reader may read. Each is counted once for each revision.</summary>
    public async Task<WordStatistics> StatisticsAsync(
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

    private sealed record RevisionRow(long Revision, Guid Token);

    private sealed record SightRow
    {
        public required bool Hides { get; init; }
        public required Guid[] Marks { get; init; }
    }

    private static string FileNameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private sealed record TitleRow(Guid DocumentId, string Title, string Path);

    private sealed record FrequencyRow(int Place, int Passages);
}

internal sealed record TitledDocument(Guid DocumentId, DocumentName Name);

/// <summary>How many of a tenant's current passages there are, and how many hold each word of a query.</summary>
internal sealed record WordStatistics(int PassageCount, IReadOnlyDictionary<string, int> Frequencies)
{
    /// <summary>Near 0 for a word that stands everywhere.</summary>
    public double WeightOf(string term) =>
        new CorpusStatistics(Math.Max(PassageCount, Frequencies[term]), 1, Frequencies).InverseFrequency(term);
}
