using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Passkeys;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SecondFactors;

/// <summary><c>POST /api/v1/auth/step-up</c>: whoever is signed in proves anew who they are.</summary>
public static class StepUpEndpoint
{
    /// <param name="Password">For whoever has no second factor.</param>
    /// <param name="Code">Of the authenticator app: six digits.</param>
    /// <param name="RecoveryCode">In the place of a code; it works once.</param>
    /// <param name="Challenge">With a passkey: of the options that it answers.</param>
    /// <param name="Passkey">In the place of a code: what the browser answered.</param>
    public sealed record StepUpRequest(
        [StringLength(PasswordRule.MaxLength)] string? Password = null,
        [StringLength(16)] string? Code = null,
        [StringLength(64)] string? RecoveryCode = null,
        [StringLength(128)] string? Challenge = null,
        JsonElement? Passkey = null
    );

    /// <param name="AuthenticatedAt">Dangerous actions are open for the time of <c>STEP_UP_MAX_AGE</c> from here.</param>
    /// <param name="Methods">All by which this sign-in was proven, in the words of RFC 8176.</param>
    public sealed record StepUpAnswer(DateTimeOffset AuthenticatedAt, IReadOnlyList<string> Methods);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/auth/step-up/passkey", AskAsync)
            .NotAudited("it asks the browser, and keeps nothing but the question")
            .WithName("AskForPasskeyStepUp")
            .OpenWithoutSecondFactor()
            .WithSummary("What the browser is asked to prove a step up by a passkey")
            .WithDescription("The answer goes to `POST /api/v1/auth/step-up`, with the challenge.")
            .RequirePerson()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/auth/step-up", HandleAsync)
            .Audited("session.proven")
            .WithName("StepUp")
            .OpenWithoutSecondFactor()
            .WithSummary("Prove anew who you are, for a dangerous action")
            .WithDescription(
                "What is refused with `step-up-required` is open again after this. Whoever has a second factor gives that, others "
                    + "their password. Access tokens stay good: the sign-in behind them is what counts."
            )
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"recovery_code": "{recovery_code}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Results<Ok<StepUpAnswer>, ProblemHttpResult>> HandleAsync(
        StepUpRequest request,
        Principal principal,
        FactorChecks factors,
        Challenges challenges,
        SignInService signIn,
        StepUps stepUps,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var held = await factors.OfAsync(principal.Tenant, principal.UserId, cancellationToken);
        string[] methods;
        if (held.Any || request is { Code: not null } or { RecoveryCode: not null } or { Passkey: not null })
        {
            var proof = await factors.ProveAsync(
                context,
                principal.Tenant,
                principal.UserId,
                new FactorAnswer(
                    request.Code,
                    request.RecoveryCode,
                    request.Passkey,
                    await StateOfAsync(request.Challenge, principal, challenges, cancellationToken)
                ),
                cancellationToken,
                principal.Confinement
            );
            if (proof.Refused is { } refused)
            {
                return Answer(refused, context);
            }

            methods = proof.Methods;
        }
        else
        {
            var proof = await signIn.ProveAsync(
                principal.Email,
                request.Password ?? "",
                Transport.AddressOf(context),
                cancellationToken
            );
            if (proof.Refused is { } refused)
            {
                return Answer(refused, context);
            }

            methods = AuthenticationMethod.PasswordOnly;
        }

        var noted = await stepUps.NoteAsync(principal, methods, cancellationToken);
        return TypedResults.Ok(new StepUpAnswer(noted.At, noted.Methods));
    }

    private static async Task<Ok<PasskeyEndpoints.PasskeyOptions>> AskAsync(
        Principal principal,
        PasskeyCeremonies passkeys,
        Challenges challenges,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var (options, state) = await passkeys.AskAsync(
            context,
            new PasskeyPerson(principal.UserId, principal.Email, principal.Name, principal.Tenant)
        );
        var challenge = await challenges.OpenAsync(
            new(
                ChallengePurpose.PasskeyFactor,
                principal.UserId,
                principal.Tenant.Value,
                Kind: null,
                EndSession: null,
                Methods: [],
                state
            ),
            cancellationToken
        );
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new PasskeyEndpoints.PasskeyOptions(challenge, options));
    }

    // A question is answered once, by whom it was asked.
    private static async Task<string?> StateOfAsync(
        string? challenge,
        Principal principal,
        Challenges challenges,
        CancellationToken cancellationToken
    ) =>
        challenge is not null
        && await challenges.TryAsync(challenge, cancellationToken)
            is { Purpose: ChallengePurpose.PasskeyFactor, UserId: var asked, PasskeyState: var state }
        && asked == principal.UserId
        && await challenges.UseAsync(challenge, cancellationToken)
            ? state
            : null;

    // 401 would say that the sign-in is over.
    private static ProblemHttpResult Answer(Outcome.Refused refused, HttpContext context) =>
        refused.Code switch
        {
            "invalid-credentials" => Problem.Invalid("password", "This is not your password."),
            "invalid-second-factor" => Problem.Invalid("code", "This is not right, or was used before."),
            _ => refused.Answer(context),
        };
}
