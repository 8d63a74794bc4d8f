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
          (tenant_id, key_id, lookup, name, secret_mac, pepper_version, role, created_by, created_at, expires_at, scopes,
           ip_ranges, requests_per_minute, account_id)
        VALUES (@tenant, @KeyId, @Lookup, @Name, @SecretMac, @PepperVersion, @Role, @CreatedBy, @CreatedAt, @ExpiresAt,
                @Scopes, @IpRanges, @RequestsPerMinute, @AccountId)
        """;

    private const string AccountSql = """
        SELECT role FROM service_accounts WHERE tenant_id = @tenant AND account_id = @account FOR SHARE
        """;

    private const string ColumnsSql = """
        SELECT key_id, name, role, lookup, created_by, created_at, expires_at, last_used_at, scopes, ip_ranges,
               requests_per_minute, account_id, rotated_at, previous_until
        FROM api_keys

        """;

    private const string FindRowSql = ColumnsSql + "WHERE tenant_id = @tenant AND key_id = @key AND revoked_at IS NULL";

    // The secret of before goes on for a while; the one before that ends.
    private const string RotateSql = """
        UPDATE api_keys
        SET previous_lookup = lookup, previous_mac = secret_mac, previous_until = @until, lookup = @lookup,
            secret_mac = @mac, pepper_version = @pepper, rotated_at = @now
        WHERE tenant_id = @tenant AND key_id = @key AND revoked_at IS NULL AND pepper_version = @pepper
        """;

    private const string ListSql =
        ColumnsSql
        + """
            WHERE tenant_id = @tenant AND revoked_at IS NULL AND (@after::uuid IS NULL OR key_id > @after)
              AND (@account::uuid IS NULL OR account_id = @account)
            ORDER BY key_id
            LIMIT @most
            """;

    private const string HasSql = """
        SELECT count(*)::int FROM api_keys WHERE tenant_id = @tenant AND key_id = @key AND revoked_at IS NULL
        """;

    private const string RevokeSql = """
        UPDATE api_keys SET revoked_at = @now
        WHERE tenant_id = @tenant AND key_id = @key AND revoked_at IS NULL
        """;

    private const string RevokeOfUserSql = """
        UPDATE api_keys SET revoked_at = @now
        WHERE tenant_id = @tenant AND created_by = @userId AND account_id IS NULL AND revoked_at IS NULL
        """;

    internal sealed record FoundRow
    {
        public required Guid TenantId { get; init; }
        public required Guid KeyId { get; init; }
        public required string Name { get; init; }
        public required byte[] SecretMac { get; init; }
        public required int PepperVersion { get; init; }
        public required string Role { get; init; }

        /// <summary>Whose it is: its maker, or the service account.</summary>
        public required Guid UserId { get; init; }

        /// <summary>That one's present role; null where the key counts no more.</summary>
        public string? OwnerRole { get; init; }
        public required string TenantName { get; init; }
        public required string Plan { get; init; }
        public DateTimeOffset? ExpiresAt { get; init; }
        public DateTimeOffset? RevokedAt { get; init; }
        public string[]? Scopes { get; init; }
        public string[]? IpRanges { get; init; }
        public int? RequestsPerMinute { get; init; }
    }

    internal sealed record NewKey(
        Guid KeyId,
        string Lookup,
        string Name,
        byte[] SecretMac,
        int PepperVersion,
        string Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? ExpiresAt,
        string[]? Scopes,
        string[]? IpRanges,
        int? RequestsPerMinute,
        Guid? AccountId
    );

    internal sealed record KeyRow
    {
        public required Guid KeyId { get; init; }
        public required string Name { get; init; }
        public required string Role { get; init; }
        public required string Lookup { get; init; }
        public required Guid CreatedBy { get; init; }
        public required DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? ExpiresAt { get; init; }
        public DateTimeOffset? LastUsedAt { get; init; }
        public string[]? Scopes { get; init; }
        public string[]? IpRanges { get; init; }
        public int? RequestsPerMinute { get; init; }
        public Guid? AccountId { get; init; }
        public DateTimeOffset? RotatedAt { get; init; }
        public DateTimeOffset? PreviousUntil { get; init; }
    }

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

    /// <summary><c>false</c> when there is no such service account.</summary>
    public async Task<bool> InsertAsync(TenantId tenant, NewKey key, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (
            key.AccountId is { } account
            && await session.FindAsync<string>(AccountSql, new { tenant = tenant.Value, account }, cancellationToken)
                is null
        )
        {
            return false;
        }

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
                key.Scopes,
                key.IpRanges,
                key.RequestsPerMinute,
                key.AccountId,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Gives a key another secret; the present one goes on until <paramref name="until"/>.</summary>
    /// <returns>The key; <c>null</c> when there is no such key, or it is revoked.</returns>
    public async Task<KeyRow?> RotateAsync(
        TenantId tenant,
        Guid key,
        string lookup,
        byte[] mac,
        DateTimeOffset until,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var arguments = new
        {
            tenant = tenant.Value,
            key,
            lookup,
            mac,
            pepper = ApiKeyDirectory.PepperVersion,
            until,
            now,
        };
        if (await session.ExecuteAsync(RotateSql, arguments, cancellationToken) == 0)
        {
            return null;
        }

        var row = await session.FindAsync<KeyRow>(FindRowSql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return row;
    }

    /// <param name="account">Only keys of this service account; null for all.</param>
    public async Task<IReadOnlyList<KeyRow>> ListAsync(
        TenantId tenant,
        Guid? account,
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
                account,
                after,
                most,
            },
            cancellationToken
        );
    }

    /// <summary>Whether this tenant has such a key, and it was not revoked.</summary>
    public async Task<bool> HasAsync(TenantId tenant, Guid key, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<int>(HasSql, new { tenant = tenant.Value, key }, cancellationToken) > 0;
    }

    /// <summary><c>null</c> when this tenant has no such key, or it is revoked.</summary>
    public async Task<KeyRow?> RowAsync(TenantId tenant, Guid key, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<KeyRow>(FindRowSql, new { tenant = tenant.Value, key }, cancellationToken);
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
