using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>Makes a version the one that search sees: all of it in one transaction, or nothing.</summary>
internal sealed class PublishStore(TenantDatabase database, VectorQueue vectors, TimeProvider time)
{
    private const string LockSql = """
        SELECT current_version, deleted_at FROM documents
        WHERE tenant_id = @tenant AND document_id = @documentId
        FOR UPDATE
        """;

    private const string ReadySql = """
        UPDATE document_versions SET state = 'ready', finished_at = @now, vectors_missing = @missing
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND state = 'embedding'
        """;

    private const string CurrentSql = """
        WITH dated AS (
          UPDATE document_versions SET current_from = @now
          WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version)
        UPDATE documents SET current_version = @version, updated_at = @now
        WHERE tenant_id = @tenant AND document_id = @documentId
        """;

    private const string HideOthersSql = """
        UPDATE chunks AS c SET current = false
        WHERE c.tenant_id = @tenant AND c.document_id = @documentId AND c.current
          AND NOT EXISTS (
            SELECT 1 FROM chunk_places AS p
            WHERE p.tenant_id = c.tenant_id AND p.chunk_id = c.chunk_id AND p.version = @version)
        RETURNING c.chunk_id
        """;

    private const string ShowSql = """
        UPDATE chunks AS c SET current = true
        WHERE c.tenant_id = @tenant AND c.document_id = @documentId AND NOT c.current
          AND EXISTS (
            SELECT 1 FROM chunk_places AS p
            WHERE p.tenant_id = c.tenant_id AND p.chunk_id = c.chunk_id AND p.version = @version)
        RETURNING c.chunk_id
        """;

    /// <summary>
    /// A version older than the current one becomes ready and stays in the background; the chunks of a deleted document
    /// stay hidden until it is restored.
    /// </summary>
    public async Task PublishAsync(WorkItem item, IngestionWork work, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        // First, because adding vectors takes locks that publishing takes, too.
        var missing = await vectors.MissingAsync(session, work, cancellationToken);
        var now = time.GetUtcNow();
        var arguments = new
        {
            tenant = item.Tenant.Value,
            work.DocumentId,
            work.Version,
            missing,
            now,
        };
        var document = await session.FindAsync<LockedRow>(LockSql, arguments, cancellationToken);
        var isPublished = await session.ExecuteAsync(ReadySql, arguments, cancellationToken) == 0;
        if (document is null || isPublished)
        {
            return;
        }

        if (!(document.CurrentVersion >= work.Version))
        {
            await session.ExecuteAsync(CurrentSql, arguments, cancellationToken);
            if (document.DeletedAt is null)
            {
                var removed = await session.QueryAsync<Guid>(HideOthersSql, arguments, cancellationToken);
                var added = await session.QueryAsync<Guid>(ShowSql, arguments, cancellationToken);
                await RevisionLog.RecordAsync(
                    session,
                    ChangeKind.Version,
                    work.DocumentId,
                    [.. added.Order()],
                    [.. removed.Order()],
                    now,
                    cancellationToken
                );
            }
        }

        await session.CommitAsync(cancellationToken);
    }

    private sealed record LockedRow
    {
        public int? CurrentVersion { get; init; }
        public DateTimeOffset? DeletedAt { get; init; }
    }
}
