using Chancery.Server.Access.Keys;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;

namespace Chancery.Server.Access.Authentication;

/// <summary>For answers that go on for long: whether whoever asked may still have them. Safe for concurrent use.</summary>
internal sealed class Standing(
    SessionDirectory sessions,
    ApiKeyDirectory keys,
    ClientDirectory clients,
    AccessTokens tokens
)
{
    /// <summary>
    /// The principal as it is now, or null when its session or key no longer counts. From memory mostly, so that it may be
    /// asked every second; as late as <see cref="SessionDirectory"/> says.
    /// </summary>
    /// <param name="request">The one that <paramref name="principal"/> came with.</param>
    public async ValueTask<Principal?> AgainAsync(
        HttpRequest request,
        Principal principal,
        CancellationToken cancellationToken
    )
    {
        if (principal.SessionId is { } session)
        {
            var state = await sessions.FindAsync(session, cancellationToken);
            return state is not null && state.UserId == principal.UserId && state.TenantId == principal.Tenant.Value
                // The request's token may be for less than its session.
                ? state.ToPrincipal() with
                {
                    Scopes = principal.Scopes,
                }
                : null;
        }

        if (principal.ClientId is not null)
        {
            return
                CredentialHandler.BearerOf(request) is { } bearer
                && await tokens.CheckAsync(bearer, cancellationToken) is TokenCheck.Valid { Token: var token }
                ? await clients.FindItselfAsync(token, cancellationToken)
                : null;
        }

        return CredentialHandler.KeyOf(request) is { } key ? await keys.FindAsync(key, cancellationToken) : null;
    }
}
