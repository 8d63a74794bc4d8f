using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Fetching;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Stock;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>What writing an upload down can end in, apart from a fault.</summary>
internal abstract record UploadOutcome
{
    private UploadOutcome() { }

    /// <summary>A new version is stored, and queued unless it was to wait.</summary>
    public sealed record Accepted(DocumentView Document) : UploadOutcome;

    /// <summary>The latest version has the same content: no version was made.</summary>
    public sealed record Unchanged(DocumentView Document) : UploadOutcome;

    public sealed record NotFound : UploadOutcome;

    public sealed record IsDeleted : UploadOutcome;

    public sealed record NoSuchCollection : UploadOutcome;

    /// <summary>The document came from no address, so that there is none to ask.</summary>
    public sealed record NoSource : UploadOutcome;

    /// <summary>The file was swept between its arrival and this; sending it again helps.</summary>
    public sealed record FileGone : UploadOutcome;

    /// <summary>The plan has no room for it.</summary>
    public sealed record Full(NoRoom Why) : UploadOutcome;
}

/// <summary>Documents, versions and their work, written down in one transaction each. Safe for concurrent use.</summary>
internal sealed class UploadStore(
    TenantDatabase database,
    BlobSweep sweep,
    WorkQueue queue,
    FetchStore fetches,
    VectorQueue vectors,
    StockLimits stock,
    TimeProvider time
)
{
    // The share lock holds a deletion of the collection back until the document is in it.
    internal const string CollectionSql = """
        SELECT collection_id FROM collections
        WHERE tenant_id = @tenant AND deleted_at IS NULL
          AND (collection_id = @collectionId OR (@collectionId::uuid IS NULL AND is_default))
        FOR SHARE
        """;

    private const string InsertDocumentSql = """
        INSERT INTO documents (tenant_id, document_id, collection_id, path, title, tags, latest_version, created_by,
                               created_at, updated_at)
        VALUES (@tenant, @documentId, @collectionId, @name, @title, @tags, 1, @user, @now, @now)
        """;

    private const string InsertVersionSql = """
        INSERT INTO document_versions (tenant_id, document_id, version, blob_sha256, file_name, media_type, file_size,
                                       state, uploaded_by, uploaded_at)
        VALUES (@tenant, @documentId, @version, @sha256, @name, @type, @size, @state, @user, @now)
        """;

    private const string LockSql = """
        SELECT d.latest_version, d.deleted_at, v.blob_sha256, v.state
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        WHERE d.tenant_id = @tenant AND d.document_id = @documentId
        FOR UPDATE OF d
        """;

    private const string RaiseSql = """
        UPDATE documents SET latest_version = @version, path = @name, updated_at = @now
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string RequeueSql = """
        UPDATE document_versions
        SET state = 'queued', failure_code = NULL, failure_reason = NULL, finished_at = NULL
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version
          AND state IN ('stored', 'failed') AND blob_sha256 IS NOT NULL
        """;

    // What is read stays, and processing goes on from there. Vectors were being added to a version that search uses already:
    // that one is ready as it is.
    private const string StopSql = """
        UPDATE document_versions AS v
        SET state = CASE WHEN d.current_version = v.version THEN 'ready' ELSE 'stored' END
        FROM documents AS d
        WHERE v.tenant_id = @tenant AND v.document_id = @documentId AND v.version = @version
          AND d.tenant_id = v.tenant_id AND d.document_id = v.document_id
          AND v.state NOT IN ('stored', 'ready', 'failed')
        """;

    public async Task<UploadOutcome> CreateAsync(
        Principal principal,
        ReceivedFile file,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (!await sweep.KeepAsync(session, file.Sha256, cancellationToken))
        {
            return new UploadOutcome.FileGone();
        }

        var collection = await session.FindAsync<Guid?>(
            CollectionSql,
            new { tenant = principal.Tenant.Value, collectionId = file.CollectionId },
            cancellationToken
        );
        if (collection is null)
        {
            return new UploadOutcome.NoSuchCollection();
        }

        if (await stock.CheckAsync(session, 1, file.Size, cancellationToken) is { } noRoom)
        {
            return new UploadOutcome.Full(noRoom);
        }

        var documentId = Guid.CreateVersion7();
        await session.ExecuteAsync(
            InsertDocumentSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                collectionId = collection.Value,
                name = file.Name,
                title = file.Title ?? FileNames.TitleOf(file.Name),
                tags = file.Tags ?? [],
                user = principal.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        return await AddVersionAsync(session, principal, documentId, 1, file, cancellationToken);
    }

    public async Task<UploadOutcome> ReplaceAsync(
        Principal principal,
        Guid documentId,
        ReceivedFile file,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (!await sweep.KeepAsync(session, file.Sha256, cancellationToken))
        {
            return new UploadOutcome.FileGone();
        }

        // Before the document, as everybody locks them in this order.
        if (
            file.CollectionId is { } collection
            && !await DocumentStore.HoldCollectionAsync(session, collection, cancellationToken)
        )
        {
            return new UploadOutcome.NoSuchCollection();
        }

        switch (await LockAsync(session, documentId, cancellationToken))
        {
            case null:
                return new UploadOutcome.NotFound();
            case { DeletedAt: not null }:
                return new UploadOutcome.IsDeleted();
            case { } latest when latest.BlobSha256.AsSpan().SequenceEqual(file.Sha256):
                await ChangeAsync(session, documentId, file, cancellationToken);
                var same = await DocumentStore.FindAsync(session, documentId, cancellationToken);
                await session.CommitAsync(cancellationToken);
                return new UploadOutcome.Unchanged(same!);
            case { } when await stock.CheckAsync(session, 0, file.Size, cancellationToken) is { } noRoom:
                return new UploadOutcome.Full(noRoom);
            case { } latest:
                await session.ExecuteAsync(
                    RaiseSql,
                    new
                    {
                        tenant = principal.Tenant.Value,
                        documentId,
                        version = latest.LatestVersion + 1,
                        name = file.Name,
                        now = time.GetUtcNow(),
                    },
                    cancellationToken
                );
                return await AddVersionAsync(
                    session,
                    principal,
                    documentId,
                    latest.LatestVersion + 1,
                    file,
                    cancellationToken
                );
        }
    }

    /// <summary>Queues the latest version where it waits or has failed; leaves it alone where it runs or is ready.</summary>
    public async Task<UploadOutcome> ProcessAsync(
        Principal principal,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        switch (await LockAsync(session, documentId, cancellationToken))
        {
            case null:
                return new UploadOutcome.NotFound();
            case { DeletedAt: not null }:
                return new UploadOutcome.IsDeleted();
            case { BlobSha256: null, State: VersionState.Failed }:
                return await fetches.AskAgainAsync(session, principal, documentId, process: true, cancellationToken);
            case { } latest:
                var arguments = new
                {
                    tenant = principal.Tenant.Value,
                    documentId,
                    version = latest.LatestVersion,
                };
                if (await session.ExecuteAsync(RequeueSql, arguments, cancellationToken) == 1)
                {
                    await EnqueueAsync(session, documentId, latest.LatestVersion, cancellationToken);
                }
                else if (latest.State == VersionState.Ready)
                {
                    await vectors.EnqueueAsync(session, cancellationToken);
                }

                return await EndAsync(session, documentId, cancellationToken);
        }
    }

    /// <summary>Stops the processing of the latest version; leaves alone what does not run.</summary>
    public async Task<UploadOutcome> StopAsync(
        Principal principal,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (await DocumentStore.FindAsync(session, documentId, cancellationToken) is not { } document)
        {
            return new UploadOutcome.NotFound();
        }

        // The work before the version, as workers lock them in this order.
        var work = new IngestionWork(documentId, document.LatestVersion);
        if (await queue.CancelAsync(session, IngestionWork.Kind, work, cancellationToken))
        {
            await session.ExecuteAsync(
                StopSql,
                new
                {
                    tenant = principal.Tenant.Value,
                    documentId,
                    version = document.LatestVersion,
                },
                cancellationToken
            );
        }

        var stopped = await DocumentStore.FindAsync(session, documentId, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new UploadOutcome.Unchanged(stopped!);
    }

    private async Task<UploadOutcome> AddVersionAsync(
        TenantSession session,
        Principal principal,
        Guid documentId,
        int version,
        ReceivedFile file,
        CancellationToken cancellationToken
    )
    {
        await session.ExecuteAsync(
            InsertVersionSql,
            new
            {
                tenant = principal.Tenant.Value,
                documentId,
                version,
                sha256 = file.Sha256,
                name = file.Name,
                type = file.Type.Name,
                size = file.Size,
                state = file.Process ? VersionState.Queued : VersionState.Stored,
                user = principal.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        if (file.Process)
        {
            await EnqueueAsync(session, documentId, version, cancellationToken);
        }

        if (version > 1)
        {
            await ChangeAsync(session, documentId, file, cancellationToken);
        }

        return await EndAsync(session, documentId, cancellationToken);
    }

    private async Task ChangeAsync(
        TenantSession session,
        Guid documentId,
        ReceivedFile file,
        CancellationToken cancellationToken
    )
    {
        if (file.Change is { } change)
        {
            await DocumentStore.ChangeAsync(session, documentId, change, time.GetUtcNow(), cancellationToken);
        }
    }

    private async Task<UploadOutcome> EndAsync(
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

    private Task EnqueueAsync(
        TenantSession session,
        Guid documentId,
        int version,
        CancellationToken cancellationToken
    ) => queue.EnqueueAsync(session, IngestionWork.Kind, new IngestionWork(documentId, version), cancellationToken);

    private static Task<LatestRow?> LockAsync(
        TenantSession session,
        Guid documentId,
        CancellationToken cancellationToken
    ) => session.FindAsync<LatestRow>(LockSql, new { tenant = session.Tenant.Value, documentId }, cancellationToken);

    private sealed record LatestRow
    {
        public required int LatestVersion { get; init; }
        public DateTimeOffset? DeletedAt { get; init; }
        public byte[]? BlobSha256 { get; init; }
        public required string State { get; init; }
    }
}
