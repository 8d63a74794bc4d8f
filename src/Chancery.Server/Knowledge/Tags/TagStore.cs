using Chancery.Server.Access;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Tags;

/// <summary>A tag and how many documents have it.</summary>
public sealed record TagView(string Tag, int Documents);

/// <summary>The tags of a tenant: what its documents carry, and nothing else. Safe for concurrent use.</summary>
internal sealed class TagStore(TenantDatabase database, TimeProvider time)
{
    private const string ListSql = """
        SELECT t.tag, count(*)::int AS documents
        FROM documents AS d, unnest(d.tags) AS t(tag)
        WHERE d.tenant_id = @tenant AND d.deleted_at IS NULL AND (@after::text IS NULL OR t.tag > @after)
        GROUP BY t.tag
        ORDER BY t.tag
        LIMIT @limit
        """;

    // In one order for everybody, so that two who change tags at once wait for each other instead of deadlocking.
    private const string LockSql = """
        SELECT document_id FROM documents
        WHERE tenant_id = @tenant AND tags @> ARRAY[@from]
        ORDER BY document_id
        FOR UPDATE
        """;

    // The new name stands where the old one stood; a document that had both has it once.
    private const string RenameSql = """
        UPDATE documents SET
          tags = CASE WHEN @to = ANY (tags) THEN array_remove(tags, @from) ELSE array_replace(tags, @from, @to) END,
          updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@documents)
        """;

    private const string RemoveSql = """
        UPDATE documents SET tags = array_remove(tags, @from), updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@documents)
        """;

    /// <summary>By name; one more than <paramref name="limit"/> when there is a next page.</summary>
    /// <param name="after">The last of the page before; null for the first page.</param>
    public async Task<IReadOnlyList<TagView>> ListAsync(
        Principal principal,
        string? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<TagView>(
            ListSql,
            new
            {
                tenant = principal.Tenant.Value,
                after,
                limit = limit + 1,
            },
            cancellationToken
        );
    }

    /// <summary>How many documents had the tag; deleted ones, which may come back, are changed too.</summary>
    public Task<int> RenameAsync(Principal principal, string from, string to, CancellationToken cancellationToken) =>
        ChangeAsync(principal, from, to, RenameSql, cancellationToken);

    /// <summary>How many documents had the tag.</summary>
    public Task<int> RemoveAsync(Principal principal, string tag, CancellationToken cancellationToken) =>
        ChangeAsync(principal, tag, "", RemoveSql, cancellationToken);

    private async Task<int> ChangeAsync(
        Principal principal,
        string from,
        string to,
        string changeSql,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var tenant = principal.Tenant.Value;
        var locked = await session.QueryAsync<Guid>(LockSql, new { tenant, from }, cancellationToken);
        var documents = locked.ToArray();
        var now = time.GetUtcNow();
        await session.ExecuteAsync(
            changeSql,
            new
            {
                tenant,
                from,
                to,
                documents,
                now,
            },
            cancellationToken
        );
        await RevisionLog.RecordManyAsync(session, ChangeKind.Tags, documents, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return documents.Length;
    }
}
