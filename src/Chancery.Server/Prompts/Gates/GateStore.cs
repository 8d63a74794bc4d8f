using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Gates;

/// <summary>What versions of an organisation's prompts have to pass. Safe for concurrent use.</summary>
internal sealed class GateStore(TenantDatabase database, TimeProvider time)
{
    private const string FindSql = """
        SELECT dataset_id AS dataset, allowed_drop, most_cost, most_attacks, least_coverage, most_cost_usd
        FROM prompt_gates WHERE tenant_id = @tenant AND prompt_id = @id
        """;

    private const string PutSql = """
        INSERT INTO prompt_gates (tenant_id, prompt_id, dataset_id, allowed_drop, most_cost, most_attacks, least_coverage, most_cost_usd, updated_by,
                                  updated_at)
        VALUES (@tenant, @id, @dataset, @drop, @cost, @attacks, @coverage, @costUsd, @by, @now)
        ON CONFLICT (tenant_id, prompt_id) DO UPDATE
        SET dataset_id = excluded.dataset_id, allowed_drop = excluded.allowed_drop, most_cost = excluded.most_cost,
            most_attacks = excluded.most_attacks, least_coverage = excluded.least_coverage, most_cost_usd = excluded.most_cost_usd,
            updated_by = excluded.updated_by, updated_at = excluded.updated_at
        """;

    private const string DeleteSql = "DELETE FROM prompt_gates WHERE tenant_id = @tenant AND prompt_id = @id";

    public async Task<RolloutGate?> FindAsync(Principal principal, Guid prompt, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return
            await session.FindAsync<Row>(FindSql, new { tenant = session.Tenant.Value, id = prompt }, cancellationToken)
                is { } row
            ? new RolloutGate(
                row.Dataset,
                row.AllowedDrop,
                row.MostCost,
                row.MostAttacks,
                row.LeastCoverage,
                row.MostCostUsd
            )
            : null;
    }

    /// <param name="gate">Null: nothing has to be passed any more.</param>
    public async Task PutAsync(Principal principal, Guid prompt, RolloutGate? gate, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            gate is null ? DeleteSql : PutSql,
            new
            {
                tenant = session.Tenant.Value,
                id = prompt,
                dataset = gate?.Dataset,
                drop = gate?.AllowedDrop,
                cost = gate?.MostCost,
                attacks = gate?.MostAttacks,
                coverage = gate?.LeastCoverage,
                costUsd = gate?.MostCostUsd,
                by = principal.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    private sealed class Row
    {
        public Guid Dataset { get; init; }

        public double AllowedDrop { get; init; }

        public double MostCost { get; init; }

        public double? MostAttacks { get; init; }

        public double LeastCoverage { get; init; }

        public double? MostCostUsd { get; init; }
    }
}
