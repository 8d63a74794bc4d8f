using Chancery.Server.Access.OAuth;
using Chancery.Server.Access.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Auditing;

/// <summary><c>GET /.well-known/audit-keys.json</c>: the public keys of all that was ever signed in the record.</summary>
internal static class AuditKeysEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/.well-known/audit-keys.json", HandleAsync)
            .WithName("GetAuditKeys")
            .WithSummary("The public keys that heads of the record were signed with")
            .WithDescription(
                "A JSON Web Key Set (RFC 7517) of every signing key that there was, also those that verify no token any more: a head "
                    + "stays good after its key is gone. For heads only; tokens are checked by `/.well-known/jwks.json`."
            )
            .WithTags("Audit")
            .AllowAnonymous()
            .RequireCors(OAuthRoutes.AnyOrigin);

    private static async Task<Ok<JwksEndpoint.Response>> HandleAsync(
        KeyHistory keys,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        context.Response.Headers.CacheControl = "public, max-age=300";
        return TypedResults.Ok(new JwksEndpoint.Response(await keys.ListAsync(cancellationToken)));
    }
}
