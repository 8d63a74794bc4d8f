using System.Text.Json;
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
               coalesce(settings ->> 'personal_data_in_answers', 'off') AS personal_data_in_answers,
               coalesce(settings -> 'answer_link_hosts', '[]')::text AS answer_link_hosts,
               coalesce(settings ->> 'personal_data_to_models', 'as_is') AS personal_data_to_models
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
              || CASE WHEN @linkHosts::text[] IS NULL THEN '{}'
                 ELSE jsonb_build_object('answer_link_hosts', to_jsonb(@linkHosts::text[])) END
              || CASE WHEN @personalDataTold::text IS NULL THEN '{}'
                 ELSE jsonb_build_object('personal_data_to_models', @personalDataTold::text) END
        WHERE tenant_id = @tenant
        """;

    private const string RulesSql = """
        SELECT coalesce(settings ->> 'personal_data_in_answers', 'off') AS personal_data,
               coalesce(settings -> 'answer_link_hosts', '[]')::text AS link_hosts,
               coalesce(settings ->> 'personal_data_to_models', 'as_is') AS personal_data_told
        FROM tenants WHERE tenant_id = @tenant
        """;

    /// <exception cref="InvalidOperationException">There is no such tenant.</exception>
    public async Task<Organization> GetAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var row =
            await session.FindAsync<OrganizationRow>(FindSql, new { tenant = tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {tenant} does not exist.");
        return new Organization(
            row.Id,
            row.Name,
            row.Plan,
            row.CreatedAt,
            row.ConversationRetentionDays,
            row.QueryLog,
            row.PersonalDataInAnswers,
            HostsOf(row.AnswerLinkHosts),
            row.PersonalDataToModels
        );
    }

    /// <summary>What models may say, as it is set now.</summary>
    internal async Task<AnswerRules> RulesAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<RulesRow>(RulesSql, new { tenant = tenant.Value }, cancellationToken) is { } row
            ? new AnswerRules(row.PersonalData, HostsOf(row.LinkHosts), row.PersonalDataTold)
            : AnswerRules.Default;
    }

    /// <param name="name">Null leaves it.</param>
    /// <param name="retentionDays">0 for never; null leaves it.</param>
    /// <param name="queryLog">Null leaves it.</param>
    /// <param name="personalData">One of <see cref="PersonalDataRule"/>; null leaves it.</param>
    /// <param name="linkHosts">As <see cref="LinkHosts"/> reads them; null leaves them.</param>
    /// <param name="personalDataTold">One of <see cref="PersonalDataToModels"/>; null leaves it.</param>
    internal async Task ChangeAsync(
        TenantId tenant,
        string? name,
        int? retentionDays,
        bool? queryLog,
        string? personalData,
        string[]? linkHosts,
        string? personalDataTold,
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
                linkHosts,
                personalDataTold,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    private static string[] HostsOf(string json) => JsonSerializer.Deserialize<string[]>(json) ?? [];

    private sealed record OrganizationRow(
        Guid Id,
        string Name,
        string Plan,
        DateTimeOffset CreatedAt,
        int? ConversationRetentionDays,
        bool QueryLog,
        string PersonalDataInAnswers,
        string AnswerLinkHosts,
        string PersonalDataToModels
    );

    private sealed record RulesRow(string PersonalData, string LinkHosts, string PersonalDataTold);
}

/// <param name="ConversationRetentionDays">
/// Conversations that nobody touched for so many days are erased for good; null: never.
/// </param>
/// <param name="QueryLog">Whether searches are written down, where the operator lets them.</param>
/// <param name="PersonalDataInAnswers">
/// What becomes of personal data in answers that neither the passages nor the conversation hold: off, count, redact or refuse.
/// </param>
/// <param name="AnswerLinkHosts">
/// Hosts to which answers may link although no passage, question or conversation names the address: docs.example.com, or *.example.com for those under it.
/// </param>
/// <param name="PersonalDataToModels">
/// What models are told of personal data in questions, passages and conversations: as_is, or pseudonyms, in whose place the data stands again in the answer.
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
        string PersonalDataInAnswers,
    string[] AnswerLinkHosts,
    [property: OneOf(
        "PersonalDataToModels",
        Organizations.PersonalDataToModels.AsIs,
        Organizations.PersonalDataToModels.Pseudonyms
    )]
        string PersonalDataToModels
);
