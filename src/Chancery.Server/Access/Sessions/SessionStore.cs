using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Sessions;

/// <summary>The SQL of sessions and refresh tokens. Safe for concurrent use.</summary>
internal sealed class SessionStore(TenantDatabase database, Doors doors)
{
    private const string FindSql = "SELECT * FROM door_session(@session)";

    private const string FindRefreshSql = "SELECT * FROM door_refresh_token(@hash)";

    private const string InsertSql = """
        INSERT INTO sessions
          (tenant_id, session_id, user_id, secret_hash, kind, device, ip_address, created_at, last_seen_at, expires_at,
           client_id, scopes, audience, methods, authenticated_at, confined, issuer)
        VALUES (@tenant, @SessionId, @UserId, @SecretHash, @Kind, @Device, @IpAddress, @Now, @Now, @ExpiresAt,
                @ClientId, @Scopes, @Audience, @Methods, @authenticatedAt, @IsConfined, @Issuer)
        """;

    // What is long over goes when the same person comes back; the cascade takes its refresh tokens along.
    private const string DeleteOldSql = """
        DELETE FROM sessions
        WHERE tenant_id = @tenant AND user_id = @userId AND (expires_at < @before OR revoked_at < @before)
        """;

    private const string InsertRefreshSql = """
        INSERT INTO refresh_tokens (tenant_id, token_hash, session_id, issued_at, expires_at, used_at)
        VALUES (@tenant, @hash, @sessionId, @now, @expiresAt, @usedAt)
        ON CONFLICT (tenant_id, token_hash) DO NOTHING
        """;

    private const string UseRefreshSql = """
        UPDATE refresh_tokens SET used_at = @now
        WHERE tenant_id = @tenant AND token_hash = @hash AND used_at IS NULL
        """;

    private const string SlideSql = """
        UPDATE sessions
        SET last_seen_at = @now, expires_at = LEAST(@expiresAt, @now + make_interval(secs => idle_seconds))
        WHERE tenant_id = @tenant AND session_id = @sessionId AND revoked_at IS NULL
        """;

    private const string RevokeSql = """
        UPDATE sessions SET revoked_at = @now
        WHERE tenant_id = @tenant AND session_id = @sessionId AND revoked_at IS NULL
        """;

    private const string ListSql = """
        SELECT session_id, kind, device, ip_address, created_at, last_seen_at, expires_at
        FROM sessions
        WHERE tenant_id = @tenant AND user_id = @userId AND revoked_at IS NULL AND expires_at > @now
          AND (@after::uuid IS NULL OR session_id < @after)
        ORDER BY session_id DESC
        LIMIT @limit
        """;

    private const string RevokeOwnSql = """
        UPDATE sessions SET revoked_at = @now
        WHERE tenant_id = @tenant AND session_id = @sessionId AND user_id = @userId
          AND revoked_at IS NULL AND expires_at > @now
        """;

    private const string RevokeOfUserSql = """
        UPDATE sessions SET revoked_at = @now
        WHERE tenant_id = @tenant AND user_id = @userId AND revoked_at IS NULL
          AND (@except::uuid IS NULL OR session_id <> @except)
        RETURNING session_id
        """;

    private const string RevokeOfIssuerSql = """
        UPDATE sessions SET revoked_at = @now
        WHERE tenant_id = @tenant AND issuer = @issuer AND revoked_at IS NULL
        RETURNING session_id
        """;

    private const string RevokeOfClientSql = """
        UPDATE sessions SET revoked_at = @now
        WHERE tenant_id = @tenant AND client_id = @client AND revoked_at IS NULL
        RETURNING session_id
        """;

    internal sealed record NewSession(
        Guid SessionId,
        Guid UserId,
        byte[] SecretHash,
        string Kind,
        string Device,
        string IpAddress,
        DateTimeOffset Now,
        DateTimeOffset ExpiresAt,
        string? ClientId = null,
        string[]? Scopes = null,
        string? Audience = null,
        string[]? Methods = null,
        DateTimeOffset? AuthenticatedAt = null,
        bool IsConfined = false,
        string? Issuer = null
    );

    internal sealed record SessionRow(
        Guid SessionId,
        string Kind,
        string Device,
        string IpAddress,
        DateTimeOffset CreatedAt,
        DateTimeOffset LastSeenAt,
        DateTimeOffset ExpiresAt
    );

    internal sealed record RefreshRow(Guid TenantId, Guid SessionId, DateTimeOffset? UsedAt, DateTimeOffset ExpiresAt);

    public Task<SessionState?> FindAsync(Guid session, CancellationToken cancellationToken) =>
        doors.FindAsync<SessionState>(FindSql, new { session }, cancellationToken);

    public Task<RefreshRow?> FindRefreshAsync(byte[] hash, CancellationToken cancellationToken) =>
        doors.FindAsync<RefreshRow>(FindRefreshSql, new { hash }, cancellationToken);

    public static async Task InsertAsync(TenantSession session, NewSession row, CancellationToken cancellationToken)
    {
        var tenant = session.Tenant.Value;
        await session.ExecuteAsync(
            DeleteOldSql,
            new
            {
                tenant,
                userId = row.UserId,
                before = row.Now.AddDays(-1),
            },
            cancellationToken
        );
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant,
                row.SessionId,
                row.UserId,
                row.SecretHash,
                row.Kind,
                row.Device,
                row.IpAddress,
                row.Now,
                row.ExpiresAt,
                row.ClientId,
                row.Scopes,
                row.Audience,
                Methods = row.Methods ?? AuthenticationMethod.PasswordOnly,
                authenticatedAt = row.AuthenticatedAt ?? row.Now,
                row.IsConfined,
                row.Issuer,
            },
            cancellationToken
        );
    }

    /// <summary>Keeps a refresh token's hash; <c>false</c> when it is there already.</summary>
    public static async Task<bool> InsertRefreshAsync(
        TenantSession session,
        Guid sessionId,
        byte[] hash,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        DateTimeOffset? usedAt,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            InsertRefreshSql,
            new
            {
                tenant = session.Tenant.Value,
                hash,
                sessionId,
                now,
                expiresAt,
                usedAt,
            },
            cancellationToken
        ) == 1;

    /// <summary>Uses a refresh token up; <c>false</c> when somebody else did.</summary>
    public static async Task<bool> UseRefreshAsync(
        TenantSession session,
        byte[] hash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            UseRefreshSql,
            new
            {
                tenant = session.Tenant.Value,
                hash,
                now,
            },
            cancellationToken
        ) == 1;

    public static Task SlideAsync(
        TenantSession session,
        Guid sessionId,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            SlideSql,
            new
            {
                tenant = session.Tenant.Value,
                sessionId,
                now,
                expiresAt,
            },
            cancellationToken
        );

    public async Task SlideAsync(
        TenantId tenant,
        Guid sessionId,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await SlideAsync(session, sessionId, now, expiresAt, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    public async Task RevokeAsync(
        TenantId tenant,
        Guid sessionId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            RevokeSql,
            new
            {
                tenant = tenant.Value,
                sessionId,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>A person's sessions of a tenant that count, newest first.</summary>
    /// <param name="after">Only those that began before this one.</param>
    public async Task<IReadOnlyList<SessionRow>> ListAsync(
        TenantId tenant,
        Guid userId,
        DateTimeOffset now,
        Guid? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<SessionRow>(
            ListSql,
            new
            {
                tenant = tenant.Value,
                userId,
                now,
                after,
                limit,
            },
            cancellationToken
        );
    }

    /// <summary>Ends one session of a person; <c>false</c> when the tenant has none of theirs that counts.</summary>
    public async Task<bool> RevokeOwnAsync(
        TenantId tenant,
        Guid userId,
        Guid sessionId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var ended = await session.ExecuteAsync(
            RevokeOwnSql,
            new
            {
                tenant = tenant.Value,
                userId,
                sessionId,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return ended == 1;
    }

    /// <summary>Ends what people of the bound tenant let a client do for them, and answers which sessions that were.</summary>
    public static Task<IReadOnlyList<Guid>> RevokeOfClientAsync(
        TenantSession session,
        string client,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<Guid>(
            RevokeOfClientSql,
            new
            {
                tenant = session.Tenant.Value,
                client,
                now,
            },
            cancellationToken
        );

    /// <summary>Ends the sessions of the bound tenant that came by an issuer, and answers which.</summary>
    /// <param name="issuer">As <see cref="Principal.Issuer"/> names it.</param>
    public static Task<IReadOnlyList<Guid>> RevokeOfIssuerAsync(
        TenantSession session,
        string issuer,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<Guid>(
            RevokeOfIssuerSql,
            new
            {
                tenant = session.Tenant.Value,
                issuer,
                now,
            },
            cancellationToken
        );

    /// <summary>Ends a person's sessions in the bound tenant, except one, and answers which.</summary>
    public static Task<IReadOnlyList<Guid>> RevokeOfUserAsync(
        TenantSession session,
        Guid userId,
        Guid? except,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<Guid>(
            RevokeOfUserSql,
            new
            {
                tenant = session.Tenant.Value,
                userId,
                except,
                now,
            },
            cancellationToken
        );
}
