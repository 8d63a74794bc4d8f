using System.Text;
using Chancery.Server.Access;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Alerts;

/// <summary>Where organisations want to be told. Safe for concurrent use.</summary>
internal sealed class WebhookStore(TenantDatabase database, IDataKeys keys, TimeProvider time)
{
    /// <summary>The secret, for an archive of the organisation.</summary>
    public static SealedColumn Sealed { get; } =
        new(
            "alert_webhooks",
            "secret",
            IdColumn: null,
            (kept, dataKey, tenant, _) => Encoding.ASCII.GetBytes(WebhookSecret.Open(kept, dataKey, tenant)),
            (secret, dataKey, tenant, _) => WebhookSecret.Seal(Encoding.ASCII.GetString(secret), dataKey, tenant)
        );

    private const string SetSql = """
        INSERT INTO alert_webhooks (tenant_id, url, secret, changed_at, changed_by)
        VALUES (@tenant, @url, @secret, @now, @by)
        ON CONFLICT (tenant_id) DO UPDATE
        SET url = excluded.url, secret = excluded.secret, changed_at = excluded.changed_at, changed_by = excluded.changed_by,
            delivered_at = NULL, failed_at = NULL, failure = NULL
        """;

    private const string FindSql = """
        SELECT url, secret, changed_at, delivered_at, failed_at, failure FROM alert_webhooks WHERE tenant_id = @tenant
        """;

    private const string RemoveSql = "DELETE FROM alert_webhooks WHERE tenant_id = @tenant";

    private const string DeliveredSql =
        "UPDATE alert_webhooks SET delivered_at = @now, failed_at = NULL, failure = NULL WHERE tenant_id = @tenant";

    private const string FailedSql =
        "UPDATE alert_webhooks SET failed_at = @now, failure = @failure WHERE tenant_id = @tenant";

    internal sealed record Row
    {
        public required string Url { get; init; }
        public required byte[] Secret { get; init; }
        public required DateTimeOffset ChangedAt { get; init; }
        public DateTimeOffset? DeliveredAt { get; init; }
        public DateTimeOffset? FailedAt { get; init; }
        public string? Failure { get; init; }
    }

    /// <summary>Sets the address, and answers the secret that signs from now on; nobody can read it again.</summary>
    public async Task<string> SetAsync(Principal principal, Uri url, CancellationToken cancellationToken)
    {
        var secret = WebhookSecret.Create();
        var dataKey = await keys.GetAsync(principal.Tenant, cancellationToken);
        await ExecuteAsync(
            principal.Tenant,
            SetSql,
            new
            {
                tenant = principal.Tenant.Value,
                url = url.AbsoluteUri,
                secret = WebhookSecret.Seal(secret, dataKey, principal.Tenant),
                now = time.GetUtcNow(),
                by = principal.Id,
            },
            cancellationToken
        );
        return secret;
    }

    public async Task<Row?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Row>(FindSql, new { tenant = tenant.Value }, cancellationToken);
    }

    public Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken) =>
        ExecuteAsync(tenant, RemoveSql, new { tenant = tenant.Value }, cancellationToken);

    /// <param name="failure">Null for what arrived.</param>
    public Task SentAsync(TenantId tenant, string? failure, CancellationToken cancellationToken) =>
        ExecuteAsync(
            tenant,
            failure is null ? DeliveredSql : FailedSql,
            new
            {
                tenant = tenant.Value,
                failure,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    public async Task<string> SecretOfAsync(TenantId tenant, Row row, CancellationToken cancellationToken) =>
        WebhookSecret.Open(row.Secret, await keys.GetAsync(tenant, cancellationToken), tenant);

    private async Task ExecuteAsync(TenantId tenant, string sql, object arguments, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(sql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
