using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Vectors.Redis;

/// <summary>What changed since a position.</summary>
/// <param name="Documents">Whose passages may have come.</param>
/// <param name="Removed">Passages that went; some of them may have come back.</param>
internal sealed record VectorChanges(IReadOnlyList<Guid> Documents, IReadOnlyList<Guid> Removed);

/// <summary>What vector sets are made from. Safe for concurrent use.</summary>
internal sealed class VectorSetStore(TenantDatabase database)
{
    private const string PositionSql = "SELECT revision, token FROM knowledge_revisions WHERE tenant_id = @tenant";

    private const string IsLoggedSql = """
        SELECT EXISTS (
          SELECT 1 FROM knowledge_changes
          WHERE tenant_id = @tenant AND revision = @revision AND token = @token)
        """;

    private const string ChangesSql = """
        SELECT document_id, removed FROM knowledge_changes
        WHERE tenant_id = @tenant AND revision > @revision AND revision <= @until
        ORDER BY revision
        LIMIT @most
        """;

    private const string ItemsSql = """
        SELECT c.chunk_id, c.document_id, v.embedding::real[] AS vector
        FROM chunks AS c
        JOIN chunk_vectors AS v ON v.tenant_id = c.tenant_id AND v.model = @model AND v.chunk_id = c.chunk_id
        WHERE c.tenant_id = @tenant AND c.current AND (@documents::uuid[] IS NULL OR c.document_id = ANY (@documents))
          AND (@after::uuid IS NULL OR c.chunk_id > @after) AND vector_dims(v.embedding) = @dimensions
        ORDER BY c.chunk_id
        LIMIT @most
        """;

    public async Task<VectorSetPosition?> PositionAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<VectorSetPosition>(
            PositionSql,
            new { tenant = tenant.Value },
            cancellationToken
        );
    }

    /// <summary>
    /// What to do to get from one position to the other; null where the first is none that this database has been at, as after a
    /// restore, or more than <paramref name="most"/> changes lie between.
    /// </summary>
    public async Task<VectorChanges?> ChangesAsync(
        TenantId tenant,
        VectorSetPosition from,
        VectorSetPosition until,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var arguments = new
        {
            tenant = tenant.Value,
            revision = from.Revision,
            token = from.Token,
            until = until.Revision,
            most = most + 1,
        };
        if (from.Revision > until.Revision || !await session.FindAsync<bool>(IsLoggedSql, arguments, cancellationToken))
        {
            return null;
        }

        var rows = await session.QueryAsync<ChangeRow>(ChangesSql, arguments, cancellationToken);
        return rows.Count > most
            ? null
            : new VectorChanges(
                [.. rows.Select(row => row.DocumentId).Distinct()],
                [.. rows.SelectMany(row => row.Removed).Distinct()]
            );
    }

    /// <summary>Passages that search sees, by id, with their vectors.</summary>
    /// <param name="documents">Only of these; null for all.</param>
    public async Task<IReadOnlyList<VectorSetItem>> ItemsAsync(
        VectorSet set,
        IReadOnlyList<Guid>? documents,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(set.Tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        return await session.QueryAsync<VectorSetItem>(
            ItemsSql,
            new
            {
                tenant = set.Tenant.Value,
                model = set.Model,
                dimensions = set.Dimensions,
                documents = documents?.ToArray(),
                after,
                most,
            },
            cancellationToken
        );
    }

    private sealed record ChangeRow
    {
        public required Guid DocumentId { get; init; }
        public required Guid[] Removed { get; init; }
    }
}
