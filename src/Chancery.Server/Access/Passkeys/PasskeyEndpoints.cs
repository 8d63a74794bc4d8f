using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Passkeys;

/// <summary><c>/api/v1/me/passkeys</c>: a person's passkeys.</summary>
public static class PasskeyEndpoints
{
    private const int Most = 20;

    /// <param name="Challenge">What the answer names this question by; good for five minutes, and once.</param>
    /// <param name="Options">For the browser, as its <c>PublicKeyCredential.parseCreationOptionsFromJSON</c> or <c>parseRequestOptionsFromJSON</c> takes them.</param>
    public sealed record PasskeyOptions(string Challenge, JsonElement Options);

    /// <param name="Challenge">Of the question.</param>
    /// <param name="Passkey">What the browser answered: the credential's <c>toJSON()</c>.</param>
    /// <param name="Name">How the person calls it: 1 to 100 characters.</param>
    public sealed record NewPasskeyRequest(
        [Required, StringLength(128)] string Challenge,
        [Required] JsonElement? Passkey,
        [Required, StringLength(100, MinimumLength = 1)] string Name
    );

    /// <param name="Name">1 to 100 characters.</param>
    public sealed record PasskeyNameRequest([Required, StringLength(100, MinimumLength = 1)] string Name);

    /// <param name="IsSynced">Whether its provider keeps it on several devices.</param>
    public sealed record MyPasskey(
        Guid Id,
        string Name,
        bool IsSynced,
        DateTimeOffset CreatedAt,
        DateTimeOffset? LastUsedAt
    );

    /// <param name="RecoveryCodes">Ten for whoever had none, shown once; else empty.</param>
    public sealed record MadePasskey(MyPasskey Passkey, IReadOnlyList<string> RecoveryCodes);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/me/passkeys", ListAsync)
            .WithName("ListMyPasskeys")
            .OpenWithoutSecondFactor()
            .WithSummary("Your passkeys")
            .WithDescription("In the order in which they were made. There are at most 20.")
            .RequirePerson()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/me/passkeys/options", AskAsync)
            .NotAudited("it asks the browser, and keeps nothing but the question")
            .WithName("AskForPasskey")
            .OpenWithoutSecondFactor()
            .WithSummary("Begin a new passkey: what the browser is asked")
            .WithDescription("The answer goes to `POST /api/v1/me/passkeys`, with the challenge.")
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/me/passkeys", AddAsync)
            .Audited("person.passkey_added")
            .WithName("AddPasskey")
            .OpenWithoutSecondFactor()
            .WithSummary("Keep a new passkey")
            .WithDescription(
                "It is a second factor from then on, and signs in by itself. Attestations are not asked for."
            )
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(
                new RouteExample
                {
                    Body = """{"challenge": "{passkey_challenge}", "passkey": {passkey_answer}, "name": "Laptop"}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapPatch("/me/passkeys/{id:guid}", RenameAsync)
            .Audited("person.passkey_renamed")
            .WithName("RenamePasskey")
            .WithSummary("Give a passkey another name")
            .WithDescription("The name is for you alone.")
            .RequireOwnAccount()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "passkey" },
                    Body = """{"name": "Old laptop"}""",
                }
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/me/passkeys/{id:guid}", RemoveAsync)
            .Audited("person.passkey_removed")
            .WithName("RemovePasskey")
            .WithSummary("Remove a passkey: it opens nothing any more")
            .WithDescription("With the last second factor the recovery codes go, too.")
            .NeedsStepUp()
            .RequireOwnAccount()
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "passkey" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<Listing<MyPasskey>>> ListAsync(
        Principal principal,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        var rows = await PasskeyStore.ListAsync(session, principal.UserId, cancellationToken);
        return TypedResults.Ok(
            Listing.Of(
                rows,
                Most,
                row => new MyPasskey(row.PasskeyId, row.Name, row.IsBackedUp, row.CreatedAt, row.LastUsedAt),
                row => row.PasskeyId
            )
        );
    }

    private static async Task<Ok<PasskeyOptions>> AskAsync(
        Principal principal,
        PasskeyCeremonies passkeys,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var question = await passkeys.AskForNewAsync(context, principal, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new PasskeyOptions(question.Challenge, question.Options));
    }

    private static async Task<Results<Created<MadePasskey>, ProblemHttpResult>> AddAsync(
        NewPasskeyRequest request,
        Principal principal,
        PasskeyCeremonies passkeys,
        RecoveryCodes codes,
        StepUps stepUps,
        TenantDatabase database,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (
            await passkeys.CreateAsync(context, principal, request.Challenge, request.Passkey!.Value, cancellationToken)
            is not { } made
        )
        {
            return Problem.Invalid(
                "passkey",
                "This does not answer the question, or the question is over. Begin anew."
            );
        }

        var now = time.GetUtcNow();
        Guid id;
        IReadOnlyList<string> newCodes = [];
        await using (var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken))
        {
            if (await PasskeyStore.CountAsync(session, principal.UserId, cancellationToken) >= Most)
            {
                return Problem.Conflict("too-many-passkeys", "There are 20 passkeys already", "Remove one first.");
            }

            if (
                await PasskeyCeremonies.KeepAsync(
                    session,
                    principal.UserId,
                    request.Name.Trim(),
                    made,
                    now,
                    cancellationToken
                )
                is not { } kept
            )
            {
                return Problem.Conflict("passkey-exists", "This passkey is somebody's already", "Use another one.");
            }

            id = kept;
            if (await RecoveryCodes.LeftAsync(session, principal.UserId, cancellationToken) == 0)
            {
                newCodes = await codes.MakeAsync(session, principal.UserId, cancellationToken);
            }

            await session.CommitAsync(cancellationToken);
        }

        await stepUps.NoteAsync(
            principal,
            [made.IsBackupEligible ? AuthenticationMethod.SoftwareKey : AuthenticationMethod.HardwareKey],
            cancellationToken
        );
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"/api/v1/me/passkeys/{id}",
            new MadePasskey(new MyPasskey(id, request.Name.Trim(), made.IsBackedUp, now, LastUsedAt: null), newCodes)
        );
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameAsync(
        Guid id,
        PasskeyNameRequest request,
        Principal principal,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        if (request.Name.Trim() is not { Length: > 0 } name)
        {
            return Problem.Invalid("name", "Give it a name.");
        }

        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        if (!await PasskeyStore.RenameAsync(session, principal.UserId, id, name, cancellationToken))
        {
            return Problem.NotFound("passkey");
        }

        await session.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id,
        Principal principal,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal.Tenant, principal.UserId, cancellationToken);
        if (!await PasskeyStore.RemoveAsync(session, principal.UserId, id, cancellationToken))
        {
            return Problem.NotFound("passkey");
        }

        await SecondFactorEndpoints.ForgetCodesOfNoFactorAsync(session, principal.UserId, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
