using System.Text.Json.Serialization;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Edge;

namespace Chancery.Server.Access.OAuth.Discovery;

/// <summary>
/// <c>GET /.well-known/oauth-authorization-server</c> (RFC 8414) and <c>GET /.well-known/openid-configuration</c>: what this
/// server is and can, in the same words. And <c>GET /.well-known/oauth-protected-resource</c> (RFC 9728) of its API.
/// </summary>
public static class DiscoveryEndpoints
{
    private static readonly string[] Secrets = ["client_secret_basic", "client_secret_post"];

    internal sealed record Metadata(
        [property: JsonPropertyName("issuer")] string Issuer,
        [property: JsonPropertyName("authorization_endpoint")] string AuthorizationEndpoint,
        [property: JsonPropertyName("token_endpoint")] string TokenEndpoint,
        [property: JsonPropertyName("userinfo_endpoint")] string UserInfoEndpoint,
        [property: JsonPropertyName("revocation_endpoint")] string RevocationEndpoint,
        [property: JsonPropertyName("introspection_endpoint")] string IntrospectionEndpoint,
        [property: JsonPropertyName("device_authorization_endpoint")] string DeviceEndpoint,
        [property: JsonPropertyName("jwks_uri")] string KeysAddress,
        [property: JsonPropertyName("scopes_supported")] IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("response_types_supported")] IReadOnlyList<string> ResponseTypes,
        [property: JsonPropertyName("response_modes_supported")] IReadOnlyList<string> ResponseModes,
        [property: JsonPropertyName("grant_types_supported")] IReadOnlyList<string> GrantTypes,
        [property: JsonPropertyName("token_endpoint_auth_methods_supported")] IReadOnlyList<string> TokenAuthentication,
        [property: JsonPropertyName("revocation_endpoint_auth_methods_supported")]
            IReadOnlyList<string> RevokeAuthentication,
        [property: JsonPropertyName("introspection_endpoint_auth_methods_supported")]
            IReadOnlyList<string> AskAuthentication,
        [property: JsonPropertyName("code_challenge_methods_supported")] IReadOnlyList<string> ChallengeMethods,
        [property: JsonPropertyName("authorization_response_iss_parameter_supported")] bool NamesIssuer,
        [property: JsonPropertyName("subject_types_supported")] IReadOnlyList<string> SubjectTypes,
        [property: JsonPropertyName("id_token_signing_alg_values_supported")] IReadOnlyList<string> Algorithms,
        [property: JsonPropertyName("claims_supported")] IReadOnlyList<string> Claims,
        [property: JsonPropertyName("acr_values_supported")] IReadOnlyList<string> Classes,
        [property: JsonPropertyName("prompt_values_supported")] IReadOnlyList<string> Prompts,
        [property: JsonPropertyName("client_id_metadata_document_supported")] bool TakesClientDocuments,
        [property: JsonPropertyName("registration_endpoint")] string? RegistrationEndpoint,
        [property: JsonPropertyName("request_parameter_supported")] bool TakesRequest,
        [property: JsonPropertyName("request_uri_parameter_supported")] bool TakesRequestUri,
        [property: JsonPropertyName("claims_parameter_supported")] bool TakesClaims,
        [property: JsonPropertyName("tls_client_certificate_bound_access_tokens")] bool BindsTokens,
        [property: JsonPropertyName("mtls_endpoint_aliases")] IReadOnlyDictionary<string, string>? CertificateEndpoints
    );

    internal sealed record Protected(
        [property: JsonPropertyName("resource")] string Resource,
        [property: JsonPropertyName("authorization_servers")] IReadOnlyList<string> Servers,
        [property: JsonPropertyName("scopes_supported")] IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("bearer_methods_supported")] IReadOnlyList<string> Methods
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/oauth-authorization-server", Describe).ForPrograms(anyOrigin: true);
        routes.MapGet("/.well-known/openid-configuration", Describe).ForPrograms(anyOrigin: true);
        foreach (var part in (ReadOnlySpan<string>)["", "/api/v1", "/mcp"])
        {
            routes.MapGet(ProtectedResource.WellKnown + part, DescribeResource).ForPrograms(anyOrigin: true);
        }
    }

    private static IResult Describe(HttpContext context, AccessSettings settings, MutualTls mutual)
    {
        var root = settings.PublicUrl;
        string[] secrets = mutual.IsOn ? [.. Secrets, "tls_client_auth"] : Secrets;
        context.Response.Headers.CacheControl = "public, max-age=300";
        return Results.Json(
            new Metadata(
                root,
                root + Authorization.Path,
                root + "/oauth/token",
                root + "/oauth/userinfo",
                root + "/oauth/revoke",
                root + "/oauth/introspect",
                root + "/oauth/device_authorization",
                root + "/.well-known/jwks.json",
                Scope.All,
                ["code"],
                ["query"],
                [Grant.Code, Grant.Refresh, Grant.Client, Grant.Device],
                [.. secrets, "none"],
                [.. secrets, "none"],
                secrets,
                ["S256"],
                NamesIssuer: true,
                ["public"],
                [SignedTokens.Algorithm],
                [
                    "iss",
                    "aud",
                    "sub",
                    "exp",
                    "iat",
                    "auth_time",
                    "amr",
                    "acr",
                    "nonce",
                    "at_hash",
                    "sid",
                    "name",
                    "email",
                    "tenant_id",
                    "tenant_name",
                ],
                [AuthenticationClass.OneFactor, AuthenticationClass.MultipleFactors],
                ["none", "login", "consent", "select_account"],
                settings.TakesClientDocuments,
                settings.TakesRegistrations ? root + "/oauth/register" : null,
                TakesRequest: false,
                TakesRequestUri: false,
                TakesClaims: false,
                BindsTokens: mutual.IsOn,
                mutual.Port is { } port ? CertificateEndpoints(new UriBuilder(root) { Port = port }) : null
            )
        );
    }

    /// <summary>Where callers are asked for certificates, when that is not where everybody else calls (RFC 8705, 5).</summary>
    private static Dictionary<string, string> CertificateEndpoints(UriBuilder root)
    {
        var prefix = root.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Dictionary<string, string>
        {
            ["token_endpoint"] = prefix + "/oauth/token",
            ["revocation_endpoint"] = prefix + "/oauth/revoke",
            ["introspection_endpoint"] = prefix + "/oauth/introspect",
        };
    }

    private static IResult DescribeResource(HttpContext context, AccessSettings settings)
    {
        context.Response.Headers.CacheControl = "public, max-age=300";
        var path = context.Request.Path.Value![ProtectedResource.WellKnown.Length..];
        return Results.Json(new Protected(settings.PublicUrl + path, [settings.PublicUrl], Permission.All, ["header"]));
    }
}
