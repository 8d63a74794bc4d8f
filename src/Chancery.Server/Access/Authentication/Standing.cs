using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Keys;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;

namespace Chancery.Server.Access.Authentication;

/// <summary>For answers that go on for long: whether whoever asked may still have them. Safe for concurrent use.</summary>
internal sealed class Standing(
    SessionDirectory sessions,
    ApiKeyDirectory keys,
    ClientDirectory clients,
    AccessTokens tokens,
    ExternalTokens externals,
    OperatorAccessDirectory accesses
)
{
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);

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
        if (principal.BreakGlass is { } access)
        {
            return await accesses.FindAsync(principal.Tenant, access.AccessId, cancellationToken);
        }

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

        if (principal.IsExternal)
        {
            return CredentialHandler.BearerOf(request) is { } foreign
                ? (await externals.FindAsync(foreign, cancellationToken))?.Principal
                : null;
        }

        if (principal.ClientId is not null)
        {
            return
                CredentialHandler.BearerOf(request) is { } bearer
                && await tokens.CheckAsync(bearer, cancellationToken) is TokenCheck.Valid { Token: var token }
                && token.CountsOn(request.HttpContext)
                ? await clients.FindItselfAsync(token, cancellationToken)
                : null;
        }

        return CredentialHandler.KeyOf(request) is { } key ? await keys.FindAsync(key, cancellationToken) : null;
    }

    /// <summary>
    /// Closes the connection of an answer that goes on for long, within some seconds of the caller losing the right to it.
    /// Watches until it is disposed.
    /// </summary>
    public IDisposable Guard(HttpContext context, Principal principal, string permission)
    {
        var over = new CancellationTokenSource();
        _ = WatchAsync(context, principal, permission, over.Token);
        return new Watch(over);
    }

    private async Task WatchAsync(
        HttpContext context,
        Principal principal,
        string permission,
        CancellationToken cancellationToken
    )
    {
        try
        {
            while (true)
            {
                await Task.Delay(Recheck, cancellationToken);
                try
                {
                    if ((await AgainAsync(context.Request, principal, cancellationToken))?.May(permission) != true)
                    {
                        context.Abort();
                        return;
                    }
                }
                catch (Npgsql.NpgsqlException)
                {
                    // Nobody can say just now; asked again in a second.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The answer is whole.
        }
    }

    private sealed class Watch(CancellationTokenSource over) : IDisposable
    {
        public void Dispose()
        {
            over.Cancel();
            over.Dispose();
        }
    }
}
