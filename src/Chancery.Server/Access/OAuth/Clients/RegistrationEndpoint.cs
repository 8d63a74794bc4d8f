using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary><c>POST /oauth/register</c> (RFC 7591): a program registers itself, where the operator allows that.</summary>
public static class RegistrationEndpoint
{
    private const int MostRegistrations = 20;

    internal sealed record Response(
        [property: JsonPropertyName("client_id")] string ClientId,
        [property: JsonPropertyName("client_id_issued_at")] long IssuedAt,
        [property: JsonPropertyName("client_secret")] string? Secret,
        [property: JsonPropertyName("client_secret_expires_at")] long? SecretExpiresAt,
        [property: JsonPropertyName("client_name")] string Name,
        [property: JsonPropertyName("redirect_uris")] IReadOnlyList<string> RedirectUris,
        [property: JsonPropertyName("grant_types")] IReadOnlyList<string> Grants,
        [property: JsonPropertyName("response_types")] IReadOnlyList<string> ResponseTypes,
        [property: JsonPropertyName("scope")] string Scope,
        [property: JsonPropertyName("token_endpoint_auth_method")] string Authentication
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/oauth/register", HandleAsync)
            .ForPrograms(anyOrigin: true)
            .NotAudited("it is nobody's and opens nothing; what people allow it is recorded");

    private static async Task<IResult> HandleAsync(
        HttpContext context,
        Registrations registrations,
        ClientSecret secrets,
        SignInThrottle throttle,
        AccessSettings settings,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (!settings.TakesRegistrations)
        {
            return Problem.Of(404, "no-route", "There is nothing at this address", "See /openapi/v1.json.");
        }

        if (!Transport.IsPrivate(context))
        {
            return OAuthError.InvalidRequest("Use https, or http on this machine itself.");
        }

        if (!await throttle.EnterAsync("register", Transport.AddressOf(context), MostRegistrations))
        {
            return OAuthError.TooMany();
        }

        JsonElement json;
        try
        {
            json = context.Request.HasJsonContentType()
                ? await context.Request.ReadFromJsonAsync<JsonElement>(cancellationToken)
                : default;
        }
        catch (JsonException)
        {
            json = default;
        }

        var (metadata, error, why) = ClientMetadata.Read(json);
        if (metadata is null)
        {
            return OAuthError.Named(error, why);
        }

        var secret = metadata.Secret ? ClientSecret.Create() : null;
        var id = await registrations.AddAsync(
            metadata,
            secret is null ? null : secrets.MacOf(secret),
            cancellationToken
        );
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            new Response(
                id,
                time.GetUtcNow().ToUnixTimeSeconds(),
                secret,
                secret is null ? null : 0,
                metadata.Name,
                metadata.RedirectUris,
                metadata.Grants,
                ["code"],
                OAuth.Scope.Join(metadata.Scopes),
                secret is null ? "none"
                    : json.TryGetProperty("token_endpoint_auth_method", out var method)
                    && method.GetString() is { } asked
                        ? asked
                    : "client_secret_basic"
            ),
            statusCode: StatusCodes.Status201Created
        );
    }
}
