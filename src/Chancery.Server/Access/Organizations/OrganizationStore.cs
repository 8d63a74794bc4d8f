using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Organizations;

/// <summary>What an organisation says of itself. Safe for concurrent use.</summary>
public sealed class OrganizationStore(TenantDatabase database)
{
    private const string FindSql = """
        SELECT tenant_id AS id, name, plan, created_at,
               (settings ->> 'conversation_retention_days')::int AS conversation_retention_days,
               coalesce((settings ->> 'query_log')::boolean, true) AS query_log
        FROM tenants WHERE tenant_id = @tenant
        """;

    private const string ChangeSql = """
        UPDATE tenants
        SET name = coalesce(@name, name),
            settings = CASE
              WHEN @days::int IS NULL THEN settings
              WHEN @days = 0 THEN settings - 'conversation_retention_days'
              ELSE jsonb_set(settings, '{conversation_retention_days}', to_jsonb(@days)) END
              || CASE WHEN @queryLog::boolean IS NULL THEN '{}' ELSE jsonb_build_object('query_log', @queryLog) END
        WHERE tenant_id = @tenant
        """;

    /// <exception cref="InvalidOperationException">There is no such tenant.</exception>
    public async Task<Organization> GetAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Organization>(FindSql, new { tenant = tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {tenant} does not exist.");
    }

    /// <param name="name">Null leaves it.</param>
    /// <param name="retentionDays">0 for never; null leaves it.</param>
    /// <param name="queryLog">Null leaves it.</param>
    internal async Task ChangeAsync(
        TenantId tenant,
        string? name,
        int? retentionDays,
        bool? queryLog,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            ChangeSql,
            new
            {
                tenant = tenant.Value,
                name,
                days = retentionDays,
                queryLog,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}

/// <param name="ConversationRetentionDays">
/// Conversations that nobody touched for so many days are erased for good; null: never.
/// </param>
/// <param name="QueryLog">Whether searches are written down, where the operator lets them.</param>
public sealed record Organization(
    Guid Id,
    string Name,
    string Plan,
    DateTimeOffset CreatedAt,
    int? ConversationRetentionDays,
    bool QueryLog
);
