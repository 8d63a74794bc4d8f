using Dapper;
using Npgsql;

namespace Chancery.Server.Inference.Ledger.Budgets;

/// <summary>Caps that the operator sets, with the rights of the tables' owner; servers know of them within two seconds.</summary>
/// <param name="source">Connects as somebody who may become the owner.</param>
public sealed class OperatorBudgets(NpgsqlDataSource source)
{
    private const string TenantSql = "SELECT tenant_id FROM door_tenant_named(@named)";

    private const string SetSql = """
        INSERT INTO budgets (tenant_id, level, subject_id, period, set_by, cap_nano, changed_at)
        VALUES (@tenant, @level, @subject, @period, 'operator', @cap, now())
        ON CONFLICT (tenant_id, level, subject_id, period, set_by) DO UPDATE
        SET cap_nano = excluded.cap_nano, changed_at = excluded.changed_at
        """;

    private const string SetAllSql = """
        INSERT INTO installation_budgets (period, cap_nano, changed_at) VALUES (@period, @cap, now())
        ON CONFLICT (period) DO UPDATE SET cap_nano = excluded.cap_nano, changed_at = excluded.changed_at
        """;

    private const string RemoveSql = """
        DELETE FROM budgets
        WHERE tenant_id = @tenant AND level = @level AND subject_id = @subject AND period = @period AND set_by = 'operator'
        """;

    private const string RemoveAllSql = "DELETE FROM installation_budgets WHERE period = @period";

    private const string ListSql = """
        SELECT NULL::uuid AS tenant_id, 'installation' AS level, NULL::uuid AS subject_id, period, 'operator' AS set_by, cap_nano
        FROM installation_budgets WHERE @tenant::uuid IS NULL
        UNION ALL
        SELECT tenant_id, level, subject_id, period, set_by, cap_nano
        FROM budgets WHERE @tenant::uuid IS NULL OR tenant_id = @tenant
        ORDER BY 1 NULLS FIRST, 2, 3, 4, 5
        LIMIT 10000
        """;

    /// <summary>A cap of the installation has no tenant.</summary>
    public sealed record Row
    {
        public Guid? TenantId { get; init; }
        public required string Level { get; init; }
        public Guid? SubjectId { get; init; }
        public required string Period { get; init; }
        public required string SetBy { get; init; }
        public required long CapNano { get; init; }
    }

    /// <summary>Whom a cap is on: a tenant, or a person or key of it; null for the whole installation.</summary>
    public sealed record Subject(Guid Tenant, string Level, Guid Id);

    /// <summary>The tenants of that name.</summary>
    public async Task<IReadOnlyList<Guid>> TenantsNamedAsync(string named, CancellationToken cancellationToken) =>
        await AsOwnerAsync(
            async connection =>
                (
                    await connection.QueryAsync<Guid>(
                        new CommandDefinition(TenantSql, new { named }, cancellationToken: cancellationToken)
                    )
                ).AsList(),
            cancellationToken
        );

    public Task SetAsync(Subject? subject, string period, NanoDollars cap, CancellationToken cancellationToken) =>
        ExecuteAsync(
            subject is null ? SetAllSql : SetSql,
            new
            {
                tenant = subject?.Tenant,
                level = subject?.Level,
                subject = subject?.Id,
                period,
                cap = cap.Value,
            },
            cancellationToken
        );

    /// <summary>False when there was none.</summary>
    public async Task<bool> RemoveAsync(Subject? subject, string period, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            subject is null ? RemoveAllSql : RemoveSql,
            new
            {
                tenant = subject?.Tenant,
                level = subject?.Level,
                subject = subject?.Id,
                period,
            },
            cancellationToken
        ) > 0;

    public async Task<IReadOnlyList<Row>> ListAsync(Guid? tenant, CancellationToken cancellationToken) =>
        await AsOwnerAsync(
            async connection =>
                (
                    await connection.QueryAsync<Row>(
                        new CommandDefinition(ListSql, new { tenant }, cancellationToken: cancellationToken)
                    )
                ).AsList(),
            cancellationToken
        );

    private Task<int> ExecuteAsync(string sql, object arguments, CancellationToken cancellationToken) =>
        AsOwnerAsync(
            connection =>
                connection.ExecuteAsync(new CommandDefinition(sql, arguments, cancellationToken: cancellationToken)),
            cancellationToken
        );

    private async Task<T> AsOwnerAsync<T>(Func<NpgsqlConnection, Task<T>> run, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition("SET ROLE chancery_owner", cancellationToken: cancellationToken)
        );
        return await run(connection);
    }
}
