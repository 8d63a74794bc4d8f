using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Sessions;

namespace Chancery.Server.Access.SignIn;

/// <summary>Ends the session of a request, on every replica. Safe for concurrent use.</summary>
internal sealed class SigningOut(SessionStore store, SessionEnding ending, Revocations revocations, TimeProvider time)
{
    public async Task SignOutAsync(HttpContext context, Principal principal, CancellationToken cancellationToken)
    {
        if (principal.SessionId is not { } sessionId)
        {
            return;
        }

        await store.RevokeAsync(principal.Tenant, sessionId, time.GetUtcNow(), cancellationToken);
        await revocations.SessionAsync(principal.Tenant, sessionId);
        ForgetCookie(context);
    }

    /// <summary>Ends all sign-ins of the person, this one too, in every organisation of theirs.</summary>
    public async Task SignOutEverywhereAsync(
        HttpContext context,
        Principal principal,
        CancellationToken cancellationToken
    )
    {
        await ending.EndAllAsync(principal.UserId, except: null, cancellationToken, principal.Confinement);
        ForgetCookie(context);
    }

    private static void ForgetCookie(HttpContext context)
    {
        if (context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie })
        {
            PageCookie.Delete(context);
        }
    }
}
