using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>
/// <c>/api/v1/organization/erasure</c>: owners have their organisation erased, a week later, and take it back until then.
/// </summary>
internal static class OwnErasureEndpoints
{
    /// <summary>How long every owner can take it back.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(7);

    /// <param name="Name">The organisation's name, typed again.</param>
    public sealed record Request([Required, StringLength(200, MinimumLength = 1)] string Name);

    /// <summary>That the organisation is going to be erased.</summary>
    /// <param name="OrderedBy"><c>owner</c>, or <c>operator</c>: whoever runs the installation.</param>
    /// <param name="OrderedById">Of an owner: which one.</param>
    /// <param name="BeginsAt">When it begins; until then an owner's order can be taken back. Nothing comes back afterwards.</param>
    public sealed record OrderedErasure(
        Guid Id,
        [property: OneOf("ErasureOrderedBy", "operator", "owner")] string OrderedBy,
        Guid? OrderedById,
        DateTimeOffset OrderedAt,
        DateTimeOffset BeginsAt
    );

    /// <param name="Order">The order that stands; null for none.</param>
    public sealed record ErasurePlan(bool IsOrdered, OrderedErasure? Order);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/organization/erasure", GetAsync)
            .WithName("GetErasureOrder")
            .WithSummary("Whether your organisation is going to be erased, and when")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/organization/erasure", OrderAsync)
            .Audited("organization.erasure_ordered")
            .WithName("OrderErasure")
            .NeedsStepUp()
            .WithSummary("Have your organisation erased for good, in seven days")
            .WithDescription(
                "For owners. All owners get a letter, and any of them can take it back until it begins. Then everything of it goes: documents, contracts, conversations, its record, and people who belong to no other organisation."
            )
            .RequirePermission(Permission.OrganizationManage)
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"name": "{organization}"}""" })
            .Produces<OrderedErasure>(StatusCodes.Status202Accepted)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapDelete("/organization/erasure", CancelAsync)
            .Audited("organization.erasure_cancelled")
            .WithName("CancelErasure")
            .WithSummary("Take the order to erase your organisation back")
            .WithDescription("For owners, until it begins. What the operator ordered only the operator takes back.")
            .RequirePermission(Permission.OrganizationManage)
            .RequirePerson()
            .WithExample(new RouteExample())
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Ok<ErasurePlan>> GetAsync(
        Principal principal,
        ErasureStore store,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(await PlanAsync(store, principal, cancellationToken));

    /// <summary>For the page, too.</summary>
    internal static async Task<ErasurePlan> PlanAsync(
        ErasureStore store,
        Principal principal,
        CancellationToken cancellationToken
    ) =>
        await store.NewestAsync(principal.Tenant.Value, cancellationToken) is { State: ErasureState.Ordered } row
            ? new ErasurePlan(true, ViewOf(row))
            : new ErasurePlan(false, null);

    private static async Task<Results<Accepted<OrderedErasure>, ProblemHttpResult>> OrderAsync(
        Request request,
        Principal principal,
        HttpContext context,
        Erasures erasures,
        ErasureStore store,
        AccessSettings settings,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return Problem.OwnersOnly("An organisation is erased by its owners.");
        }

        var outcome = await erasures.OrderAsync(
            principal.Tenant.Value,
            request.Name,
            new ErasureOrder(ErasureOrder.Owner, principal.UserId, null),
            Grace,
            keptDays: null,
            begins => new OwnerLetter(
                "Your organisation is going to be erased",
                $"""
                {principal.Name}, an owner of {principal.TenantName}, ordered that it is erased for good, with all that is in it.

                It begins on {begins.UtcDateTime:yyyy-MM-dd} at {begins.UtcDateTime:HH:mm} UTC. Until then every owner can take it back:

                {settings.PublicUrl}/settings

                """
            ),
            cancellationToken
        );
        if (
            outcome is ErasureOutcome.OrderedAlready
            && await store.NewestAsync(principal.Tenant.Value, cancellationToken)
                is { State: ErasureState.Ordered, OrderedByKind: ErasureOrder.Owner } before
        )
        {
            // Asked twice, or by two owners: there is one order.
            return TypedResults.Accepted("/api/v1/organization/erasure", ViewOf(before));
        }

        if (outcome is not ErasureOutcome.Ordered { Erasure: var row })
        {
            return ErasureEndpoints.RefusalOf(outcome);
        }

        context.Audit().On(principal.Tenant.Value).Add("erasure", row.ErasureId);
        return TypedResults.Accepted("/api/v1/organization/erasure", ViewOf(row));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CancelAsync(
        Principal principal,
        HttpContext context,
        Erasures erasures,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return Problem.OwnersOnly("The order to erase an organisation is taken back by its owners.");
        }

        context.Audit().On(principal.Tenant.Value);
        var said = await erasures.CancelAsync(
            principal.Tenant.Value,
            ErasureOrder.Owner,
            $"{principal.Name}, an owner of it,",
            cancellationToken
        );
        if (said == "not-found")
        {
            // There was nothing to take back, and so nothing to put on record.
            context.Audit().Skip();
            return TypedResults.NoContent();
        }

        return ErasureEndpoints.Said(said);
    }

    private static OrderedErasure ViewOf(ErasureRow row) =>
        new(row.ErasureId, row.OrderedByKind, row.OrderedById, row.OrderedAt, row.BeginsAt);
}
