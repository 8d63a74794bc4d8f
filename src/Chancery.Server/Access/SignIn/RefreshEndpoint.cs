using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SignIn;

/// <summary><c>POST /api/v1/auth/refresh</c>: new tokens for a refresh token, which works once.</summary>
public static class RefreshEndpoint
{
    /// <param name="RefreshToken">The newest one of the session. An older one ends the session.</param>
    public sealed record Request([Required, StringLength(128)] string RefreshToken);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/auth/refresh", HandleAsync)
            .NotAudited("a sign-in goes on; a token that comes twice is recorded")
            .WithName("RefreshTokens")
            .WithDescription(
                "A refresh token counts once; used twice, it ends its sign-in, because one of the two was not " + "you."
            )
            .WithSummary("Exchange a refresh token for new tokens")
            .AllowAnonymous()
            .WithExample(new RouteExample { Body = """{"refresh_token": "{refresh}"}""", Anonymous = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);

    private static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        Request request,
        RefreshService refresh,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var outcome = await refresh.RefreshAsync(request.RefreshToken, cancellationToken);
        return outcome switch
        {
            Outcome.SignedIn signedIn => TypedResults.Ok(
                await opening.AnswerAsync(context, signedIn.Session, cancellationToken)
            ),
            Outcome.Refused refused => refused.Answer(context),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
    }
}
