using Chancery.Documents;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>How far a version has come.</summary>
internal sealed record VersionProgress
{
    public required string State { get; init; }
    public required byte[] BlobSha256 { get; init; }
    public required string MediaType { get; init; }
    public required string FileName { get; init; }
    public int? PageCount { get; init; }
    public required int PagesDone { get; init; }
}

/// <summary>A chunk that waits for its vector.</summary>
internal sealed record UnembeddedChunk(Guid ChunkId, string Heading, string Text)
{
    public string TextToEmbed => Heading.Length == 0 ? Text : $"{Heading}\n{Text}";
}

/// <summary>
/// The rows of ingestion, stage by stage. Every write is one transaction that holds the lease of the work, and can be
/// repeated: what is there already stays.
/// </summary>
internal sealed class IngestionStore(TenantDatabase database, TimeProvider time)
{
    private const string ProgressSql = """
        SELECT state, blob_sha256, media_type, file_name, page_count, pages_done
        FROM document_versions
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version
        """;

    private const string EnterSql = """
        UPDATE document_versions
        SET state = 'reading', started_at = coalesce(started_at, @now), read_since = @now, read_from = pages_done
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND state IN ('queued', 'reading')
        """;

    private const string HeaderSql = """
        UPDATE document_versions SET page_count = coalesce(@pageCount, page_count)
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version
        """;

    // Only what nobody has written: a name that a person gave stays.
    private const string DescribeSql = """
        UPDATE documents
        SET author = CASE WHEN author = '' THEN @author ELSE author END,
            title = CASE WHEN @version = 1 AND @title <> '' AND title = @derivedTitle THEN @title ELSE title END
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string InsertPagesSql = """
        INSERT INTO pages (tenant_id, document_id, version, page, text_sha256, text, width, height, words, blocks,
                           label, recognised)
        SELECT @tenant, @documentId, @version, n.page, n.hash, n.text, n.width, n.height, n.words, n.blocks::jsonb,
               n.label, n.recognised
        FROM unnest(@pages, @hashes, @texts, @widths, @heights, @words, @blocks, @labels, @recognised)
          AS n(page, hash, text, width, height, words, blocks, label, recognised)
        ON CONFLICT (tenant_id, document_id, version, page) DO NOTHING
        """;

    private const string PagesDoneSql = """
        UPDATE document_versions
        SET pages_done = @done, page_count = CASE WHEN page_count < @done THEN @done ELSE page_count END
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version
        """;

    private const string EndReadingSql = """
        UPDATE document_versions SET state = 'cutting', page_count = pages_done
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND state = 'reading'
        """;

    private const string PagesSql = """
        SELECT page, text, width, height, label, blocks::text AS blocks
        FROM pages
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND page > @after
        ORDER BY page
        LIMIT 32
        """;

    private const string CharactersSql = """
        SELECT coalesce(sum(length(text)), 0)::bigint FROM pages
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version
        """;

    // Shared: a change of the title, which rewrites the tokens of all chunks, comes before this batch or after it.
    private const string TitleSql = """
        SELECT title FROM documents WHERE tenant_id = @tenant AND document_id = @documentId FOR SHARE
        """;

    private const string InsertChunksSql = """
        INSERT INTO chunks (tenant_id, chunk_id, document_id, hash, occurrence, heading, text, token_count, analysis,
                            tokens)
        SELECT @tenant, n.chunk_id, @documentId, n.hash, n.occurrence, n.heading, n.text, n.token_count, @analysis,
               n.tokens::tsvector || @titleTokens::tsvector
        FROM unnest(@ids, @hashes, @occurrences, @headings, @texts, @tokenCounts, @tokens)
          AS n(chunk_id, hash, occurrence, heading, text, token_count, tokens)
        ON CONFLICT (tenant_id, document_id, hash, occurrence) DO NOTHING
        """;

    private const string InsertPlacesSql = """
        INSERT INTO chunk_places (tenant_id, document_id, version, ordinal, chunk_id, page, start_char, end_char,
                                  place)
        SELECT @tenant, @documentId, @version, n.ordinal, c.chunk_id, n.page, n.start_char, n.end_char, n.place
        FROM unnest(@ordinals, @hashes, @occurrences, @pages, @starts, @ends, @places)
          AS n(ordinal, hash, occurrence, page, start_char, end_char, place)
        JOIN chunks AS c
          ON c.tenant_id = @tenant AND c.document_id = @documentId AND c.hash = n.hash AND c.occurrence = n.occurrence
        ON CONFLICT (tenant_id, document_id, version, ordinal) DO NOTHING
        """;

    private const string EndCuttingSql = """
        UPDATE document_versions SET state = 'embedding', chunk_count = @count
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND state = 'cutting'
        """;

    private const string UnembeddedSql = """
        SELECT c.chunk_id, c.heading, c.text
        FROM chunk_places AS p
        JOIN chunks AS c ON c.tenant_id = p.tenant_id AND c.chunk_id = p.chunk_id
        WHERE p.tenant_id = @tenant AND p.document_id = @documentId AND p.version = @version
          AND NOT EXISTS (
            SELECT 1 FROM chunk_vectors AS v
            WHERE v.tenant_id = c.tenant_id AND v.model = @model AND v.chunk_id = c.chunk_id)
        ORDER BY p.ordinal
        LIMIT @most
        """;

    internal const string InsertVectorsSql = """
        INSERT INTO chunk_vectors (tenant_id, model, chunk_id, embedding)
        SELECT @tenant, @model, n.chunk_id, n.embedding::vector
        FROM unnest(@ids, @vectors) AS n(chunk_id, embedding)
        ON CONFLICT (tenant_id, model, chunk_id) DO NOTHING
        """;

    private const string FailSql = """
        UPDATE document_versions
        SET state = 'failed', failure_code = @code, failure_reason = @reason, finished_at = @now
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND state <> 'ready'
        """;

    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    public async Task<VersionProgress?> FindAsync(
        TenantId tenant,
        IngestionWork work,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<VersionProgress>(ProgressSql, Key(tenant, work), cancellationToken);
    }

    public Task BeginReadingAsync(WorkItem item, IngestionWork work, CancellationToken cancellationToken) =>
        MoveAsync(
            item,
            EnterSql,
            new
            {
                tenant = item.Tenant.Value,
                work.DocumentId,
                work.Version,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    public Task DescribeAsync(
        WorkItem item,
        IngestionWork work,
        int? pageCount,
        string title,
        string derivedTitle,
        string author,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            item,
            async session =>
            {
                var arguments = new
                {
                    tenant = item.Tenant.Value,
                    work.DocumentId,
                    work.Version,
                    pageCount,
                    title,
                    derivedTitle,
                    author,
                };
                await session.ExecuteAsync(HeaderSql, arguments, cancellationToken);
                if (title.Length + author.Length > 0)
                {
                    await session.ExecuteAsync(DescribeSql, arguments, cancellationToken);
                }
            },
            cancellationToken
        );

    public Task AddPagesAsync(
        WorkItem item,
        IngestionWork work,
        IReadOnlyList<DocumentPage> pages,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            item,
            async session =>
            {
                await session.ExecuteAsync(
                    InsertPagesSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        work.DocumentId,
                        work.Version,
                        pages = pages.Select(page => page.Number).ToArray(),
                        hashes = pages.Select(PageRow.HashOf).ToArray(),
                        texts = pages.Select(page => page.Text).ToArray(),
                        widths = pages.Select(page => page.Width).ToArray(),
                        heights = pages.Select(page => page.Height).ToArray(),
                        words = pages.Select(page => WordBoxes.Encode(page.Words)).ToArray(),
                        blocks = pages.Select(page => StoredBlocks.Write(page.Blocks)).ToArray(),
                        labels = pages.Select(page => page.Label ?? "").ToArray(),
                        recognised = pages.Select(page => page.IsRecognised).ToArray(),
                    },
                    cancellationToken
                );
                await session.ExecuteAsync(
                    PagesDoneSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        work.DocumentId,
                        work.Version,
                        done = pages[^1].Number,
                    },
                    cancellationToken
                );
                await item.ProgressedAsync(session, cancellationToken);
            },
            cancellationToken
        );

    public Task EndReadingAsync(WorkItem item, IngestionWork work, CancellationToken cancellationToken) =>
        MoveAsync(item, EndReadingSql, Key(item.Tenant, work), cancellationToken);

    /// <summary>The text of some pages after <paramref name="after"/>, without the words' places; none at the end.</summary>
    public async Task<IReadOnlyList<DocumentPage>> PagesAsync(
        TenantId tenant,
        IngestionWork work,
        int after,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var rows = await session.QueryAsync<PageRow>(
            PagesSql,
            new
            {
                tenant = tenant.Value,
                work.DocumentId,
                work.Version,
                after,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ForCutting())];
    }

    /// <summary>Characters of all pages that were kept so far.</summary>
    public async Task<long> CharactersAsync(TenantId tenant, IngestionWork work, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<long>(CharactersSql, Key(tenant, work), cancellationToken);
    }

    /// <param name="firstOrdinal">The place of the first of <paramref name="chunks"/> in the version, from 0.</param>
    public Task AddChunksAsync(
        WorkItem item,
        IngestionWork work,
        int firstOrdinal,
        IReadOnlyList<Chunk> chunks,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            item,
            async session =>
            {
                var title = await session.FindAsync<string>(TitleSql, Key(item.Tenant, work), cancellationToken);
                var arguments = new
                {
                    tenant = item.Tenant.Value,
                    work.DocumentId,
                    work.Version,
                    ids = chunks.Select(_ => Guid.CreateVersion7()).ToArray(),
                    hashes = chunks.Select(chunk => chunk.Hash).ToArray(),
                    occurrences = chunks.Select(chunk => chunk.Occurrence).ToArray(),
                    headings = chunks.Select(chunk => chunk.HeadingPath).ToArray(),
                    texts = chunks.Select(chunk => chunk.Text).ToArray(),
                    tokenCounts = chunks.Select(chunk => chunk.Tokens).ToArray(),
                    tokens = chunks.Select(chunk => TokenVector.OfChunk(chunk.HeadingPath, chunk.Text)).ToArray(),
                    titleTokens = TokenVector.OfTitle(title ?? ""),
                    analysis = TokenVector.Analysis,
                    ordinals = Enumerable.Range(firstOrdinal, chunks.Count).ToArray(),
                    pages = chunks.Select(chunk => chunk.Page).ToArray(),
                    starts = chunks.Select(chunk => chunk.Start).ToArray(),
                    ends = chunks.Select(chunk => chunk.End).ToArray(),
                    places = chunks.Select(chunk => chunk.Place ?? "").ToArray(),
                };
                await session.ExecuteAsync(InsertChunksSql, arguments, cancellationToken);
                await session.ExecuteAsync(InsertPlacesSql, arguments, cancellationToken);
            },
            cancellationToken
        );

    public Task EndCuttingAsync(WorkItem item, IngestionWork work, int count, CancellationToken cancellationToken) =>
        MoveAsync(
            item,
            EndCuttingSql,
            new
            {
                tenant = item.Tenant.Value,
                work.DocumentId,
                work.Version,
                count,
            },
            cancellationToken
        );

    /// <summary>False where PostgreSQL has no pgvector.</summary>
    public async Task<bool> HasVectorsAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken);
    }

    public async Task<IReadOnlyList<UnembeddedChunk>> UnembeddedAsync(
        TenantId tenant,
        IngestionWork work,
        string model,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<UnembeddedChunk>(
            UnembeddedSql,
            new
            {
                tenant = tenant.Value,
                work.DocumentId,
                work.Version,
                model,
                most,
            },
            cancellationToken
        );
    }

    public Task AddVectorsAsync(
        WorkItem item,
        string model,
        Guid[] ids,
        string[] vectors,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            item,
            session =>
                session.ExecuteAsync(
                    InsertVectorsSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        model,
                        ids,
                        vectors,
                    },
                    cancellationToken
                ),
            cancellationToken
        );

    public Task FailAsync(
        WorkItem item,
        IngestionWork work,
        string code,
        string reason,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            item,
            session =>
                session.ExecuteAsync(
                    FailSql,
                    new
                    {
                        tenant = item.Tenant.Value,
                        work.DocumentId,
                        work.Version,
                        code,
                        reason,
                        now = time.GetUtcNow(),
                    },
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>From one stage to the next, and from no other.</summary>
    /// <exception cref="InvalidOperationException">The version is in another stage; the next try begins where it is.</exception>
    private Task MoveAsync(WorkItem item, string sql, object arguments, CancellationToken cancellationToken) =>
        WriteAsync(
            item,
            async session =>
            {
                if (await session.ExecuteAsync(sql, arguments, cancellationToken) != 1)
                {
                    throw new InvalidOperationException("The version is not in the stage that this one follows.");
                }
            },
            cancellationToken
        );

    private async Task WriteAsync(WorkItem item, Func<TenantSession, Task> write, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        await write(session);
        await session.CommitAsync(cancellationToken);
    }

    private static object Key(TenantId tenant, IngestionWork work) =>
        new
        {
            tenant = tenant.Value,
            work.DocumentId,
            work.Version,
        };
}
