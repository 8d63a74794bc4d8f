using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Passkeys;

/// <summary><c>/api/v1/auth/passkey</c>: signing in by a passkey, alone or as the second step.</summary>
public static class PasskeySignInEndpoints
{
    /// <param name="Kind">page: the answer is posted to the page's form. token: to this API.</param>
    public sealed record PasskeyQuestionRequest(
        [property: OneOf("SessionKind", SessionKind.Page, SessionKind.Token)] string? Kind = null
    );

    /// <param name="Challenge">Of a sign-in whose password was right. A browser that has it in a cookie leaves it out.</param>
    public sealed record PasskeyStepRequest([StringLength(128)] string? Challenge = null);

    /// <param name="Challenge">Of the question.</param>
    /// <param name="Passkey">What the browser answered: the credential's <c>toJSON()</c>.</param>
    /// <param name="TenantId">Which organisation, for a person of several; else the one joined first.</param>
    /// <param name="EndSession">A sign-in of this person that ends first, to make room: one of those that 409 names.</param>
    public sealed record PasskeyLoginRequest(
        [Required, StringLength(128)] string Challenge,
        [Required] JsonElement? Passkey,
        Guid? TenantId = null,
        Guid? EndSession = null
    );

    private const int MostQuestions = 300;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/auth/passkey/options", AskAsync)
            .NotAudited("it asks the browser, and keeps nothing but the question")
            .WithName("AskForPasskeyLogin")
            .WithSummary("What the browser is asked to sign in by a passkey")
            .WithDescription(
                "Of anybody who has one for this address: it names nobody. The answer goes to `POST /api/v1/auth/passkey`."
            )
            .AllowAnonymous()
            .WithExample(new RouteExample { Body = "{}", Anonymous = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        routes
            .MapPost("/auth/passkey", SignInAsync)
            .AuditedWhenTold("session.opened")
            .WithName("LoginWithPasskey")
            .WithSummary("Sign in by a passkey alone")
            .WithDescription(
                "Our passkeys are used with user verification, so that one is two factors by itself. A question is answered once."
            )
            .AllowAnonymous()
            .WithExample(
                new RouteExample
                {
                    Body = """{"challenge": "{passkey_login_challenge}", "passkey": {passkey_login}}""",
                    Anonymous = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        routes
            .MapPost("/auth/second-factor/passkey", AskForStepAsync)
            .NotAudited("it asks the browser, and keeps nothing but the question")
            .WithName("AskForPasskeySecondFactor")
            .WithSummary("What the browser is asked to give a passkey as the second factor")
            .WithDescription("The answer goes to `POST /api/v1/auth/second-factor`, with the same challenge.")
            .AllowAnonymous()
            .WithExample(new RouteExample { Body = """{"challenge": "{challenge}"}""", Anonymous = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);
    }

    private static async Task<Results<Ok<PasskeyEndpoints.PasskeyOptions>, ProblemHttpResult>> AskAsync(
        PasskeyQuestionRequest request,
        PasskeySignIn signIn,
        SignInThrottle throttle,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (request.Kind is not (null or SessionKind.Page or SessionKind.Token))
        {
            return Problem.Invalid("kind", "One of page, token.");
        }

        if (!await throttle.EnterAsync("passkey-options", Transport.AddressOf(context), MostQuestions))
        {
            return Problem.TooManyRequests("Too many sign-ins began at this address. Wait a quarter of an hour.");
        }

        var question = await signIn.AskAsync(context, request.Kind ?? SessionKind.Token, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new PasskeyEndpoints.PasskeyOptions(question.Challenge, question.Options));
    }

    private static async Task<Results<Ok<PasskeyEndpoints.PasskeyOptions>, ProblemHttpResult>> AskForStepAsync(
        PasskeyStepRequest request,
        PasskeySignIn signIn,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var challenge = request.Challenge ?? ChallengeCookie.Read(context.Request) ?? "";
        if (await signIn.AskForStepAsync(context, challenge, cancellationToken) is not { } question)
        {
            return Problem.ChallengeOver();
        }

        context.Response.Headers.CacheControl = "no-store";
        // Who has it in a cookie that no script reads is not told.
        return TypedResults.Ok(new PasskeyEndpoints.PasskeyOptions(request.Challenge ?? "", question.Options));
    }

    private static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> SignInAsync(
        PasskeyLoginRequest request,
        PasskeySignIn signIn,
        SessionOpening opening,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var outcome = await signIn.SignInAsync(
            context,
            request.Challenge,
            SessionKind.Token,
            request.Passkey!.Value,
            request.TenantId,
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
