using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Searching;

/// <summary>Vectors of clauses go with those of passages when their model is a former one. Safe for concurrent use.</summary>
internal sealed class FormerClauseVectors : IFormerVectors
{
    private const string RemoveSql = """
        DELETE FROM contract_vectors
        WHERE tenant_id = @tenant AND model = @model AND (contract_id, sha256) IN (
          SELECT contract_id, sha256 FROM contract_vectors
          WHERE tenant_id = @tenant AND model = @model
          ORDER BY contract_id, sha256
          LIMIT @most)
        """;

    public Task<int> RemoveAsync(TenantSession session, string model, int most, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            RemoveSql,
            new
            {
                tenant = session.Tenant.Value,
                model,
                most,
            },
            cancellationToken
        );
}
