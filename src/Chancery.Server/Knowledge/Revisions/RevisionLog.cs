using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Revisions;

/// <summary>What happened to a document, as the change log names it.</summary>
internal static class ChangeKind
{
    public const string Version = "version";
    public const string Deleted = "deleted";
    public const string Restored = "restored";
    public const string Tags = "tags";
    public const string Title = "title";
    public const string Moved = "moved";
    public const string Vectors = "vectors";

    /// <summary>Who may read it; of no document: a group, or a collection's list.</summary>
    public const string Access = "access";

    /// <summary>PostgreSQL's own words for its passages are others; the passages are as they were.</summary>
    public const string Analysis = "analysis";

    /// <summary>Of no document: the tenant is searched with another embedding model.</summary>
    public const string Model = "model";
}

/// <summary>A chunk and whose it is.</summary>
internal sealed record DocumentChunk(Guid DocumentId, Guid ChunkId);

/// <summary>
/// Raises the tenant's revision and writes the change log, in one statement, which must be the last of its transaction:
/// the row lock is then held only until the commit, and revisions are gap-free in commit order.
/// </summary>
internal static class RevisionLog
{
    /// <summary>Stands in the log where a change is of no single document.</summary>
    public static readonly Guid NoDocument = Guid.Empty;

    private const string RecordSql = """
        WITH raised AS (
          UPDATE knowledge_revisions SET revision = revision + 1, token = gen_random_uuid()
          WHERE tenant_id = @tenant
          RETURNING revision, token)
        INSERT INTO knowledge_changes (tenant_id, revision, token, kind, document_id, added, removed, changed_at)
        SELECT @tenant, revision, token, @kind, @documentId, @added, @removed, @now FROM raised
        """;

    private const string RecordManySql = """
        WITH raised AS (
          UPDATE knowledge_revisions SET revision = revision + cardinality(@documents), token = gen_random_uuid()
          WHERE tenant_id = @tenant
          RETURNING revision, token)
        INSERT INTO knowledge_changes (tenant_id, revision, token, kind, document_id, added, removed, changed_at)
        SELECT @tenant, raised.revision - cardinality(@documents) + d.place,
               CASE WHEN d.place = cardinality(@documents) THEN raised.token ELSE gen_random_uuid() END,
               @kind, d.document_id, coalesce(plus.chunks, '{}'), coalesce(minus.chunks, '{}'), @now
        FROM raised
        CROSS JOIN unnest(@documents) WITH ORDINALITY AS d(document_id, place)
        LEFT JOIN (
          SELECT a.document_id, array_agg(a.chunk_id ORDER BY a.chunk_id) AS chunks
          FROM unnest(@addedDocuments, @added) AS a(document_id, chunk_id)
          GROUP BY a.document_id) AS plus ON plus.document_id = d.document_id
        LEFT JOIN (
          SELECT r.document_id, array_agg(r.chunk_id ORDER BY r.chunk_id) AS chunks
          FROM unnest(@removedDocuments, @removed) AS r(document_id, chunk_id)
          GROUP BY r.document_id) AS minus ON minus.document_id = d.document_id
        """;

    /// <param name="added">Chunks that became current.</param>
    /// <param name="removed">Chunks that stopped being current.</param>
    public static async Task RecordAsync(
        TenantSession session,
        string kind,
        Guid documentId,
        Guid[] added,
        Guid[] removed,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var written = await session.ExecuteAsync(
            RecordSql,
            new
            {
                tenant = session.Tenant.Value,
                kind,
                documentId,
                added,
                removed,
                now,
            },
            cancellationToken
        );
        Expect(written, 1, session.Tenant);
    }

    public static Task RecordManyAsync(
        TenantSession session,
        string kind,
        Guid[] documents,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => RecordManyAsync(session, kind, documents, [], [], now, cancellationToken);

    /// <summary>One revision for each document, all raised together; nothing when there are none.</summary>
    /// <param name="added">Chunks of <paramref name="documents"/> that became current, or that got a vector.</param>
    /// <param name="removed">Chunks of them that stopped being current.</param>
    public static async Task RecordManyAsync(
        TenantSession session,
        string kind,
        Guid[] documents,
        IReadOnlyList<DocumentChunk> added,
        IReadOnlyList<DocumentChunk> removed,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (documents.Length == 0)
        {
            return;
        }

        var written = await session.ExecuteAsync(
            RecordManySql,
            new
            {
                tenant = session.Tenant.Value,
                kind,
                documents,
                addedDocuments = added.Select(chunk => chunk.DocumentId).ToArray(),
                added = added.Select(chunk => chunk.ChunkId).ToArray(),
                removedDocuments = removed.Select(chunk => chunk.DocumentId).ToArray(),
                removed = removed.Select(chunk => chunk.ChunkId).ToArray(),
                now,
            },
            cancellationToken
        );
        Expect(written, documents.Length, session.Tenant);
    }

    private static void Expect(int written, int expected, TenantId tenant)
    {
        if (written != expected)
        {
            throw new InvalidOperationException($"Tenant {tenant} has no row in knowledge_revisions.");
        }
    }
}
