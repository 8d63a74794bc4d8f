using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.OAuth.Token;

/// <summary>A token of ours, of either kind.</summary>
/// <param name="SessionId">The sign-in that it belongs to; null for one of a client as itself.</param>
/// <param name="Access">Null for a refresh token.</param>
/// <param name="Principal">Who it stands for right now; null when it does not count any more.</param>
internal sealed record FoundToken(
    TenantId Tenant,
    string? ClientId,
    Guid? SessionId,
    AccessToken? Access,
    Principal? Principal,
    DateTimeOffset ExpiresAt
)
{
    public string? Audience { get; init; }
}

/// <summary>What a token is, for clients that ask about theirs or take them back. Safe for concurrent use.</summary>
internal sealed class TokenLookup(
    AccessTokens tokens,
    SessionStore store,
    SessionDirectory sessions,
    ClientDirectory clients,
    TimeProvider time
)
{
    /// <summary><c>null</c> for what never was a token of ours.</summary>
    public async Task<FoundToken?> FindAsync(string token, CancellationToken cancellationToken) =>
        await tokens.CheckAsync(token, cancellationToken) switch
        {
            TokenCheck.Valid valid => await AccessAsync(valid.Token, isExpired: false, cancellationToken),
            TokenCheck.Expired expired => await AccessAsync(expired.Token, isExpired: true, cancellationToken),
            _ => await RefreshAsync(token, cancellationToken),
        };

    private async Task<FoundToken> AccessAsync(AccessToken token, bool isExpired, CancellationToken cancellationToken)
    {
        Principal? principal = null;
        if (token.SessionId is not { } session)
        {
            principal = await clients.FindItselfAsync(token, cancellationToken);
        }
        else if (
            await sessions.FindAsync(session, cancellationToken) is { } state
            && state.UserId == token.Subject
            && state.TenantId == token.TenantId
            && state.ClientId == token.ClientId
        )
        {
            principal = token.Limit(state.ToPrincipal());
        }

        return new FoundToken(
            new TenantId(token.TenantId),
            token.ClientId,
            token.SessionId,
            token,
            isExpired ? null : principal,
            token.ExpiresAt
        )
        {
            Audience = token.Audience,
        };
    }

    private async Task<FoundToken?> RefreshAsync(string token, CancellationToken cancellationToken)
    {
        if (await store.FindRefreshAsync(SecretText.HashOf(token), cancellationToken) is not { } row)
        {
            return null;
        }

        var state = await store.FindAsync(row.SessionId, cancellationToken);
        var now = time.GetUtcNow();
        var counts = row.UsedAt is null && row.ExpiresAt > now && state?.ExpiresAt > now;
        return new FoundToken(
            new TenantId(row.TenantId),
            state?.ClientId,
            row.SessionId,
            Access: null,
            counts ? state!.ToPrincipal() : null,
            row.ExpiresAt
        )
        {
            Audience = state?.Audience,
        };
    }
}
