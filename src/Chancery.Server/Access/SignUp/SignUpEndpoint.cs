using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SignUp;

/// <summary><c>POST /api/v1/auth/signup</c>: a new organisation and its owner, who is signed in.</summary>
public static class SignUpEndpoint
{
    /// <param name="Email">At most 254 characters; compared without regard to case.</param>
    /// <param name="Password">10 to 200 characters by default, and not the e-mail.</param>
    /// <param name="Name">The person's; the e-mail's first part when absent.</param>
    /// <param name="Organization">1 to 200 characters.</param>
    public sealed record Request(
        [Required, StringLength(EmailAddress.MaxLength)] string Email,
        [Required, StringLength(PasswordRule.MaxLength)] string Password,
        [StringLength(200)] string? Name,
        [Required, StringLength(200, MinimumLength = 1)] string Organization
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/auth/signup", HandleAsync)
            .AuditedWhenTold("organization.created")
            .WithName("SignUp")
            .WithDescription(
                "Whether this is open is the operator's setting. The owner is signed in at once. Whoever has an account and belongs to no "
                    + "organisation gives its password, and after that the second factor, as with `POST /api/v1/auth/login`."
            )
            .WithSummary("Make an organisation and its owner")
            .AllowAnonymous()
            .WithExample(
                new RouteExample
                {
                    Body = """
                    {"email": "{unique}@example.com", "password": "correct horse battery", "organization": "Acme"}
                    """,
                    Anonymous = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Created<TokenResponse>, ProblemHttpResult>> HandleAsync(
        Request request,
        SignUpService signUp,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var outcome = await signUp.SignUpAsync(
            context,
            new SignUpService.Request(request.Email, request.Password, request.Name, request.Organization),
            SessionKind.Token,
            cancellationToken
        );
        return outcome switch
        {
            Outcome.SignedIn signedIn => TypedResults.Created(
                "/api/v1/me",
                await opening.AnswerAsync(context, signedIn.Session, cancellationToken)
            ),
            Outcome.Refused refused => refused.Answer(context),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
    }
}
