using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Sessions;

namespace Chancery.Server.Access.SignIn;

/// <summary>Ends the session of a request, on every replica. Safe for concurrent use.</summary>
internal sealed class SigningOut(SessionStore store, Revocations revocations, TimeProvider time)
{
    public async Task SignOutAsync(HttpContext context, Principal principal, CancellationToken cancellationToken)
    {
        if (principal.SessionId is not { } sessionId)
        {
            return;
        }

        await store.RevokeAsync(principal.Tenant, sessionId, time.GetUtcNow(), cancellationToken);
        await revocations.SessionAsync(sessionId);
        if (context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie })
        {
            PageCookie.Delete(context);
        }
    }
}
