using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Passwords.Reset;

/// <summary>The SQL of links to a new password. Safe for concurrent use.</summary>
internal sealed class PasswordResetStore(TenantDatabase database, Doors doors)
{
    private const string FindSql = "SELECT * FROM door_password_reset(@hash)";

    // A letter that was just sent is good enough: nobody fills another's letter box by asking again and again.
    private const string InsertSql = """
        INSERT INTO password_resets (tenant_id, token_hash, user_id, created_at, expires_at)
        SELECT @tenant, @hash, @userId, @now, @expiresAt
        WHERE NOT EXISTS (
          SELECT 1 FROM password_resets
          WHERE tenant_id = @tenant AND user_id = @userId AND used_at IS NULL AND created_at > @since)
        """;

    private const string UseSql = """
        UPDATE password_resets SET used_at = @now
        WHERE tenant_id = @tenant AND token_hash = @hash AND used_at IS NULL AND expires_at > @now
        """;

    private const string UseOthersSql = """
        UPDATE password_resets SET used_at = @now WHERE tenant_id = @tenant AND user_id = @userId AND used_at IS NULL
        """;

    internal sealed record Row(Guid TenantId, Guid UserId, string Email, DateTimeOffset ExpiresAt);

    public Task<Row?> FindAsync(byte[] hash, CancellationToken cancellationToken) =>
        doors.FindAsync<Row>(FindSql, new { hash }, cancellationToken);

    /// <summary>Keeps a link; <c>false</c> when the person was sent one since <paramref name="since"/>.</summary>
    public async Task<bool> InsertAsync(
        TenantId tenant,
        Guid userId,
        byte[] hash,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var made = await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                hash,
                userId,
                now,
                expiresAt,
                since,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return made == 1;
    }

    /// <summary>Uses a link up, and with it all others of the person; <c>false</c> when it does not count.</summary>
    public static async Task<bool> UseAsync(
        TenantSession session,
        Guid userId,
        byte[] hash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            hash,
            userId,
            now,
        };
        return await session.ExecuteAsync(UseSql, arguments, cancellationToken) == 1
            && await session.ExecuteAsync(UseOthersSql, arguments, cancellationToken) >= 0;
    }
}
