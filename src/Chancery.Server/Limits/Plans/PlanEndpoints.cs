using System.ComponentModel;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits.Plans;

/// <summary><c>/operator/plans</c>: what organisations may do, by plan; which plan each is on.</summary>
internal static class PlanEndpoints
{
    /// <param name="Limits">The most of each; what is not named has no limit.</param>
    /// <param name="IsShipped">As the program brings it.</param>
    /// <param name="Tenants">How many organisations are on it.</param>
    public sealed record PlanView(string Name, IReadOnlyDictionary<string, long> Limits, bool IsShipped, long Tenants);

    public sealed record PlanList(IReadOnlyList<PlanView> Items, string? NextCursor);

    /// <param name="Limits">The most of each, by its name; all of them: what is not named has no limit.</param>
    public sealed record PlanRequest(IReadOnlyDictionary<string, long> Limits);

    /// <param name="Plan">The name of a plan that there is.</param>
    public sealed record AssignRequest(string Plan);

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/plans").WithTags("Operator").RequireOperator();
        routes
            .MapGet("", ListAsync)
            .WithName("ListPlans")
            .WithSummary("The plans that organisations are on")
            .WithDescription("For an operator's token. FREE, OWN and UNLIMITED are shipped; each may be changed.")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapPut("/{plan}", SetAsync)
            .Audited("installation.plan_set")
            .WithName("SetPlan")
            .WithSummary("Make a plan, or change one")
            .WithDescription("It holds for everybody on it within two seconds, within ten while Redis is gone.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapDelete("/{plan}", RemoveAsync)
            .Audited("installation.plan_removed")
            .WithName("RemovePlan")
            .WithSummary("Take a plan away, or have a shipped one as it was")
            .WithDescription("A plan of yours that an organisation is on stays.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        all.MapGroup("/operator/tenants")
            .WithTags("Operator")
            .RequireOperator()
            .MapPut("/{id:guid}/plan", AssignAsync)
            .Audited("organization.plan_set")
            .WithName("SetTenantPlan")
            .WithSummary("Put an organisation on a plan")
            .WithDescription("Within two seconds on all servers. What it has used stays used.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<PlanList>> ListAsync(PlanStore store, CancellationToken cancellationToken) =>
        TypedResults.Ok(
            new PlanList(
                [
                    .. (await store.ListAsync(cancellationToken)).Select(one => new PlanView(
                        one.Plan.Name,
                        one.Plan.Limits,
                        one.Plan.IsShipped,
                        one.Tenants
                    )),
                ],
                NextCursor: null
            )
        );

    private static async Task<Results<NoContent, ProblemHttpResult>> SetAsync(
        [Description("Capital letters, digits, - and _.")] string plan,
        PlanRequest request,
        PlanStore store,
        CancellationToken cancellationToken
    )
    {
        if (!Plan.IsName(plan))
        {
            return Problem.Invalid("plan", "Capital letters, digits, - and _, a letter first, at most 32.");
        }

        if (request.Limits is null)
        {
            return Problem.Invalid("limits", "Name the limits, or {} for none.");
        }

        var wrong = request
            .Limits.Where(limit => LimitNames.Find(limit.Key) is null || limit.Value is < 0 or > LimitNames.Largest)
            .ToDictionary(
                limit => $"limits.{limit.Key}",
                limit =>
                    (string[])
                        [
                            LimitNames.Find(limit.Key) is null
                                ? $"There is no such limit. There are {string.Join(", ", LimitNames.All.Select(one => one.Name))}."
                                : $"A number from 0 to {LimitNames.Largest}.",
                        ]
            );
        if (wrong.Count > 0)
        {
            return Problem.Invalid(wrong);
        }

        await store.SetAsync(plan, request.Limits, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        [Description("Its name.")] string plan,
        PlanStore store,
        LimitBook book,
        CancellationToken cancellationToken
    )
    {
        var plans = await store.ListAsync(cancellationToken);
        if (plans.FirstOrDefault(one => one.Plan.Name == plan) is not { Plan: { } known } found || known.IsShipped)
        {
            return Problem.NotFound("plan");
        }

        if (found.Tenants > 0 && book.Shipped.All(shipped => shipped.Name != plan))
        {
            return Problem.Conflict(
                "plan-in-use",
                "Organisations are on this plan",
                $"{found.Tenants} are on {plan}. Put them on another one first."
            );
        }

        await store.SetAsync(plan, limits: null, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AssignAsync(
        [Description("The organisation.")] Guid id,
        AssignRequest request,
        PlanStore store,
        CancellationToken cancellationToken
    )
    {
        var plans = await store.ListAsync(cancellationToken);
        if (plans.All(one => one.Plan.Name != request.Plan))
        {
            return Problem.Invalid("plan", $"One of {string.Join(", ", plans.Select(one => one.Plan.Name))}.");
        }

        return await store.AssignAsync(id, request.Plan, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("organization");
    }
}
