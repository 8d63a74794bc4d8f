using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger.Budgets;

/// <summary>The caps of a tenant. Safe for concurrent use.</summary>
internal sealed class BudgetStore(TenantDatabase database, BudgetBook book, TimeProvider time)
{
    private const string ListSql = """
        SELECT level, subject_id, period, set_by, cap_nano
        FROM budgets WHERE tenant_id = @tenant
        ORDER BY CASE level WHEN 'tenant' THEN 0 WHEN 'user' THEN 1 ELSE 2 END, subject_id, period DESC, set_by
        LIMIT 5000
        """;

    private const string SetSql = """
        INSERT INTO budgets (tenant_id, level, subject_id, period, set_by, cap_nano, changed_at, changed_by)
        VALUES (@tenant, @level, @subject, @period, 'tenant', @cap, @now, @by)
        ON CONFLICT (tenant_id, level, subject_id, period, set_by) DO UPDATE
        SET cap_nano = excluded.cap_nano, changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """;

    private const string RemoveSql = """
        DELETE FROM budgets
        WHERE tenant_id = @tenant AND level = @level AND subject_id = @subject AND period = @period AND set_by = 'tenant'
        """;

    internal sealed record Row
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Period { get; init; }
        public required string SetBy { get; init; }
        public required long CapNano { get; init; }
    }

    public async Task<IReadOnlyList<Row>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<Row>(ListSql, new { tenant = tenant.Value }, cancellationToken);
    }

    /// <summary>Sets the tenant's own cap; on all servers within two seconds.</summary>
    public Task SetAsync(
        Principal principal,
        string level,
        Guid subject,
        string period,
        NanoDollars cap,
        CancellationToken cancellationToken
    ) =>
        ChangeAsync(
            principal.Tenant,
            SetSql,
            new
            {
                tenant = principal.Tenant.Value,
                level,
                subject,
                period,
                cap = cap.Value,
                now = time.GetUtcNow(),
                by = principal.Id,
            },
            cancellationToken
        );

    /// <summary>Removes the tenant's own cap; the operator's stays.</summary>
    public Task RemoveAsync(
        Principal principal,
        string level,
        Guid subject,
        string period,
        CancellationToken cancellationToken
    ) =>
        ChangeAsync(
            principal.Tenant,
            RemoveSql,
            new
            {
                tenant = principal.Tenant.Value,
                level,
                subject,
                period,
            },
            cancellationToken
        );

    private async Task ChangeAsync(TenantId tenant, string sql, object arguments, CancellationToken cancellationToken)
    {
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            await session.ExecuteAsync(sql, arguments, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        await book.ChangedAsync(tenant);
    }
}
