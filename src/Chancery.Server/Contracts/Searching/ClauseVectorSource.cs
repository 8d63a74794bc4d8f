using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis.VectorSets;

namespace Chancery.Server.Contracts.Searching;

/// <summary>
/// What vector sets of clauses are made from: those of the latest revisions, by contract. Safe for concurrent use.
/// </summary>
internal sealed class ClauseVectorSource(TenantDatabase database) : IVectorSource
{
    private const string PositionSql = """
        SELECT l.change AS revision, l.token
        FROM contract_changes AS c JOIN contract_change_log AS l ON l.tenant_id = c.tenant_id AND l.change = c.change
        WHERE c.tenant_id = @tenant
        """;

    private const string IsLoggedSql = """
        SELECT EXISTS (
          SELECT 1 FROM contract_change_log
          WHERE tenant_id = @tenant AND change = @change AND token = @token)
        """;

    // One that changed once more meanwhile is among them: it is read as it is now, and once more by whoever comes to its new number.
    private const string ChangedSql = """
        SELECT contract_id FROM contracts WHERE tenant_id = @tenant AND change > @change ORDER BY change LIMIT @most
        """;

    private const string ItemsSql = """
        SELECT k.contract_id, k.clause_id, k.sha256, v.embedding
        FROM contract_clauses AS k
        JOIN contracts AS c ON c.tenant_id = k.tenant_id AND c.contract_id = k.contract_id AND c.deleted_at IS NULL
        JOIN contract_vectors AS v
          ON v.tenant_id = k.tenant_id AND v.contract_id = k.contract_id AND v.sha256 = k.sha256 AND v.model = @model
        WHERE k.tenant_id = @tenant AND k.body <> '' AND octet_length(v.embedding) = @bytes
          AND (@contracts::uuid[] IS NULL OR k.contract_id = ANY (@contracts))
          AND (@after::uuid IS NULL OR (k.contract_id, k.clause_id) > (@contract, @after))
        ORDER BY k.contract_id, k.clause_id
        LIMIT @most
        """;

    // Enough to tell a clause's texts from one another.
    private const int HashBytes = 8;

    public string Kind => "clauses";

    public string GroupAttribute => "contract";

    public int MostGroups => 20;

    // A contract's clauses are read whole; only those that changed are written.
    public int MostVectors => 1000;

    /// <summary>Of an element of a set.</summary>
    public static Guid ClauseOf(string id) => Guid.Parse(id.AsSpan(0, id.IndexOf('/', StringComparison.Ordinal)));

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
            change = from.Revision,
            token = from.Token,
            most = MostGroups + 1,
        };
        if (from.Revision > until.Revision || !await session.FindAsync<bool>(IsLoggedSql, arguments, cancellationToken))
        {
            return null;
        }

        var contracts = await session.QueryAsync<Guid>(ChangedSql, arguments, cancellationToken);
        return contracts.Count > MostGroups ? null : new VectorChanges(contracts);
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
        var rows = await session.QueryAsync<Row>(
            ItemsSql,
            new
            {
                tenant = set.Tenant.Value,
                model = set.Model,
                bytes = set.Dimensions * sizeof(float),
                contracts = groups?.ToArray(),
                contract = after?.Group,
                after = after is null ? (Guid?)null : ClauseOf(after.Id),
                most,
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new VectorSetItem
            {
                Id = $"{row.ClauseId}/{Convert.ToHexStringLower(row.Sha256.AsSpan(0, HashBytes))}",
                Group = row.ContractId,
                Vector = ClauseVectorStore.Read(row.Embedding),
                Attributes = JsonSerializer.Serialize(
                    new
                    {
                        tenant = set.Tenant.Value,
                        contract = row.ContractId,
                        clause = row.ClauseId,
                    }
                ),
            }),
        ];
    }

    private sealed class Row
    {
        public Guid ContractId { get; init; }

        public Guid ClauseId { get; init; }

        public byte[] Sha256 { get; init; } = [];

        public byte[] Embedding { get; init; } = [];
    }
}
