using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary><c>/operator/tenants/{id}/erase</c> and <c>/operator/erasures</c>: erasing an organisation for good, and the receipts.</summary>
internal static class ErasureEndpoints
{
    /// <param name="Name">The organisation's name, typed again.</param>
    /// <param name="AfterDays">When it begins: 0 to 365 days from now. Until then it can be taken back.</param>
    /// <param name="BackupsKeptDays">
    /// How long archives of this installation are kept, 0 to 3650 days: the receipt then says when the last that holds the organisation is
    /// gone. Absent: it says only that older ones hold it.
    /// </param>
    public sealed record EraseRequest(
        [Required, StringLength(200, MinimumLength = 1)] string Name,
        [Range(0, 365)] int AfterDays = 0,
        [Range(0, 3650)] int? BackupsKeptDays = null
    );

    public static void Map(IEndpointRouteBuilder all)
    {
        var tenants = all.MapGroup("/operator/tenants").WithTags("Operator").RequireOperator();
        tenants
            .MapPost("/{id:guid}/erase", EraseAsync)
            .Audited("organization.erasure_ordered")
            .WithName("EraseTenant")
            .WithSummary("Erase a suspended organisation for good, with a receipt")
            .WithDescription(
                "Its rows, files, indexes, keys in Redis, lines of the log that name it, people who belong to no other organisation, its record and its data key. The answer comes at once; the work goes on by itself, also after a server died. Archives that were made before still hold it."
            )
            .Produces<Erasure>(StatusCodes.Status202Accepted)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        tenants
            .MapDelete("/{id:guid}/erase", CancelAsync)
            .Audited("organization.erasure_cancelled")
            .WithName("CancelTenantErasure")
            .WithSummary("Take the order to erase an organisation back, until it begins")
            .WithDescription("Whoever ordered it. The organisation stays suspended until you let it go on.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        var erasures = all.MapGroup("/operator/erasures").WithTags("Operator").RequireOperator();
        erasures
            .MapGet("", ListAsync)
            .WithName("ListErasures")
            .WithSummary("Organisations that were or will be erased, newest first, with the receipts")
            .WithDescription("They are named by their ids only: nothing that was in them is kept.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        erasures
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetErasure")
            .WithSummary("One erasure, and its receipt once it is done")
            .WithDescription("The receipt is a compact JWS; the keys at /.well-known/audit-keys.json check it.")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Accepted<Erasure>, ProblemHttpResult>> EraseAsync(
        Guid id,
        EraseRequest request,
        HttpContext context,
        Erasures erasures,
        CancellationToken cancellationToken
    )
    {
        var visit = context.Features.Get<OperatorVisit>();
        return await erasures.OrderAsync(
            id,
            request.Name,
            new ErasureOrder(ErasureOrder.Operator, visit?.OperatorId, visit?.Name),
            TimeSpan.FromDays(request.AfterDays),
            request.BackupsKeptDays,
            letter: null,
            cancellationToken
        ) switch
        {
            ErasureOutcome.Ordered { Erasure: var row } => TypedResults.Accepted(
                $"/operator/erasures/{row.ErasureId}",
                Erasure.Of(row)
            ),
            var refused => RefusalOf(refused),
        };
    }

    internal static ProblemHttpResult RefusalOf(ErasureOutcome outcome) =>
        outcome switch
        {
            ErasureOutcome.NotFound => Problem.NotFound("organization"),
            ErasureOutcome.OtherName => Problem.Invalid("name", "Type the organisation's name exactly as it is."),
            ErasureOutcome.NotSuspended => Problem.Conflict(
                "organization-not-suspended",
                "Only a suspended organisation is erased",
                "Suspend it first: then nobody works in it when it goes."
            ),
            ErasureOutcome.OrderedAlready => Problem.Conflict(
                "erasure-ordered",
                "The organisation is to be erased already",
                "Look at how it stands, or take that order back first."
            ),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled outcome {outcome}."),
        };

    private static async Task<Results<NoContent, ProblemHttpResult>> CancelAsync(
        Guid id,
        Erasures erasures,
        CancellationToken cancellationToken
    ) =>
        Said(
            await erasures.CancelAsync(
                id,
                ErasureOrder.Operator,
                "The operator of this installation",
                cancellationToken
            )
        );

    internal static Results<NoContent, ProblemHttpResult> Said(string outcome) =>
        outcome switch
        {
            "cancelled" => TypedResults.NoContent(),
            "begun" => Problem.Conflict(
                "erasure-begun",
                "It has begun",
                "What is erased does not come back; it goes on to its end."
            ),
            "operators" => Problem.Conflict(
                "erasure-by-operator",
                "The operator ordered it",
                "Ask whoever runs this installation to take it back."
            ),
            _ => Problem.NotFound("erasure"),
        };

    private static async Task<Results<Ok<Listing<Erasure>>, ProblemHttpResult>> ListAsync(
        ErasureStore store,
        CancellationToken cancellationToken,
        [Description("Only those of the organisation with this id.")] Guid? organization = null,
        [Range(1, 100), Description("Most erasures to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await store.ListAsync(null, organization, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, Erasure.Of, row => row.ErasureId));
    }

    private static async Task<Results<Ok<Erasure>, ProblemHttpResult>> GetAsync(
        Guid id,
        ErasureStore store,
        CancellationToken cancellationToken
    ) =>
        await store.FindAsync(id, cancellationToken) is { } row
            ? TypedResults.Ok(Erasure.Of(row))
            : Problem.NotFound("erasure");
}
