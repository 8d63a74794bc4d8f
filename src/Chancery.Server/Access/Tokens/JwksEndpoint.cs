using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Tokens;

/// <summary><c>GET /.well-known/jwks.json</c>: the public keys by which anyone can check our access tokens.</summary>
public static class JwksEndpoint
{
    internal sealed record Response(IEnumerable<JsonWebKey> Keys);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/.well-known/jwks.json", HandleAsync)
            .WithName("GetSigningKeys")
            .WithDescription("A JSON Web Key Set (RFC 7517). Keep it for five minutes.")
            .WithSummary("The public keys that access tokens are signed with")
            .WithTags("Access")
            .AllowAnonymous()
            .RequireCors(OAuth.OAuthRoutes.AnyOrigin);

    private static async Task<Ok<Response>> HandleAsync(
        SigningKeys keys,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        context.Response.Headers.CacheControl = "public, max-age=300";
        return TypedResults.Ok(new Response(await keys.PublicAsync(cancellationToken)));
    }
}
