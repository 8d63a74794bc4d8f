using Chancery.Server.Platform.Database;
using Dapper;

namespace Chancery.Server.Access.OAuth.Authorize;

/// <summary>The two kinds of codes that programs exchange for tokens.</summary>
internal static class CodeKind
{
    public const string Code = "code";
    public const string Device = "device";
}

/// <summary>What somebody allowed a program, until it comes for its tokens.</summary>
// An array has no type of its own when the row is read, so it is set and not given to a constructor.
[method: ExplicitConstructor]
internal sealed record AllowedCode(
    byte[] CodeHash,
    string Kind,
    string ClientId,
    Guid UserId,
    Guid PageSession,
    string RedirectUri,
    string? CodeChallenge,
    string[] Scopes,
    string? Audience,
    string? Nonce,
    DateTimeOffset AuthTime,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt
);

/// <summary>The SQL of codes. Safe for concurrent use.</summary>
internal sealed class CodeStore(TenantDatabase database, Doors doors)
{
    private const string TenantSql = "SELECT tenant_id FROM door_oauth_code(@hash)";

    private const string InsertSql = """
        INSERT INTO oauth_codes
          (tenant_id, code_hash, kind, client_id, user_id, page_session, redirect_uri, code_challenge, scopes, audience,
           nonce, auth_time, created_at, expires_at)
        VALUES
          (@tenant, @CodeHash, @Kind, @ClientId, @UserId, @PageSession, @RedirectUri, @CodeChallenge, @Scopes, @Audience,
           @Nonce, @AuthTime, @CreatedAt, @ExpiresAt)
        """;

    private const string GetSql = """
        SELECT code_hash, kind, client_id, user_id, page_session, redirect_uri, code_challenge, scopes, audience, nonce,
               auth_time, created_at, expires_at
        FROM oauth_codes
        WHERE tenant_id = @tenant AND code_hash = @hash
        """;

    private const string UseSql = """
        UPDATE oauth_codes SET used_at = @now WHERE tenant_id = @tenant AND code_hash = @hash AND used_at IS NULL
        """;

    private const string SessionOfSql = """
        SELECT session_id FROM oauth_codes WHERE tenant_id = @tenant AND code_hash = @hash
        """;

    private const string BecameSql = """
        UPDATE oauth_codes SET session_id = @sessionId WHERE tenant_id = @tenant AND code_hash = @hash
        """;

    private sealed record Owner(Guid TenantId);

    public async Task<TenantId?> FindTenantAsync(byte[] hash, CancellationToken cancellationToken) =>
        await doors.FindAsync<Owner>(TenantSql, new { hash }, cancellationToken) is { } owner
            ? new TenantId(owner.TenantId)
            : null;

    public async Task InsertAsync(TenantId tenant, AllowedCode code, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await InsertAsync(session, code, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    public static Task InsertAsync(TenantSession session, AllowedCode code, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = session.Tenant.Value,
                code.CodeHash,
                code.Kind,
                code.ClientId,
                code.UserId,
                code.PageSession,
                code.RedirectUri,
                code.CodeChallenge,
                code.Scopes,
                code.Audience,
                code.Nonce,
                code.AuthTime,
                code.CreatedAt,
                code.ExpiresAt,
            },
            cancellationToken
        );

    public async Task<AllowedCode?> GetAsync(TenantId tenant, byte[] hash, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<AllowedCode>(GetSql, new { tenant = tenant.Value, hash }, cancellationToken);
    }

    /// <summary>Uses the code up; <c>false</c> when somebody else did.</summary>
    public static async Task<bool> UseAsync(
        TenantSession session,
        byte[] hash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            UseSql,
            new
            {
                tenant = session.Tenant.Value,
                hash,
                now,
            },
            cancellationToken
        ) == 1;

    /// <summary>What came of a used code; <c>null</c> when nothing did.</summary>
    public static Task<Guid?> SessionOfAsync(TenantSession session, byte[] hash, CancellationToken cancellationToken) =>
        session.FindAsync<Guid?>(SessionOfSql, new { tenant = session.Tenant.Value, hash }, cancellationToken);

    public static Task BecameAsync(
        TenantSession session,
        byte[] hash,
        Guid sessionId,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            BecameSql,
            new
            {
                tenant = session.Tenant.Value,
                hash,
                sessionId,
            },
            cancellationToken
        );
}
