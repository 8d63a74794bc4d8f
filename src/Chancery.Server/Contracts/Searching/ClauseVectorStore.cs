using System.Runtime.InteropServices;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Contracts.Searching;

/// <summary>A clause that has no vector of a model yet.</summary>
internal sealed class BlindClause
{
    public Guid ContractId { get; init; }

    public byte[] Sha256 { get; init; } = [];

    public string Path { get; init; } = "";

    public string Body { get; init; } = "";
}

/// <summary>Vectors of clauses, by what was encoded. Safe for concurrent use.</summary>
internal sealed class ClauseVectorStore(TenantDatabase database)
{
    private const string NextSql = """
        SELECT DISTINCT ON (k.contract_id, k.sha256) k.contract_id, k.sha256, k.path, k.body
        FROM contract_clauses AS k
        JOIN contracts AS c ON c.tenant_id = k.tenant_id AND c.contract_id = k.contract_id AND c.deleted_at IS NULL
        WHERE k.tenant_id = @tenant AND (k.contract_id, k.sha256) > (@afterContract, @afterHash) AND NOT EXISTS (
          SELECT 1 FROM contract_vectors AS v
          WHERE v.tenant_id = k.tenant_id AND v.contract_id = k.contract_id AND v.sha256 = k.sha256 AND v.model = @model)
        ORDER BY k.contract_id, k.sha256, k.ordinal
        LIMIT @most
        """;

    private const string InsertSql = """
        INSERT INTO contract_vectors (tenant_id, contract_id, sha256, model, embedding)
        SELECT @tenant, t.contract_id, t.sha256, @model, t.embedding
        FROM unnest(@contracts::uuid[], @hashes::bytea[], @embeddings::bytea[]) AS t(contract_id, sha256, embedding)
        ON CONFLICT DO NOTHING
        """;

    // Indexes read again what gained vectors.
    private const string HoldSql = """
        SELECT contract_id FROM contracts WHERE tenant_id = @tenant AND contract_id = ANY (@ids) ORDER BY contract_id FOR UPDATE
        """;

    private const string TouchSql = """
        UPDATE contracts SET change = @change WHERE tenant_id = @tenant AND contract_id = ANY (@ids)
        """;

    public async Task<IReadOnlyList<BlindClause>> NextAsync(
        TenantId tenant,
        string model,
        BlindClause? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<BlindClause>(
            NextSql,
            new
            {
                tenant = tenant.Value,
                model,
                afterContract = after?.ContractId ?? Guid.Empty,
                afterHash = after?.Sha256 ?? [],
                most,
            },
            cancellationToken
        );
    }

    public async Task AddAsync(
        WorkItem item,
        string model,
        IReadOnlyList<BlindClause> clauses,
        IReadOnlyList<ReadOnlyMemory<float>> vectors,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(item.Tenant, cancellationToken);
        await item.HoldAsync(session, cancellationToken);
        var tenant = item.Tenant.Value;
        var ids = clauses.Select(clause => clause.ContractId).Distinct().ToArray();
        await session.QueryAsync<Guid>(HoldSql, new { tenant, ids }, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant,
                model,
                contracts = clauses.Select(clause => clause.ContractId).ToArray(),
                hashes = clauses.Select(clause => clause.Sha256).ToArray(),
                embeddings = vectors.Select(Write).ToArray(),
            },
            cancellationToken
        );
        await session.ExecuteAsync(
            TouchSql,
            new
            {
                tenant,
                ids,
                change = await RevisionWriter.NextChangeAsync(session, cancellationToken),
            },
            cancellationToken
        );
        await item.ProgressedAsync(session, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Little-endian 32-bit floats, one after the other.</summary>
    public static byte[] Write(ReadOnlyMemory<float> vector) => MemoryMarshal.AsBytes(vector.Span).ToArray();

    public static ReadOnlyMemory<float> Read(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
