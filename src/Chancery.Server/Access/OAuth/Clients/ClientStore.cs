using Chancery.Server.Platform.Database;
using Dapper;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>The SQL of the clients that organisations register. Safe for concurrent use.</summary>
internal sealed class ClientStore(TenantDatabase database, Doors doors)
{
    private const string FindSql = "SELECT * FROM door_oauth_client(@client)";

    private const string InsertSql = """
        INSERT INTO oauth_clients
          (tenant_id, client_id, name, secret_mac, pepper_version, redirect_uris, grants, scopes, role, created_by, created_at,
           certificate_kind, certificate_name)
        VALUES
          (@tenant, @ClientId, @Name, @SecretMac, @PepperVersion, @RedirectUris, @Grants, @Scopes, @Role, @CreatedBy,
           @CreatedAt, @kind, @certificate)
        """;

    private const string Columns = """
        client_id, name, secret_mac IS NOT NULL OR certificate_kind IS NOT NULL AS is_confidential, redirect_uris, grants,
        scopes, role, created_by, created_at, old_secret_until, certificate_kind, certificate_name
        """;

    private const string ListSql = $"""
        SELECT {Columns}
        FROM oauth_clients
        WHERE tenant_id = @tenant AND revoked_at IS NULL AND (@after::uuid IS NULL OR client_id > @after)
        ORDER BY client_id
        LIMIT @most
        """;

    private const string GetSql = $"""
        SELECT {Columns}
        FROM oauth_clients
        WHERE tenant_id = @tenant AND client_id = @client AND revoked_at IS NULL
        """;

    private const string ChangeSql = """
        UPDATE oauth_clients SET name = @Name, redirect_uris = @RedirectUris, scopes = @Scopes
        WHERE tenant_id = @tenant AND client_id = @ClientId AND revoked_at IS NULL
        """;

    private const string RotateSql = """
        UPDATE oauth_clients
        SET old_secret_mac = secret_mac, old_secret_until = @oldUntil, secret_mac = @mac, pepper_version = @pepper
        WHERE tenant_id = @tenant AND client_id = @client AND revoked_at IS NULL AND secret_mac IS NOT NULL
        """;

    private const string RevokeSql = """
        UPDATE oauth_clients SET revoked_at = @now
        WHERE tenant_id = @tenant AND client_id = @client AND revoked_at IS NULL
        """;

    private const string RevokeTokenSql = """
        INSERT INTO oauth_revoked_tokens (tenant_id, token_id, expires_at) VALUES (@tenant, @token, @expiresAt)
        ON CONFLICT DO NOTHING
        """;

    private const string IsRevokedSql = """
        SELECT EXISTS (SELECT 1 FROM oauth_revoked_tokens WHERE tenant_id = @tenant AND token_id = @token)
        """;

    // An array has no type of its own when the row is read, so it is set and not given to a constructor.
    [method: ExplicitConstructor]
    internal sealed record FoundRow(
        Guid TenantId,
        Guid ClientId,
        string Name,
        byte[]? SecretMac,
        byte[]? OldSecretMac,
        DateTimeOffset? OldSecretUntil,
        string[] RedirectUris,
        string[] Grants,
        string[] Scopes,
        string? Role,
        Guid CreatedBy,
        string? CreatorRole,
        string TenantName,
        string Plan,
        string? CertificateKind,
        string? CertificateName
    );

    internal sealed record NewClient(
        Guid ClientId,
        string Name,
        byte[]? SecretMac,
        int PepperVersion,
        string[] RedirectUris,
        string[] Grants,
        string[] Scopes,
        string? Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        CertificateName? Certificate
    );

    [method: ExplicitConstructor]
    internal sealed record ClientRow(
        Guid ClientId,
        string Name,
        bool IsConfidential,
        string[] RedirectUris,
        string[] Grants,
        string[] Scopes,
        string? Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? OldSecretUntil,
        string? CertificateKind,
        string? CertificateName
    );

    public Task<FoundRow?> FindAsync(Guid client, CancellationToken cancellationToken) =>
        doors.FindAsync<FoundRow>(FindSql, new { client }, cancellationToken);

    public async Task InsertAsync(TenantId tenant, NewClient client, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                client.ClientId,
                client.Name,
                client.SecretMac,
                client.PepperVersion,
                client.RedirectUris,
                client.Grants,
                client.Scopes,
                client.Role,
                client.CreatedBy,
                client.CreatedAt,
                kind = client.Certificate?.Kind,
                certificate = client.Certificate?.Name,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<ClientRow>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<ClientRow>(
            ListSql,
            new
            {
                tenant = tenant.Value,
                after,
                most,
            },
            cancellationToken
        );
    }

    public async Task<ClientRow?> GetAsync(TenantId tenant, Guid client, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<ClientRow>(GetSql, new { tenant = tenant.Value, client }, cancellationToken);
    }

    /// <summary>Writes name, addresses and scopes; <c>false</c> when the tenant has no such client.</summary>
    public async Task<bool> ChangeAsync(TenantId tenant, ClientRow client, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var changed = await session.ExecuteAsync(
            ChangeSql,
            new
            {
                tenant = tenant.Value,
                client.ClientId,
                client.Name,
                client.RedirectUris,
                client.Scopes,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return changed == 1;
    }

    /// <summary>Gives a confidential client a new secret; <c>false</c> when the tenant has no such client.</summary>
    /// <param name="oldUntil">Until when the one before counts, too.</param>
    public async Task<bool> RotateAsync(
        TenantId tenant,
        Guid client,
        byte[] mac,
        DateTimeOffset oldUntil,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var changed = await session.ExecuteAsync(
            RotateSql,
            new
            {
                tenant = tenant.Value,
                client,
                mac,
                oldUntil,
                pepper = ClientSecret.PepperVersion,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return changed == 1;
    }

    /// <summary>Ends a client of the bound tenant; <c>false</c> when there is none.</summary>
    public static async Task<bool> RevokeAsync(
        TenantSession session,
        Guid client,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            RevokeSql,
            new
            {
                tenant = session.Tenant.Value,
                client,
                now,
            },
            cancellationToken
        ) == 1;

    public async Task RevokeTokenAsync(
        TenantId tenant,
        Guid token,
        DateTimeOffset expiresAt,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            RevokeTokenSql,
            new
            {
                tenant = tenant.Value,
                token,
                expiresAt,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    public async Task<bool> IsRevokedAsync(TenantId tenant, Guid token, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<bool>(IsRevokedSql, new { tenant = tenant.Value, token }, cancellationToken);
    }
}
