using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.SignIn;

/// <summary>Gives new tokens for a refresh token, which works once. Safe for concurrent use.</summary>
/// <remarks>
/// A refresh token that comes a second time is in two hands, and nobody can tell whose are the wrong ones: the whole
/// session ends (RFC 9700, 4.14). Two calls at the same moment with one token are such a case, too.
/// </remarks>
internal sealed class RefreshService(
    SessionStore store,
    SessionDirectory sessions,
    Revocations revocations,
    AccessTokens tokens,
    AccessSettings settings,
    TenantDatabase database,
    AuditTrail trail,
    TimeProvider time,
    ILogger<RefreshService> logger
)
{
    /// <summary>The session of a refresh token that would work now for that client; uses nothing up.</summary>
    public async Task<SessionState?> FindAsync(
        string refreshToken,
        string clientId,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        return
            await store.FindRefreshAsync(SecretText.HashOf(refreshToken), cancellationToken) is { UsedAt: null } row
            && row.ExpiresAt > now
            && await store.FindAsync(row.SessionId, cancellationToken) is { } state
            && state.ExpiresAt > now
            && state.ClientId == clientId
            ? state
            : null;
    }

    /// <param name="clientId">The OAuth client that the token was given to; null for a person's own sign-in.</param>
    public async Task<Outcome> RefreshAsync(
        string refreshToken,
        CancellationToken cancellationToken,
        string? clientId = null
    )
    {
        var hash = SecretText.HashOf(refreshToken);
        if (await store.FindRefreshAsync(hash, cancellationToken) is not { } row)
        {
            return Refuse();
        }

        var now = time.GetUtcNow();
        if (row.UsedAt is null && row.ExpiresAt <= now)
        {
            return Refuse();
        }

        if (row.UsedAt is not null)
        {
            return await RevokeAsync(new TenantId(row.TenantId), row.SessionId, cancellationToken);
        }

        return
            await store.FindAsync(row.SessionId, cancellationToken) is { } state
            && state.ExpiresAt > now
            && state.ClientId == clientId
            ? await RotateAsync(
                state,
                session => SessionStore.UseRefreshAsync(session, hash, now, cancellationToken),
                cancellationToken
            )
            : Refuse();
    }

    /// <summary>
    /// For older clients, which know no refresh tokens: an access token of ours, expired or not, up to the refresh
    /// lifetime after it was issued and only once. The answer's refresh token goes unused.
    /// </summary>
    public async Task<Outcome> ExchangeAsync(string accessToken, CancellationToken cancellationToken)
    {
        var token = await tokens.CheckAsync(accessToken, cancellationToken) switch
        {
            TokenCheck.Valid valid => valid.Token,
            TokenCheck.Expired expired => expired.Token,
            _ => null,
        };
        var now = time.GetUtcNow();
        if (
            token is not { SessionId: { } sessionId, ClientId: null }
            || token.IssuedAt + settings.RefreshLife <= now
            || await sessions.FindAsync(sessionId, cancellationToken) is not { } state
            || state.TenantId != token.TenantId
            || state.UserId != token.Subject
            || state.ClientId is not null
        )
        {
            return Refuse();
        }

        // The spent token is kept as a used refresh token: the primary key makes it work once, also between replicas.
        // Without its signature: of (r, s) anyone makes (r, n - s), which is as good and looks like another token.
        var signed = accessToken[..accessToken.LastIndexOf('.')];
        return await RotateAsync(
            state,
            session =>
                SessionStore.InsertRefreshAsync(
                    session,
                    state.SessionId,
                    SecretText.HashOf(signed),
                    now,
                    now + settings.RefreshLife,
                    usedAt: now,
                    cancellationToken
                ),
            cancellationToken
        );
    }

    private async Task<Outcome> RotateAsync(
        SessionState state,
        Func<TenantSession, Task<bool>> useUpAsync,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var tenant = new TenantId(state.TenantId);
        var next = SessionOpening.NewRefreshToken();
        await using (var session = await database.OpenAsync(tenant, state.UserId, cancellationToken))
        {
            if (await useUpAsync(session))
            {
                var expiresAt = now + settings.RefreshLife;
                await SessionStore.InsertRefreshAsync(
                    session,
                    state.SessionId,
                    SecretText.HashOf(next),
                    now,
                    expiresAt,
                    usedAt: null,
                    cancellationToken
                );
                await SessionStore.SlideAsync(session, state.SessionId, now, expiresAt, cancellationToken);
                await session.CommitAsync(cancellationToken);
                sessions.Drop(state.SessionId);
                return new Outcome.SignedIn(
                    new OpenedSession(state.ToPrincipal(), SessionKind.Token, next) { Audience = state.Audience }
                );
            }
        }

        return await RevokeAsync(tenant, state.SessionId, cancellationToken);
    }

    private async Task<Outcome> RevokeAsync(TenantId tenant, Guid sessionId, CancellationToken cancellationToken)
    {
        Log.RefreshTokenReused(logger, sessionId);
        await store.RevokeAsync(tenant, sessionId, time.GetUtcNow(), cancellationToken);
        await revocations.SessionAsync(tenant, sessionId);
        await trail.RecordAsync(
            new AuditEvent(AuditActor.Stranger with { Tenant = tenant.Value }, "session.ended", AuditOutcome.Refused)
            {
                Reason = "refresh-token-reused",
                SubjectKind = "session",
                SubjectId = sessionId.ToString(),
            }
        );
        return Refuse();
    }

    private static Outcome.Refused Refuse() =>
        Outcome.Of(
            Problem.Of(
                401,
                "invalid-refresh-token",
                "The refresh token does not work",
                "It was used, ended or never ours. Sign in again."
            )
        );
}
