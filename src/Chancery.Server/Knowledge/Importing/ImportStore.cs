using Chancery.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>Where imported rows go.</summary>
/// <param name="Source">What the import calls the foreign table.</param>
/// <param name="Model">The name under which the vectors are kept.</param>
/// <param name="User">Who the documents are by.</param>
internal sealed record ImportTarget(
    TenantId Tenant,
    Guid User,
    Guid Collection,
    string Source,
    string Model,
    Guid ImportId
);

/// <summary>
/// The rows of an import: each batch is one transaction, in which documents, passages, vectors and the note of where they came
/// from become visible together.
/// </summary>
internal sealed class ImportStore(TenantDatabase database, BlobStore blobs, BlobSweep sweep, TimeProvider time)
{
    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    private const string DimensionsSql = """
        SELECT vector_dims(embedding) FROM chunk_vectors WHERE tenant_id = @tenant AND model = @model
        ORDER BY chunk_id LIMIT 1
        """;

    private const string CollectionSql = """
        SELECT collection_id FROM collections
        WHERE tenant_id = @tenant AND deleted_at IS NULL
          AND ((@name::text IS NULL AND is_default) OR lower(name) = lower(@name) OR collection_id::text = @name)
        ORDER BY collection_id
        LIMIT 1
        """;

    private const string KnownSql = """
        SELECT row_id FROM imported_rows WHERE tenant_id = @tenant AND source = @source AND row_id = ANY (@rows)
        ORDER BY row_id
        """;

    // The share lock holds a deletion of the collection back until the documents are in it.
    private const string HoldSql = """
        SELECT collection_id FROM collections
        WHERE tenant_id = @tenant AND collection_id = @collection AND deleted_at IS NULL
        FOR SHARE
        """;

    private const string DocumentsSql = """
        INSERT INTO documents (tenant_id, document_id, collection_id, path, title, tags, current_version, latest_version,
                               created_by, created_at, updated_at)
        SELECT @tenant, n.document_id, @collection, n.name, n.title, string_to_array(n.tags, ','), 1, 1, @user,
               coalesce(n.created_at, @now), @now
        FROM unnest(@documents, @names, @titles, @tags, @created) AS n(document_id, name, title, tags, created_at)
        """;

    private const string VersionsSql = """
        INSERT INTO document_versions (tenant_id, document_id, version, blob_sha256, file_name, media_type, file_size,
                                       page_count, pages_done, chunk_count, state, uploaded_by, uploaded_at, started_at,
                                       finished_at, current_from)
        SELECT @tenant, n.document_id, 1, n.hash, n.name, @type, n.size, 1, 1, 1, 'ready', @user, @now, @now, @now, @now
        FROM unnest(@documents, @hashes, @names, @sizes) AS n(document_id, hash, name, size)
        """;

    private const string PagesSql = """
        INSERT INTO pages (tenant_id, document_id, version, page, text_sha256, text, width, height, words, blocks)
        SELECT @tenant, n.document_id, 1, 1, n.hash, n.text, 0, 0, @words, '[]'::jsonb
        FROM unnest(@documents, @hashes, @texts) AS n(document_id, hash, text)
        """;

    private const string ChunksSql = """
        INSERT INTO chunks (tenant_id, chunk_id, document_id, hash, occurrence, heading, text, token_count, current, analysis,
                            tokens)
        SELECT @tenant, n.chunk_id, n.document_id, n.hash, 0, '', n.text, n.token_count, true, @analysis,
               n.tokens::tsvector || n.title_tokens::tsvector
        FROM unnest(@chunks, @documents, @hashes, @texts, @tokenCounts, @tokens, @titleTokens)
          AS n(chunk_id, document_id, hash, text, token_count, tokens, title_tokens)
        """;

    private const string PlacesSql = """
        INSERT INTO chunk_places (tenant_id, document_id, version, ordinal, chunk_id, page, start_char, end_char)
        SELECT @tenant, n.document_id, 1, 0, n.chunk_id, 1, 0, n.end_char
        FROM unnest(@documents, @chunks, @ends) AS n(document_id, chunk_id, end_char)
        """;

    private const string RowsSql = """
        INSERT INTO imported_rows (tenant_id, source, row_id, import_id, document_id, chunk_id, model, imported_at)
        SELECT @tenant, @source, n.row_id, @import, n.document_id, n.chunk_id, @model, @now
        FROM unnest(@rows, @documents, @chunks) AS n(row_id, document_id, chunk_id)
        """;

    private const string CountSql = """
        SELECT count(*)
        FROM imported_rows AS r
        JOIN chunk_vectors AS v ON v.tenant_id = r.tenant_id AND v.model = r.model AND v.chunk_id = r.chunk_id
        WHERE r.tenant_id = @tenant AND r.source = @source AND r.import_id = @import
        """;

    private const string StoredSql = """
        SELECT r.row_id, c.text, v.embedding::real[] AS vector
        FROM imported_rows AS r
        JOIN chunks AS c ON c.tenant_id = r.tenant_id AND c.chunk_id = r.chunk_id
        JOIN chunk_vectors AS v ON v.tenant_id = r.tenant_id AND v.model = r.model AND v.chunk_id = r.chunk_id
        WHERE r.tenant_id = @tenant AND r.source = @source AND r.row_id = ANY (@rows)
        ORDER BY r.row_id
        """;

    // The next documents of an import that are as it made them: nobody has given them another version since.
    private const string MadeSql = """
        SELECT d.document_id
        FROM documents AS d
        WHERE d.tenant_id = @tenant AND d.latest_version = 1 AND EXISTS (
          SELECT 1 FROM imported_rows AS r
          WHERE r.tenant_id = d.tenant_id AND r.document_id = d.document_id
            AND (@import::uuid IS NULL OR r.import_id = @import) AND (@source::text IS NULL OR r.source = @source))
        ORDER BY d.document_id
        LIMIT @most
        FOR UPDATE OF d
        """;

    private const string ImportedSql = """
        SELECT count(*) FROM imported_rows AS r
        WHERE r.tenant_id = @tenant AND (@import::uuid IS NULL OR r.import_id = @import)
          AND (@source::text IS NULL OR r.source = @source)
        """;

    private const string SeenSql = """
        SELECT document_id, chunk_id FROM chunks
        WHERE tenant_id = @tenant AND document_id = ANY (@documents) AND current
        ORDER BY chunk_id
        """;

    private const string EraseSql =
        "DELETE FROM documents WHERE tenant_id = @tenant AND document_id = ANY (@documents)";

    /// <summary>False where PostgreSQL has no pgvector.</summary>
    public async Task<bool> HasVectorsAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken);
    }

    /// <summary>The length of the vectors that the organisation has of a model; null when it has none.</summary>
    public async Task<int?> DimensionsAsync(TenantId tenant, string model, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<int?>(DimensionsSql, new { tenant = tenant.Value, model }, cancellationToken);
    }

    /// <param name="name">Or id; null for the default one.</param>
    public async Task<Guid?> CollectionAsync(TenantId tenant, string? name, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Guid?>(CollectionSql, new { tenant = tenant.Value, name }, cancellationToken);
    }

    /// <summary>Those of the rows that were imported before.</summary>
    public async Task<IReadOnlySet<string>> KnownAsync(
        TenantId tenant,
        string source,
        string[] rows,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var known = await session.QueryAsync<string>(
            KnownSql,
            new
            {
                tenant = tenant.Value,
                source,
                rows,
            },
            cancellationToken
        );
        return known.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>All of the passages, or none.</summary>
    /// <exception cref="ImportException">There is no room for them, or no collection any more.</exception>
    public async Task AddAsync(
        ImportTarget target,
        IReadOnlyList<ImportedPassage> passages,
        CancellationToken cancellationToken
    )
    {
        foreach (var passage in passages)
        {
            await StoreAsync(target.Tenant, passage, cancellationToken);
        }

        await using var session = await database.OpenAsync(target.Tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        foreach (var passage in passages)
        {
            if (!await sweep.KeepAsync(session, passage.Sha256, cancellationToken))
            {
                throw new ImportException("A file was removed while it was imported: start the import again.");
            }
        }

        var now = time.GetUtcNow();
        var arguments = new
        {
            tenant = target.Tenant.Value,
            collection = target.Collection,
            user = target.User,
            source = target.Source,
            import = target.ImportId,
            model = target.Model,
            now,
            type = MediaTypes.PlainText.Name,
            words = WordBoxes.Encode([]),
            rows = passages.Select(passage => passage.RowId).ToArray(),
            documents = passages.Select(passage => passage.DocumentId).ToArray(),
            chunks = passages.Select(passage => passage.ChunkId).ToArray(),
            names = passages.Select(passage => passage.Name).ToArray(),
            titles = passages.Select(passage => Shortened(passage.Title)).ToArray(),
            tags = passages.Select(passage => string.Join(',', passage.Tags)).ToArray(),
            created = passages
                .Select(passage =>
                    passage.CreatedAt is { } at && at < now ? at.ToUniversalTime() : (DateTimeOffset?)null
                )
                .ToArray(),
            hashes = passages.Select(passage => passage.Sha256).ToArray(),
            sizes = passages.Select(passage => (long)passage.Bytes.Length).ToArray(),
            texts = passages.Select(passage => passage.Text).ToArray(),
            ends = passages.Select(passage => passage.Text.Length).ToArray(),
            tokenCounts = passages.Select(passage => (passage.Text.Length / 4) + 1).ToArray(),
            tokens = passages.Select(passage => TokenVector.OfChunk("", passage.Text)).ToArray(),
            titleTokens = passages.Select(passage => TokenVector.OfTitle(Shortened(passage.Title))).ToArray(),
            analysis = TokenVector.Analysis,
            ids = passages.Select(passage => passage.ChunkId).ToArray(),
            vectors = passages.Select(passage => Embeddings.Write(passage.Vector)).ToArray(),
        };
        if (await session.FindAsync<Guid?>(HoldSql, arguments, cancellationToken) is null)
        {
            throw new ImportException("The collection was deleted meanwhile: name another one with --collection.");
        }

        foreach (
            var sql in new[]
            {
                DocumentsSql,
                VersionsSql,
                PagesSql,
                ChunksSql,
                PlacesSql,
                IngestionStore.InsertVectorsSql,
                RowsSql,
            }
        )
        {
            await session.ExecuteAsync(sql, arguments, cancellationToken);
        }

        await RevisionLog.RecordManyAsync(
            session,
            ChangeKind.Version,
            arguments.documents,
            [.. passages.Select(passage => new DocumentChunk(passage.DocumentId, passage.ChunkId))],
            [],
            now,
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>How many rows of this run stand here with their vector.</summary>
    public async Task<long> CountAsync(ImportTarget target, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(target.Tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        return await session.FindAsync<long>(
            CountSql,
            new
            {
                tenant = target.Tenant.Value,
                source = target.Source,
                import = target.ImportId,
            },
            cancellationToken
        );
    }

    /// <summary>What stands here of some rows.</summary>
    public async Task<IReadOnlyList<StoredRow>> StoredAsync(
        ImportTarget target,
        string[] rows,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(target.Tenant, cancellationToken);
        return await session.QueryAsync<StoredRow>(
            StoredSql,
            new
            {
                tenant = target.Tenant.Value,
                source = target.Source,
                rows,
            },
            cancellationToken
        );
    }

    /// <summary>How many documents are noted as an import's, changed since or not.</summary>
    public async Task<long> ImportedAsync(
        TenantId tenant,
        Guid? import,
        string? source,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<long>(
            ImportedSql,
            new
            {
                tenant = tenant.Value,
                import,
                source,
            },
            cancellationToken
        );
    }

    /// <summary>Erases up to <paramref name="most"/> documents that an import made and nobody changed.</summary>
    /// <returns>How many.</returns>
    public async Task<int> UndoAsync(
        TenantId tenant,
        Guid? import,
        string? source,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var made = await session.QueryAsync<Guid>(
            MadeSql,
            new
            {
                tenant = tenant.Value,
                import,
                source,
                most,
            },
            cancellationToken
        );
        var arguments = new { tenant = tenant.Value, documents = made.ToArray() };
        var seen = await session.QueryAsync<DocumentChunk>(SeenSql, arguments, cancellationToken);
        await session.ExecuteAsync(EraseSql, arguments, cancellationToken);
        await RevisionLog.RecordManyAsync(
            session,
            ChangeKind.Deleted,
            arguments.documents,
            [],
            seen,
            time.GetUtcNow(),
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return made.Count;
    }

    private async Task StoreAsync(TenantId tenant, ImportedPassage passage, CancellationToken cancellationToken)
    {
        var stored = await blobs.WriteAsync(
            tenant,
            passage.Bytes,
            Stream.Null,
            passage.Bytes.Length,
            cancellationToken
        );
        if (stored is not BlobOutcome.Stored)
        {
            throw new ImportException(
                "The disk is full: make room, and start the import again. It goes on where it stopped."
            );
        }
    }

    private static string Shortened(string title) =>
        title.Length <= DocumentText.MaxTitle ? title : title[..DocumentText.MaxTitle];
}

/// <summary>An imported row as it stands here.</summary>
internal sealed record StoredRow
{
    public required string RowId { get; init; }
    public required string Text { get; init; }
    public required float[] Vector { get; init; }
}
