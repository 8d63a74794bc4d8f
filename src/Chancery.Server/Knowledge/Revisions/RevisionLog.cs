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
}

/// <summary>
/// Raises the tenant's revision and writes the change log, in one statement, which must be the last of its transaction:
/// the row lock is then held only until the commit, and revisions are gap-free in commit order.
/// </summary>
internal static class RevisionLog
{
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
        INSERT INTO knowledge_changes (tenant_id, revision, token, kind, document_id, changed_at)
        SELECT @tenant, raised.revision - cardinality(@documents) + d.place,
               CASE WHEN d.place = cardinality(@documents) THEN raised.token ELSE gen_random_uuid() END,
               @kind, d.document_id, @now
        FROM raised, unnest(@documents) WITH ORDINALITY AS d(document_id, place)
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

    /// <summary>One revision for each document; nothing when there are none.</summary>
    public static async Task RecordManyAsync(
        TenantSession session,
        string kind,
        Guid[] documents,
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
