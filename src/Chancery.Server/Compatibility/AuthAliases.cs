using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.OAuth.Token;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Compatibility;

/// <summary>
/// <c>POST /api/auth/login</c> and <c>POST /api/auth/refresh</c> as older clients know them: one token, camelCase, and
/// errors as <c>{"error": "…"}</c>. What <c>/api/v1/auth</c> does is done here by the same services.
/// </summary>
internal static class AuthAliases
{
    private const string Bearer = "Bearer ";

    internal sealed record LegacyLogin(
        [property: JsonPropertyName("email")] string? Email,
        [property: JsonPropertyName("password")] string? Password
    );

    internal sealed record LegacyUser(
        [property: JsonPropertyName("id")] Guid Id,
        [property: JsonPropertyName("email")] string Email,
        [property: JsonPropertyName("role")] string Role,
        [property: JsonPropertyName("companyId")] Guid CompanyId
    );

    internal sealed record LegacyToken(
        [property: JsonPropertyName("token")] string Token,
        [property: JsonPropertyName("userId")] Guid UserId,
        [property: JsonPropertyName("companyId")] Guid CompanyId,
        [property: JsonPropertyName("user")] LegacyUser User
    );

    internal sealed record LegacyError([property: JsonPropertyName("error")] string Error);

    public static void Map(IEndpointRouteBuilder routes)
    {
        // The token endpoint of POST /oauth/token, to the letter.
        TokenEndpoint.Map(routes, "/auth/token");
        routes
            .MapPost("/api/auth/login", LoginAsync)
            .AuditedWhenTold("session.opened")
            .WithName("LegacyLogin")
            .WithDescription("Errors are `{\"error\": …}`.")
            .WithSummary("Older form of POST /api/v1/auth/login")
            .WithTags("Compatibility")
            .WithMetadata(new ObsoleteAttribute())
            .AllowAnonymous()
            .WithLegacyErrors()
            .WithExample(
                new RouteExample { Body = """{"email": "{email}", "password": "{password}"}""", Anonymous = true }
            )
            .Produces<LegacyToken>()
            .Produces<LegacyError>(StatusCodes.Status400BadRequest)
            .Produces<LegacyError>(StatusCodes.Status401Unauthorized)
            .Produces<LegacyError>(StatusCodes.Status403Forbidden)
            .Produces<LegacyError>(StatusCodes.Status404NotFound)
            .Produces<LegacyError>(StatusCodes.Status409Conflict)
            .Produces<LegacyError>(StatusCodes.Status429TooManyRequests)
            .Produces<LegacyError>(StatusCodes.Status503ServiceUnavailable)
            .WithJsonBody<LegacyLogin>();
        routes
            .MapPost("/api/auth/refresh", RefreshAsync)
            .NotAudited("a sign-in goes on; a token that comes twice is recorded")
            .WithName("LegacyRefresh")
            .WithDescription("The old token comes as bearer. Errors are `{\"error\": …}`.")
            .WithSummary("Older form of POST /api/v1/auth/refresh: the old access token, once, for a new one")
            .WithTags("Compatibility")
            .WithMetadata(new ObsoleteAttribute())
            .AllowAnonymous()
            .WithLegacyErrors()
            .WithExample(new RouteExample())
            .Produces<LegacyToken>()
            .Produces<LegacyError>(StatusCodes.Status401Unauthorized)
            .Produces<LegacyError>(StatusCodes.Status403Forbidden);
    }

    private static async Task<IResult> LoginAsync(
        HttpContext context,
        SignInService signIn,
        AccessTokens tokens,
        CancellationToken cancellationToken
    )
    {
        if (
            await ReadAsync(context.Request, cancellationToken)
            is not {
                Email: { Length: > 0 and <= 254 } email,
                Password: { Length: > 0 and <= PasswordRule.MaxLength } password
            }
        )
        {
            return Error(StatusCodes.Status400BadRequest, "email and password are required");
        }

        var outcome = await signIn.SignInAsync(
            context,
            email,
            password,
            tenantId: null,
            SessionKind.Token,
            cancellationToken
        );
        return outcome switch
        {
            Outcome.SignedIn signedIn => await AnswerAsync(context, tokens, signedIn.Session, cancellationToken),
            Outcome.Refused { Code: "invalid-credentials" } => Error(401, "Invalid credentials"),
            Outcome.Refused refused => Error(
                refused.Answer(context).StatusCode,
                refused.Problem.ProblemDetails.Title ?? "Login failed"
            ),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
    }

    private static async Task<IResult> RefreshAsync(
        HttpContext context,
        RefreshService refresh,
        AccessTokens tokens,
        CancellationToken cancellationToken
    )
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return Error(StatusCodes.Status401Unauthorized, "No token provided");
        }

        return
            await refresh.ExchangeAsync(authorization[Bearer.Length..].Trim(), cancellationToken)
                is Outcome.SignedIn signedIn
            ? await AnswerAsync(context, tokens, signedIn.Session, cancellationToken)
            : Error(StatusCodes.Status401Unauthorized, "Token refresh failed");
    }

    private static async Task<LegacyLogin?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request.HasJsonContentType()
                ? await request.ReadFromJsonAsync<LegacyLogin>(cancellationToken)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        AccessTokens tokens,
        OpenedSession session,
        CancellationToken cancellationToken
    )
    {
        context.Response.Headers.CacheControl = "no-store";
        var person = session.Principal;
        return TypedResults.Ok(
            new LegacyToken(
                await tokens.IssueAsync(person, cancellationToken),
                person.UserId,
                person.Tenant.Value,
                new LegacyUser(person.UserId, person.Email, person.Role, person.Tenant.Value)
            )
        );
    }

    private static JsonHttpResult<LegacyError> Error(int status, string text) =>
        TypedResults.Json(new LegacyError(text), statusCode: status);
}
