using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Overrides;

/// <summary>What an organisation sets for those in it. Safe for concurrent use.</summary>
internal sealed class OverrideStore(TenantDatabase database, LimitBook book, TimeProvider time)
{
    private const string SetSql = """
        INSERT INTO limit_overrides (tenant_id, level, subject_id, name, set_by, most, changed_at)
        VALUES (@tenant, @level, @subject, @name, 'tenant', @most, @now)
        ON CONFLICT (tenant_id, level, subject_id, name, set_by) DO UPDATE
        SET most = excluded.most, changed_at = excluded.changed_at
        """;

    private const string RemoveSql = """
        DELETE FROM limit_overrides
        WHERE tenant_id = @tenant AND level = @level AND subject_id = @subject AND name = @name AND set_by = 'tenant'
        """;

    /// <summary>On all servers within two seconds, within ten while Redis is gone.</summary>
    /// <param name="most">Null takes it away; what the plan and the operator say stays.</param>
    public async Task SetAsync(
        Principal principal,
        string level,
        Guid subject,
        string name,
        long? most,
        CancellationToken cancellationToken
    )
    {
        await using (var session = await database.OpenAsync(principal, cancellationToken))
        {
            await session.ExecuteAsync(
                most is null ? RemoveSql : SetSql,
                new
                {
                    tenant = principal.Tenant.Value,
                    level,
                    subject,
                    name,
                    most,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
        }

        await book.ChangedAsync(principal.Tenant);
    }
}
