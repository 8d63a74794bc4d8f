using System.Numerics.Tensors;
using Chancery.Search.Engine;
using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis.VectorSets;

namespace Chancery.Server.Contracts.Searching;

/// <summary>
/// The nearest clauses by vector sets in Redis, measured in PostgreSQL under row-level security: what Redis names may be behind or wrong
/// about the order, and nothing that may not be read is found. Safe for concurrent use.
/// </summary>
internal sealed class RedisClauses(VectorSets sets, ClauseVectorSource source, TenantDatabase database)
{
    private const string VectorsSql = """
        SELECT k.clause_id, v.embedding
        FROM contract_clauses AS k
        JOIN contract_vectors AS v
          ON v.tenant_id = k.tenant_id AND v.contract_id = k.contract_id AND v.sha256 = k.sha256 AND v.model = @model
        WHERE k.tenant_id = @tenant AND k.clause_id = ANY (@ids) AND octet_length(v.embedding) = @bytes
        """;

    /// <param name="contracts">Only clauses of these; null for all.</param>
    /// <returns>Clauses with their cosines, nearest first; null where Redis cannot answer now.</returns>
    public async Task<IReadOnlyList<ScoredPassage>?> FindAsync(
        Principal principal,
        string model,
        ReadOnlyMemory<float> vector,
        Guid[]? contracts,
        int most,
        CancellationToken cancellationToken
    )
    {
        if (contracts is [])
        {
            return [];
        }

        var found = await sets.FindAsync(source, principal.Tenant, model, vector, contracts, most, cancellationToken);
        if (found is null)
        {
            return null;
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            VectorsSql,
            new
            {
                tenant = session.Tenant.Value,
                model,
                ids = found.Ids.Select(ClauseVectorSource.ClauseOf).ToArray(),
                bytes = vector.Length * sizeof(float),
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new ScoredPassage(
                    row.ClauseId,
                    TensorPrimitives.CosineSimilarity(vector.Span, ClauseVectorStore.Read(row.Embedding).Span)
                ))
                .Where(clause => double.IsFinite(clause.Score))
                .OrderByDescending(clause => clause.Score),
        ];
    }

    private sealed class Row
    {
        public Guid ClauseId { get; init; }

        public byte[] Embedding { get; init; } = [];
    }
}
