using Chancery.Server.Access;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Knowledge.Stock;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Documents;

/// <summary>What a change of a document can end in, apart from a fault.</summary>
internal abstract record DocumentOutcome
{
    private DocumentOutcome() { }

    public sealed record Done(DocumentView Document) : DocumentOutcome;

    public sealed record NotFound : DocumentOutcome;

    /// <summary>It has to be restored first.</summary>
    public sealed record IsDeleted : DocumentOutcome;

    public sealed record NoSuchCollection : DocumentOutcome;

    /// <summary>The plan has no room for it.</summary>
    public sealed record Full(NoRoom Why) : DocumentOutcome;
}

/// <param name="Author">Null leaves it, like all of them.</param>
internal sealed record DocumentChange(string? Title, string? Author, string[]? Tags, Guid? CollectionId);

/// <summary>Documents and what is known about them, without their files. Safe for concurrent use.</summary>
internal sealed class DocumentStore(TenantDatabase database, StockLimits stock, TimeProvider time)
{
    private const string FromSql = """

        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        LEFT JOIN document_sources AS s ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id
        WHERE d.tenant_id = @tenant

        """;

    private const string FindSql = "SELECT " + DocumentRow.ColumnsSql + FromSql + "AND d.document_id = @documentId";

    private const string LockSql = """
        SELECT title, collection_id, deleted_at, current_version, latest_version
        FROM documents WHERE tenant_id = @tenant AND document_id = @documentId
        FOR UPDATE
        """;

    private const string CollectionExistsSql = """
        SELECT 1 FROM collections
        WHERE tenant_id = @tenant AND collection_id = @collectionId AND deleted_at IS NULL
        FOR SHARE
        """;

    private const string ChangeSql = """
        UPDATE documents
        SET title = coalesce(@title, title), author = coalesce(@author, author), tags = coalesce(@tags, tags),
            collection_id = coalesce(@collectionId, collection_id), updated_at = @now
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    // The title stands in each chunk's tokens under weight B and can be exchanged without reading the text again.
    private const string RetitleSql = """
        UPDATE chunks SET tokens = ts_filter(tokens, '{a,d}') || @titleTokens::tsvector
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string MarkDeletedSql = """
        UPDATE documents SET deleted_at = @deletedAt, updated_at = @now
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string HideSql = """
        UPDATE chunks SET current = false
        WHERE tenant_id = @tenant AND document_id = @documentId AND current
        RETURNING chunk_id
        """;

    private const string ShowSql = """
        UPDATE chunks AS c SET current = true
        WHERE c.tenant_id = @tenant AND c.document_id = @documentId AND NOT c.current
          AND EXISTS (
            SELECT 1 FROM chunk_places AS p
            WHERE p.tenant_id = c.tenant_id AND p.chunk_id = c.chunk_id AND p.version = @version)
        RETURNING c.chunk_id
        """;

    public async Task<DocumentView?> FindAsync(
        Principal principal,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, documentId, cancellationToken);
    }

    public static async Task<DocumentView?> FindAsync(
        TenantSession session,
        Guid documentId,
        CancellationToken cancellationToken
    ) =>
        (
            await session.FindAsync<DocumentRow>(
                FindSql,
                new { tenant = session.Tenant.Value, documentId },
                cancellationToken
            )
        )?.View;

    public async Task<DocumentOutcome> ChangeAsync(
        Principal principal,
        Guid documentId,
        DocumentChange change,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var outcome = await ChangeAsync(session, documentId, change, time.GetUtcNow(), cancellationToken);
        if (outcome is DocumentOutcome.Done)
        {
            await session.CommitAsync(cancellationToken);
        }

        return outcome;
    }

    /// <summary>In a transaction of the caller's, who commits it; should be its last statement, for the revision's sake.</summary>
    public static async Task<DocumentOutcome> ChangeAsync(
        TenantSession session,
        Guid documentId,
        DocumentChange change,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            documentId,
            title = change.Title,
            author = change.Author,
            tags = change.Tags,
            collectionId = change.CollectionId,
            now,
            titleTokens = change.Title is null ? "" : Search.TokenVector.OfTitle(change.Title),
        };
        if (change.CollectionId is { } wanted && !await HoldCollectionAsync(session, wanted, cancellationToken))
        {
            return new DocumentOutcome.NoSuchCollection();
        }

        switch (await session.FindAsync<LockedRow>(LockSql, arguments, cancellationToken))
        {
            case null:
                return new DocumentOutcome.NotFound();
            case { DeletedAt: not null }:
                return new DocumentOutcome.IsDeleted();
            case var row:
                await session.ExecuteAsync(ChangeSql, arguments, cancellationToken);
                var kind = change.Tags is null ? null : ChangeKind.Tags;
                if (change.Title is not null && change.Title != row.Title)
                {
                    await session.AllowLongStatementsAsync(cancellationToken);
                    await session.ExecuteAsync(RetitleSql, arguments, cancellationToken);
                    kind = ChangeKind.Title;
                }

                if (change.CollectionId is { } target && target != row.CollectionId)
                {
                    kind = ChangeKind.Moved;
                }

                return await RecordAsync(session, documentId, kind, [], [], now, cancellationToken);
        }
    }

    /// <summary>False when there is no such collection; else it cannot be deleted until the transaction ends.</summary>
    public static async Task<bool> HoldCollectionAsync(
        TenantSession session,
        Guid collectionId,
        CancellationToken cancellationToken
    ) =>
        await session.FindAsync<int?>(
            CollectionExistsSql,
            new { tenant = session.Tenant.Value, collectionId },
            cancellationToken
        )
            is not null;

    /// <summary>Hides a document from search and lists; all versions stay. Deleting it again changes nothing.</summary>
    public async Task<DocumentOutcome> DeleteAsync(
        Principal principal,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var now = time.GetUtcNow();
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            documentId,
            now,
            deletedAt = (DateTimeOffset?)now,
        };
        switch (await session.FindAsync<LockedRow>(LockSql, arguments, cancellationToken))
        {
            case null:
                return new DocumentOutcome.NotFound();
            case { DeletedAt: not null }:
                return await EndAsync(session, documentId, null, [], [], cancellationToken);
            default:
                await session.AllowLongStatementsAsync(cancellationToken);
                await session.ExecuteAsync(MarkDeletedSql, arguments, cancellationToken);
                var removed = await session.QueryAsync<Guid>(HideSql, arguments, cancellationToken);
                return await EndAsync(
                    session,
                    documentId,
                    ChangeKind.Deleted,
                    [],
                    [.. removed.Order()],
                    cancellationToken
                );
        }
    }

    public async Task<DocumentOutcome> RestoreAsync(
        Principal principal,
        Guid documentId,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var key = new { tenant = principal.Tenant.Value, documentId };
        switch (await session.FindAsync<LockedRow>(LockSql, key, cancellationToken))
        {
            case null:
                return new DocumentOutcome.NotFound();
            case { DeletedAt: null }:
                return await EndAsync(session, documentId, null, [], [], cancellationToken);
            case { } when await stock.CheckAsync(session, 1, 0, cancellationToken) is { } noRoom:
                return new DocumentOutcome.Full(noRoom);
            case var row:
                await session.AllowLongStatementsAsync(cancellationToken);
                await session.ExecuteAsync(
                    MarkDeletedSql,
                    new
                    {
                        key.tenant,
                        documentId,
                        now = time.GetUtcNow(),
                        deletedAt = (DateTimeOffset?)null,
                    },
                    cancellationToken
                );
                var added = await session.QueryAsync<Guid>(
                    ShowSql,
                    new
                    {
                        key.tenant,
                        documentId,
                        version = row.CurrentVersion,
                    },
                    cancellationToken
                );
                return await EndAsync(
                    session,
                    documentId,
                    ChangeKind.Restored,
                    [.. added.Order()],
                    [],
                    cancellationToken
                );
        }
    }

    private async Task<DocumentOutcome> EndAsync(
        TenantSession session,
        Guid documentId,
        string? kind,
        Guid[] added,
        Guid[] removed,
        CancellationToken cancellationToken
    )
    {
        var outcome = await RecordAsync(session, documentId, kind, added, removed, time.GetUtcNow(), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return outcome;
    }

    private static async Task<DocumentOutcome> RecordAsync(
        TenantSession session,
        Guid documentId,
        string? kind,
        Guid[] added,
        Guid[] removed,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var document = await FindAsync(session, documentId, cancellationToken);
        if (kind is not null)
        {
            await RevisionLog.RecordAsync(session, kind, documentId, added, removed, now, cancellationToken);
        }

        return new DocumentOutcome.Done(document!);
    }

    private sealed record LockedRow
    {
        public required string Title { get; init; }
        public required Guid CollectionId { get; init; }
        public DateTimeOffset? DeletedAt { get; init; }
        public int? CurrentVersion { get; init; }
        public required int LatestVersion { get; init; }
    }
}
