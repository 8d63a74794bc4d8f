using System.Text.Json.Serialization;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Access.OAuth.Token;

/// <summary>
/// <c>POST /oauth/introspect</c> (RFC 7662): whether a token counts right now. For clients with a secret, about their own
/// tokens; of any other they learn as much as of one that does not exist.
/// </summary>
public static class IntrospectionEndpoint
{
    internal sealed record Response(
        [property: JsonPropertyName("active")] bool Active,
        [property: JsonPropertyName("scope")] string? Scope = null,
        [property: JsonPropertyName("client_id")] string? ClientId = null,
        [property: JsonPropertyName("token_type")] string? TokenType = null,
        [property: JsonPropertyName("exp")] long? ExpiresAt = null,
        [property: JsonPropertyName("iat")] long? IssuedAt = null,
        [property: JsonPropertyName("sub")] string? Subject = null,
        [property: JsonPropertyName("aud")] string? Audience = null,
        [property: JsonPropertyName("iss")] string? Issuer = null,
        [property: JsonPropertyName("jti")] string? TokenId = null,
        [property: JsonPropertyName("tenant_id")] string? TenantId = null,
        [property: JsonPropertyName("cnf")] IReadOnlyDictionary<string, string>? Confirmation = null
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/oauth/introspect", HandleAsync).ForPrograms(anyOrigin: false).NotAudited("it changes nothing");

    private static async Task<IResult> HandleAsync(
        HttpContext context,
        ClientAuthentication authentication,
        TokenLookup tokens,
        AccessSettings settings,
        CancellationToken cancellationToken
    )
    {
        var (form, malformed) = await OAuthForm.ReadAsync(context, cancellationToken);
        if (form is null)
        {
            return malformed!;
        }

        var (client, unknown) = await authentication.FindAsync(context, form, cancellationToken);
        if (client is not { IsConfidential: true })
        {
            return unknown ?? OAuthError.InvalidClient(byHeader: false);
        }

        if (form["token"] is not { } text)
        {
            return OAuthError.InvalidRequest("token is missing.");
        }

        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            await tokens.FindAsync(text, cancellationToken) is { Principal: { } principal } found
            && found.ClientId == client.Id
                ? Tell(client, found, principal, settings)
                : new Response(Active: false)
        );
    }

    private static Response Tell(OAuthClient client, FoundToken found, Principal principal, AccessSettings settings) =>
        new(
            Active: true,
            Scope.Join((principal.Scopes ?? new HashSet<string>()).Order(StringComparer.Ordinal)),
            client.Id,
            found.Access is null ? "refresh_token" : "Bearer",
            found.ExpiresAt.ToUnixTimeSeconds(),
            found.Access?.IssuedAt.ToUnixTimeSeconds(),
            (found.SessionId is null ? principal.Id : principal.UserId).ToString(),
            found.Audience ?? Resources.Everything,
            settings.PublicUrl,
            found.Access?.TokenId.ToString(),
            principal.Tenant.Value.ToString(),
            found.Access?.BoundTo is { } thumbprint
                ? new Dictionary<string, string> { [AccessTokens.ByCertificate] = thumbprint }
                : null
        );
}
