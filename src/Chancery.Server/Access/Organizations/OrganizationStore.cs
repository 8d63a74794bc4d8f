using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Access.Organizations;

/// <summary>What an organisation says of itself. Safe for concurrent use.</summary>
public sealed class OrganizationStore(TenantDatabase database)
{
    private const string FindSql = """
        SELECT tenant_id AS id, name, plan, created_at,
               (settings ->> 'conversation_retention_days')::int AS conversation_retention_days,
               coalesce((settings ->> 'query_log')::boolean, true) AS query_log,
               coalesce(settings ->> 'personal_data_in_answers', 'off') AS personal_data_in_answers
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
              || CASE WHEN @personalData::text IS NULL THEN '{}'
                 ELSE jsonb_build_object('personal_data_in_answers', @personalData::text) END
        WHERE tenant_id = @tenant
        """;

    private const string PersonalDataSql =
        "SELECT coalesce(settings ->> 'personal_data_in_answers', 'off') FROM tenants WHERE tenant_id = @tenant";

    /// <exception cref="InvalidOperationException">There is no such tenant.</exception>
    public async Task<Organization> GetAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Organization>(FindSql, new { tenant = tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {tenant} does not exist.");
    }

    /// <summary>What becomes of personal data in answers, as it is set now: one of <see cref="PersonalDataRule"/>.</summary>
    internal async Task<string> PersonalDataAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<string>(PersonalDataSql, new { tenant = tenant.Value }, cancellationToken)
            ?? PersonalDataRule.Off;
    }

    /// <param name="name">Null leaves it.</param>
    /// <param name="retentionDays">0 for never; null leaves it.</param>
    /// <param name="queryLog">Null leaves it.</param>
    /// <param name="personalData">One of <see cref="PersonalDataRule"/>; null leaves it.</param>
    internal async Task ChangeAsync(
        TenantId tenant,
        string? name,
        int? retentionDays,
        bool? queryLog,
        string? personalData,
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
                personalData,
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
/// <param name="PersonalDataInAnswers">
/// What becomes of personal data in answers that neither the passages nor the conversation hold: off, count, redact or refuse.
/// </param>
public sealed record Organization(
    Guid Id,
    string Name,
    string Plan,
    DateTimeOffset CreatedAt,
    int? ConversationRetentionDays,
    bool QueryLog,
    [property: OneOf(
        "PersonalDataRule",
        PersonalDataRule.Off,
        PersonalDataRule.Count,
        PersonalDataRule.Redact,
        PersonalDataRule.Refuse
    )]
        string PersonalDataInAnswers
);
