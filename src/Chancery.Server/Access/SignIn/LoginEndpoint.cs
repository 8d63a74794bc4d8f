using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SignIn;

/// <summary><c>POST /api/v1/auth/login</c>: tokens for an e-mail and a password.</summary>
public static class LoginEndpoint
{
    /// <param name="TenantId">Which organisation, for a person of several; else the one joined first.</param>
    /// <param name="EndSession">A sign-in of this person that ends first, to make room: one of those that 409 names.</param>
    public sealed record Request(
        [Required, StringLength(EmailAddress.MaxLength)] string Email,
        [Required, StringLength(PasswordRule.MaxLength)] string Password,
        Guid? TenantId,
        Guid? EndSession = null
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/auth/login", HandleAsync)
            .AuditedWhenTold("session.opened")
            .WithName("Login")
            .WithDescription(
                "Who belongs to several organisations names one in `tenant_id`, or comes into the one used last. "
                    + "Too many attempts are answered 429. Whoever has as many sign-ins as may be is answered 409 with the list of "
                    + "them, and names one in `end_session`; where the operator lets the oldest give way, it ends by itself."
            )
            .WithSummary("Sign in with e-mail and password")
            .AllowAnonymous()
            .WithExample(
                new RouteExample { Body = """{"email": "{email}", "password": "{password}"}""", Anonymous = true }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        Request request,
        SignInService signIn,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var outcome = await signIn.SignInAsync(
            context,
            request.Email,
            request.Password,
            request.TenantId,
            SessionKind.Token,
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
