using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis.VectorSets;

namespace Chancery.Server.Knowledge.Vectors.Redis;

/// <summary>What vector sets of passages are made from: those that search sees, by document. Safe for concurrent use.</summary>
internal sealed class PassageVectorSource(TenantDatabase database) : IVectorSource
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

    public string Kind => "vectors";

    public string GroupAttribute => "document";

    // Some tens of milliseconds.
    public int MostGroups => 100;

    public int MostVectors => 100;

    public async Task<VectorSetPosition?> PositionAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<VectorSetPosition>(
            PositionSql,
            new { tenant = tenant.Value },
            cancellationToken
        );
    }

    public async Task<VectorChanges?> ChangesAsync(
        TenantId tenant,
        VectorSetPosition from,
        VectorSetPosition until,
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
            most = MostGroups + 1,
        };
        if (from.Revision > until.Revision || !await session.FindAsync<bool>(IsLoggedSql, arguments, cancellationToken))
        {
            return null;
        }

        var rows = await session.QueryAsync<ChangeRow>(ChangesSql, arguments, cancellationToken);
        return rows.Count > MostGroups
            ? null
            : new VectorChanges(
                [.. rows.Select(row => row.DocumentId).Distinct()],
                rows.SelectMany(row => row.Removed).Distinct().Count()
            );
    }

    public async Task<IReadOnlyList<VectorSetItem>> ItemsAsync(
        VectorSet set,
        IReadOnlyList<Guid>? groups,
        VectorSetItem? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(set.Tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        var rows = await session.QueryAsync<ItemRow>(
            ItemsSql,
            new
            {
                tenant = set.Tenant.Value,
                model = set.Model,
                dimensions = set.Dimensions,
                documents = groups?.ToArray(),
                after = after is null ? (Guid?)null : Guid.Parse(after.Id),
                most,
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new VectorSetItem
            {
                Id = row.ChunkId.ToString(),
                Group = row.DocumentId,
                Vector = row.Vector,
                Attributes = JsonSerializer.Serialize(new { tenant = set.Tenant.Value, document = row.DocumentId }),
            }),
        ];
    }

    private sealed record ItemRow
    {
        public required Guid ChunkId { get; init; }
        public required Guid DocumentId { get; init; }
        public required float[] Vector { get; init; }
    }

    private sealed record ChangeRow
    {
        public required Guid DocumentId { get; init; }
        public required Guid[] Removed { get; init; }
    }
}
