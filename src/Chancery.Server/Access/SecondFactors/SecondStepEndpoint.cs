using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SecondFactors;

/// <summary><c>POST /api/v1/auth/second-factor</c>: tokens for the second factor of a sign-in whose password was right.</summary>
public static class SecondStepEndpoint
{
    /// <param name="Challenge">As the sign-in answered it.</param>
    /// <param name="Code">Of the authenticator app: six digits.</param>
    /// <param name="RecoveryCode">In the place of a code; it works once.</param>
    /// <param name="Passkey">In the place of a code: what the browser answered for the options of this challenge.</param>
    /// <param name="EndSession">A sign-in of this person that ends first, to make room: one of those that 409 names.</param>
    public sealed record SecondFactorRequest(
        [Required, StringLength(128)] string Challenge,
        [StringLength(16)] string? Code = null,
        [StringLength(64)] string? RecoveryCode = null,
        JsonElement? Passkey = null,
        Guid? EndSession = null
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/auth/second-factor", HandleAsync)
            .AuditedWhenTold("session.opened")
            .WithName("GiveSecondFactor")
            .WithSummary("Finish a sign-in with a second factor")
            .WithDescription(
                "A sign-in of somebody with a second factor is answered 401 `second-factor-required` and a `challenge`, good for "
                    + "five minutes and five attempts. A code is taken once. Where all places are taken, 409 names the sign-ins and "
                    + "a new `challenge`, with which `end_session` is enough."
            )
            .AllowAnonymous()
            .WithExample(
                new RouteExample
                {
                    Body = """{"challenge": "{challenge}", "recovery_code": "{step_code}"}""",
                    Anonymous = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    private static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        SecondFactorRequest request,
        SecondStep second,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var outcome = await second.AnswerAsync(
            context,
            request.Challenge,
            SessionKind.Token,
            new FactorAnswer(request.Code, request.RecoveryCode, request.Passkey),
            cancellationToken,
            request.EndSession
        );
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
