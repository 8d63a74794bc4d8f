using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Access.OAuth.Token;

/// <summary>
/// <c>POST /oauth/revoke</c> (RFC 7009): a client gives back what it got. With a token of a sign-in the whole sign-in ends,
/// its other tokens too; a token that nobody knows is as good as revoked.
/// </summary>
public static class RevocationEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/oauth/revoke", HandleAsync).ForPrograms(anyOrigin: true).AuditedWhenTold("session.ended");

    private static async Task<IResult> HandleAsync(
        HttpContext context,
        ClientAuthentication authentication,
        TokenLookup tokens,
        SessionStore sessions,
        ClientStore clients,
        Revocations revocations,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var (form, malformed) = await OAuthForm.ReadAsync(context, cancellationToken);
        if (form is null)
        {
            return malformed!;
        }

        var (client, unknown) = await authentication.FindAsync(context, form, cancellationToken);
        if (client is null)
        {
            return unknown!;
        }

        if (form["token"] is not { } text)
        {
            return OAuthError.InvalidRequest("token is missing.");
        }

        context.Response.Headers.CacheControl = "no-store";
        switch (await tokens.FindAsync(text, cancellationToken))
        {
            case null or { Principal: null, ClientId: null }:
                break;
            case { } found when found.ClientId != client.Id:
                return OAuthError.UnauthorizedClient("The token is not this client's.");
            case { SessionId: { } session } found:
                await sessions.RevokeAsync(found.Tenant, session, time.GetUtcNow(), cancellationToken);
                await revocations.SessionAsync(found.Tenant, session);
                context.Audit().By(PrincipalActor.OfProgram(found.Tenant.Value, client)).On(session);
                break;
            case { Access: { } access } found:
                await clients.RevokeTokenAsync(found.Tenant, access.TokenId, access.ExpiresAt, cancellationToken);
                await revocations.TokenAsync(access.TokenId);
                context.Audit().By(PrincipalActor.OfProgram(found.Tenant.Value, client)).On(access.TokenId);
                break;
        }

        return Results.Ok();
    }
}
