using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Access.OAuth.Discovery;

/// <summary><c>GET</c> and <c>POST /oauth/userinfo</c>: who the person is, as far as the token's scopes tell (OpenID Connect Core, 5.3).</summary>
public static class UserInfoEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapMethods("/oauth/userinfo", ["GET", "POST"], Handle)
            .NotAudited("it changes nothing")
            .AllowAnonymous()
            .DisableAntiforgery()
            .ExcludeFromDescription()
            .RequireCors(OAuthRoutes.AnyOrigin);

    private static IResult Handle(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (
            context.Features.Get<Credential>() is not { Kind: CredentialKind.Token }
            || context.Features.Get<Principal>() is not { SessionId: not null, Scopes: { } scopes } principal
        )
        {
            // Without any token the challenge says no more than how to bring one (RFC 6750, 3.1).
            context.Response.Headers.WWWAuthenticate = CredentialHandler.BearerOf(context.Request) is null
                ? "Bearer"
                : "Bearer error=\"invalid_token\"";
            return Results.StatusCode(StatusCodes.Status401Unauthorized);
        }

        if (!scopes.Contains(Scope.OpenId))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"insufficient_scope\", scope=\"openid\"";
            return Results.StatusCode(StatusCodes.Status403Forbidden);
        }

        var claims = new Dictionary<string, string> { ["sub"] = principal.UserId.ToString() };
        foreach (var (name, value) in IdTokens.ClaimsOf(principal))
        {
            claims[name] = value;
        }

        return Results.Json(claims);
    }
}
