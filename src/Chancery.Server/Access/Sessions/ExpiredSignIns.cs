using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Access.Sessions;

/// <summary>
/// Removes sign-ins, refresh tokens and invitations a week after they ended: late enough that the reuse of an old
/// refresh token is still noticed, and that somebody can see what became of an invitation.
/// </summary>
internal sealed class ExpiredSignIns(TenantDatabase database, TimeProvider time) : ITenantJob
{
    private static readonly TimeSpan Keep = TimeSpan.FromDays(7);

    // Refresh tokens go with their session.
    private const string SessionsSql = """
        DELETE FROM sessions WHERE tenant_id = @tenant AND (expires_at < @before OR revoked_at < @before)
        """;

    private const string TokensSql = """
        DELETE FROM refresh_tokens WHERE tenant_id = @tenant AND expires_at < @before
        """;

    private const string InvitationsSql = """
        DELETE FROM invitations
        WHERE tenant_id = @tenant AND (expires_at < @before OR revoked_at < @before OR accepted_at < @before)
        """;

    // Clients that ended, codes whose second use would still be noticed, and tokens that were taken back.
    private const string ClientsSql = """
        DELETE FROM oauth_clients WHERE tenant_id = @tenant AND revoked_at < @before
        """;

    private const string CodesSql = """
        DELETE FROM oauth_codes WHERE tenant_id = @tenant AND expires_at < @before
        """;

    private const string RevokedTokensSql = """
        DELETE FROM oauth_revoked_tokens WHERE tenant_id = @tenant AND expires_at < @before
        """;

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var arguments = new { tenant = tenant.Value, before = time.GetUtcNow() - Keep };
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(SessionsSql, arguments, cancellationToken);
        await session.ExecuteAsync(TokensSql, arguments, cancellationToken);
        await session.ExecuteAsync(InvitationsSql, arguments, cancellationToken);
        await session.ExecuteAsync(ClientsSql, arguments, cancellationToken);
        await session.ExecuteAsync(CodesSql, arguments, cancellationToken);
        await session.ExecuteAsync(RevokedTokensSql, arguments, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
