using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Keys;

/// <summary>The SQL of API keys. Safe for concurrent use.</summary>
internal sealed class ApiKeyStore(TenantDatabase database, Doors doors)
{
    private const string FindSql = "SELECT * FROM door_api_key(@lookup)";

    private const string TouchSql = """
        UPDATE api_keys SET last_used_at = @now
        WHERE tenant_id = @tenant AND key_id = @key AND (last_used_at IS NULL OR last_used_at < @before)
        """;

    private const string InsertSql = """
        INSERT INTO api_keys
          (tenant_id, key_id, lookup, name, secret_mac, pepper_version, role, created_by, created_at, expires_at)
        VALUES (@tenant, @KeyId, @Lookup, @Name, @SecretMac, @PepperVersion, @Role, @CreatedBy, @CreatedAt, @ExpiresAt)
        """;

    private const string ListSql = """
        SELECT key_id, name, role, lookup, created_by, created_at, expires_at, last_used_at
        FROM api_keys
        WHERE tenant_id = @tenant AND revoked_at IS NULL AND (@after::uuid IS NULL OR key_id > @after)
        ORDER BY key_id
        LIMIT @most
        """;

    private const string RevokeSql = """
        UPDATE api_keys SET revoked_at = @now
        WHERE tenant_id = @tenant AND key_id = @key AND revoked_at IS NULL
        """;

    private const string RevokeOfUserSql = """
        UPDATE api_keys SET revoked_at = @now
        WHERE tenant_id = @tenant AND created_by = @userId AND revoked_at IS NULL
        """;

    internal sealed record FoundRow(
        Guid TenantId,
        Guid KeyId,
        string Name,
        byte[] SecretMac,
        int PepperVersion,
        string Role,
        Guid CreatedBy,
        string CreatorRole,
        string TenantName,
        string Plan,
        DateTimeOffset? ExpiresAt
    );

    internal sealed record NewKey(
        Guid KeyId,
        string Lookup,
        string Name,
        byte[] SecretMac,
        int PepperVersion,
        string Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? ExpiresAt
    );

    internal sealed record KeyRow(
        Guid KeyId,
        string Name,
        string Role,
        string Lookup,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? ExpiresAt,
        DateTimeOffset? LastUsedAt
    );

    public Task<FoundRow?> FindAsync(string lookup, CancellationToken cancellationToken) =>
        doors.FindAsync<FoundRow>(FindSql, new { lookup }, cancellationToken);

    /// <summary>Notes that the key was used; to the minute.</summary>
    public async Task TouchAsync(Principal key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(key.Tenant, cancellationToken);
        await session.ExecuteAsync(
            TouchSql,
            new
            {
                tenant = key.Tenant.Value,
                key = key.Id,
                now,
                before = now.AddMinutes(-1),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    public async Task InsertAsync(TenantId tenant, NewKey key, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                key.KeyId,
                key.Lookup,
                key.Name,
                key.SecretMac,
                key.PepperVersion,
                key.Role,
                key.CreatedBy,
                key.CreatedAt,
                key.ExpiresAt,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<KeyRow>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<KeyRow>(
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

    /// <summary><c>false</c> when this tenant has no such key, or it is revoked already.</summary>
    public async Task<bool> RevokeAsync(
        TenantId tenant,
        Guid key,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var revoked = await session.ExecuteAsync(
            RevokeSql,
            new
            {
                tenant = tenant.Value,
                key,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return revoked == 1;
    }

    /// <summary>Revokes what a person made in the bound tenant.</summary>
    public static Task RevokeOfUserAsync(
        TenantSession session,
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            RevokeOfUserSql,
            new
            {
                tenant = session.Tenant.Value,
                userId,
                now,
            },
            cancellationToken
        );
}
