using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Stock;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Fetching;

/// <summary>A document that is to be made of what is at an address.</summary>
/// <param name="Name">What the file is called until its server says.</param>
internal sealed record NewSource(Uri Url, string Name, string? Title, string[] Tags, Guid? CollectionId, bool Process);

/// <summary>A document's address, and what is known of what it gave last.</summary>
internal sealed record FetchSource
{
    public required Guid DocumentId { get; init; }
    public required string Url { get; init; }
    public required bool Process { get; init; }
    public int? Version { get; init; }
    public string? FinalUrl { get; init; }
    public string? ETag { get; init; }
    public DateTimeOffset? LastModified { get; init; }
    public required int LatestVersion { get; init; }

    /// <summary>Null when nothing can be asked by: nothing was fetched yet, or somebody has uploaded another version since.</summary>
    public Validators? Validators =>
        Version == LatestVersion && FinalUrl is not null && (ETag is not null || LastModified is not null)
            ? new Validators(new Uri(FinalUrl), ETag, LastModified)
            : null;
}

/// <summary>A file that was fetched and is stored.</summary>
internal sealed record FetchedFile(
    string Name,
    MediaType Type,
    byte[] Sha256,
    long Size,
    Uri FinalUrl,
    string? ETag,
    DateTimeOffset? LastModified
);

/// <summary>Documents that come from addresses, written down in one transaction each. Safe for concurrent use.</summary>
internal sealed class FetchStore(
    TenantDatabase database,
    BlobSweep sweep,
    WorkQueue queue,
    StockLimits stock,
    TimeProvider time
)
{
    private const string InsertDocumentSql = """
        INSERT INTO documents (tenant_id, document_id, collection_id, path, title, tags, source_url, latest_version,
                               created_by, created_at, updated_at)
        VALUES (@tenant, @documentId, @collectionId, @name, @title, @tags, @url, 1, @user, @now, @now)
        """;

    private const string InsertVersionSql = """
        INSERT INTO document_versions (tenant_id, document_id, version, file_name, media_type, file_size, state, uploaded_by,
                                       uploaded_at)
        VALUES (@tenant, @documentId, 1, @name, '', 0, 'fetching', @user, @now)
        """;

    private const string InsertSourceSql = """
        INSERT INTO document_sources (tenant_id, document_id, url, state, process, requested_by, requested_at)
        VALUES (@tenant, @documentId, @url, 'fetching', @process, @user, @now)
        """;

    private const string LockSql = """
        SELECT d.deleted_at, s.state
        FROM documents AS d
        LEFT JOIN document_sources AS s ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id
        WHERE d.tenant_id = @tenant AND d.document_id = @documentId
        FOR UPDATE OF d
        """;

    private const string AskSql = """
        UPDATE document_sources
        SET state = 'fetching', failure_code = NULL, failure_reason = NULL, requested_by = @user, requested_at = @now,
            process = process OR @process
        WHERE tenant_id = @tenant AND document_id = ANY (@documents)
        """;

    // The first fetch failed: its version still waits for a file.
    private const string AskVersionSql = """
        UPDATE document_versions
        SET state = 'fetching', failure_code = NULL, failure_reason = NULL, finished_at = NULL
        WHERE tenant_id = @tenant AND document_id = ANY (@documents) AND blob_sha256 IS NULL
        """;

    private const string FindSql = """
        SELECT s.document_id, s.url, s.process, s.version, s.final_url, s.etag, s.last_modified, d.latest_version
        FROM document_sources AS s
        JOIN documents AS d ON d.tenant_id = s.tenant_id AND d.document_id = s.document_id
        WHERE s.tenant_id = @tenant AND s.document_id = @documentId AND s.state = 'fetching'
        """;

    private const string VersionsSql = """
        SELECT d.latest_version, v.blob_sha256, w.version AS waiting, w.file_name AS waiting_name
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        LEFT JOIN document_versions AS w
          ON w.tenant_id = d.tenant_id AND w.document_id = d.document_id AND w.state = 'fetching'
        WHERE d.tenant_id = @tenant AND d.document_id = @documentId
        FOR UPDATE OF d
        """;

    private const string FillSql = """
        UPDATE document_versions
        SET blob_sha256 = @sha256, file_name = @name, media_type = @type, file_size = @size, state = @versionState
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND state = 'fetching'
        """;

    private const string AddVersionSql = """
        INSERT INTO document_versions (tenant_id, document_id, version, blob_sha256, file_name, media_type, file_size, state,
                                       uploaded_by, uploaded_at)
        SELECT @tenant, @documentId, @version, @sha256, @name, @type, @size, @versionState, s.requested_by, @now
        FROM document_sources AS s
        WHERE s.tenant_id = @tenant AND s.document_id = @documentId
        """;

    // A title that a person gave stays; one that was made of the address's name gives way to the file's.
    private const string RenameSql = """
        UPDATE documents
        SET path = CASE WHEN @version >= latest_version THEN @name ELSE path END,
            latest_version = greatest(latest_version, @version), updated_at = @now,
            title = CASE WHEN title = @derivedTitle THEN @title ELSE title END
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string EndSql = """
        UPDATE document_sources
        SET state = @state, checked_at = @now, failure_code = NULL, failure_reason = NULL, version = @version,
            final_url = @finalUrl, etag = @etag, last_modified = @lastModified
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string UnchangedSql = """
        UPDATE document_sources SET state = 'unchanged', checked_at = @now, failure_code = NULL, failure_reason = NULL
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string FailSql = """
        UPDATE document_sources SET state = 'failed', checked_at = @now, failure_code = @code, failure_reason = @reason
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string FailVersionSql = """
        UPDATE document_versions
        SET state = 'failed', failure_code = @code, failure_reason = @reason, finished_at = @now
        WHERE tenant_id = @tenant AND document_id = @documentId AND state = 'fetching'
        """;

    public async Task<UploadOutcome> CreateAsync(
        Principal principal,
        NewSource source,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var collection = await session.FindAsync<Guid?>(
            UploadStore.CollectionSql,
            new { tenant = principal.Tenant.Value, collectionId = source.CollectionId },
            cancellationToken
        );
        if (collection is null)
        {
            return new UploadOutcome.NoSuchCollection();
        }

        // How large its file is, nobody knows yet.
        if (await stock.CheckAsync(session, 1, 0, cancellationToken) is { } noRoom)
        {
            return new UploadOutcome.Full(noRoom);
        }

        var documentId = Guid.CreateVersion7();
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            documentId,
            collectionId = collection.Value,
            name = source.Name,
            title = source.Title ?? FileNames.TitleOf(source.Name),
            tags = source.Tags,
            url = source.Url.AbsoluteUri,
            process = source.Process,
            user = principal.UserId,
            now = time.GetUtcNow(),
        };
        await session.ExecuteAsync(InsertDocumentSql, arguments, cancellationToken);
        await session.ExecuteAsync(InsertVersionSql, arguments, cancellationToken);
        await session.ExecuteAsync(InsertSourceSql, arguments, cancellationToken);
        await EnqueueAsync(session, documentId, cancellationToken);
        return await AcceptAsync(session, documentId, cancellationToken);
    }

    /// <summary>Asks the document's address again. What is being fetched is left as it is.</summary>
    public async Task<UploadOutcome> RefetchAsync(
        Principal principal,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var key = new { tenant = principal.Tenant.Value, documentId };
        switch (await session.FindAsync<SourceRow>(LockSql, key, cancellationToken))
        {
            case null:
                return new UploadOutcome.NotFound();
            case { DeletedAt: not null }:
                return new UploadOutcome.IsDeleted();
            case { State: null }:
                return new UploadOutcome.NoSource();
            case { State: SourceState.Fetching }:
                return new UploadOutcome.Accepted(
                    (await DocumentStore.FindAsync(session, documentId, cancellationToken))!
                );
            default:
                return await AskAgainAsync(session, principal, documentId, process: false, cancellationToken);
        }
    }

    /// <summary>In a session that holds the document; commits it.</summary>
    /// <param name="process">Read what comes at once, whatever was said before.</param>
    public async Task<UploadOutcome> AskAgainAsync(
        TenantSession session,
        Principal principal,
        Guid documentId,
        bool process,
        CancellationToken cancellationToken
    )
    {
        await AskAsync(session, principal, [documentId], process, cancellationToken);
        return await AcceptAsync(session, documentId, cancellationToken);
    }

    /// <summary>In a session that holds the documents, all of which have an address; wake the queue once it is committed.</summary>
    public async Task AskAsync(
        TenantSession session,
        Principal principal,
        Guid[] documents,
        bool process,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            documents,
            user = principal.UserId,
            process,
            now = time.GetUtcNow(),
        };
        await session.ExecuteAsync(AskVersionSql, arguments, cancellationToken);
        await session.ExecuteAsync(AskSql, arguments, cancellationToken);
        foreach (var documentId in documents)
        {
            await EnqueueAsync(session, documentId, cancellationToken);
        }
    }

    /// <summary>Null when there is nothing to fetch (any more).</summary>
    public async Task<FetchSource?> FindAsync(TenantId tenant, Guid documentId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<FetchSource>(
            FindSql,
            new { tenant = tenant.Value, documentId },
            cancellationToken
        );
    }

    /// <summary>A file that is not the latest version's becomes a version, and is queued unless it was to wait.</summary>
    /// <exception cref="FetchException">The plan has no room for it.</exception>
    public async Task KeepAsync(
        WorkItem item,
        FetchSource source,
        FetchedFile file,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        if (!await sweep.KeepAsync(session, file.Sha256, cancellationToken))
        {
            throw new IOException("The fetched file was swept before it was written down; it is fetched again.");
        }

        var key = new { tenant = item.Tenant.Value, source.DocumentId };
        if (await session.FindAsync<VersionsRow>(VersionsSql, key, cancellationToken) is not { } versions)
        {
            return;
        }

        var isSame = versions.Waiting is null && versions.BlobSha256.AsSpan().SequenceEqual(file.Sha256);
        var version = versions.Waiting ?? (isSame ? versions.LatestVersion : versions.LatestVersion + 1);
        var arguments = new
        {
            tenant = item.Tenant.Value,
            source.DocumentId,
            version,
            sha256 = file.Sha256,
            name = file.Name,
            derivedTitle = versions.WaitingName is null ? null : FileNames.TitleOf(versions.WaitingName),
            title = FileNames.TitleOf(file.Name),
            type = file.Type.Name,
            size = file.Size,
            versionState = source.Process ? VersionState.Queued : VersionState.Stored,
            finalUrl = file.FinalUrl.AbsoluteUri,
            etag = file.ETag,
            lastModified = file.LastModified,
            state = isSame ? SourceState.Unchanged : SourceState.Fetched,
            now = time.GetUtcNow(),
        };
        if (!isSame)
        {
            if (await stock.CheckAsync(session, 0, file.Size, cancellationToken) is { } noRoom)
            {
                throw new FetchException(new Failure("quota-exceeded", noRoom.ToProblem().ProblemDetails.Detail!));
            }

            await session.ExecuteAsync(
                versions.Waiting is null ? AddVersionSql : FillSql,
                arguments,
                cancellationToken
            );
            await session.ExecuteAsync(RenameSql, arguments, cancellationToken);
            if (source.Process)
            {
                await queue.EnqueueAsync(
                    session,
                    IngestionWork.Kind,
                    new IngestionWork(source.DocumentId, version),
                    cancellationToken
                );
            }
        }

        await session.ExecuteAsync(EndSql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
        await queue.WakeAsync();
    }

    /// <summary>The server said that it is still what was fetched.</summary>
    public Task UnchangedAsync(WorkItem item, FetchSource source, CancellationToken cancellationToken) =>
        WriteAsync(
            item,
            [UnchangedSql],
            new
            {
                tenant = item.Tenant.Value,
                source.DocumentId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    public Task FailAsync(WorkItem item, FetchWork work, Failure failure, CancellationToken cancellationToken) =>
        WriteAsync(
            item,
            [FailVersionSql, FailSql],
            new
            {
                tenant = item.Tenant.Value,
                work.DocumentId,
                code = failure.Code,
                reason = failure.Reason,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    private async Task WriteAsync(
        WorkItem item,
        string[] statements,
        object arguments,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        foreach (var statement in statements)
        {
            await session.ExecuteAsync(statement, arguments, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
    }

    private async Task<UploadOutcome> AcceptAsync(
        TenantSession session,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        var document = await DocumentStore.FindAsync(session, documentId, cancellationToken);
        await session.CommitAsync(cancellationToken);
        await queue.WakeAsync();
        return new UploadOutcome.Accepted(document!);
    }

    private Task EnqueueAsync(TenantSession session, Guid documentId, CancellationToken cancellationToken) =>
        queue.EnqueueAsync(session, FetchWork.Kind, new FetchWork(documentId), cancellationToken);

    private sealed record SourceRow
    {
        public DateTimeOffset? DeletedAt { get; init; }
        public string? State { get; init; }
    }

    private sealed record VersionsRow
    {
        public required int LatestVersion { get; init; }
        public byte[]? BlobSha256 { get; init; }
        public int? Waiting { get; init; }
        public string? WaitingName { get; init; }
    }
}
