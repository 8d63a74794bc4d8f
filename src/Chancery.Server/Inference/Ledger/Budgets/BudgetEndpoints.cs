using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Inference.Ledger.Budgets;

/// <summary><c>/api/v1/budgets</c>: how much may be spent on models.</summary>
public static class BudgetEndpoints
{
    private const string Periods = "^(month|day)$";

    private const string Rule =
        "A call that could cross a cap is refused before it is made. Periods are months and days of UTC's calendar. The operator's caps "
        + "stay as they are: the lower of both holds. All servers know of a change within two seconds.";

    /// <param name="CapUsd">In dollars; 0 lets nothing pass that costs something.</param>
    public sealed record CapRequest([property: Range(0d, 4_000_000d)] decimal CapUsd);

    public sealed record BudgetList(IReadOnlyList<BudgetView> Budgets);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/budgets", ListAsync)
            .WithName("ListBudgets")
            .WithSummary("Caps on what models may cost, with what they are used up to")
            .WithDescription("Owners and admins see all of the organisation; others see the caps on themselves.")
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        Change(
                routes.MapPut("/budgets/organization/{period}", SetOrganizationAsync),
                "SetOrganizationBudget",
                null,
                true
            )
            .WithSummary("Cap what the whole organisation may spend on models");
        Change(
                routes.MapDelete("/budgets/organization/{period}", RemoveOrganizationAsync),
                "RemoveOrganizationBudget",
                null,
                false
            )
            .WithSummary("Lift the organisation's own cap");
        Change(routes.MapPut("/budgets/users/{id:guid}/{period}", SetUserAsync), "SetUserBudget", "member", true)
            .WithSummary("Cap what one person may spend on models");
        Change(
                routes.MapDelete("/budgets/users/{id:guid}/{period}", RemoveUserAsync),
                "RemoveUserBudget",
                "member",
                false
            )
            .WithSummary("Lift a person's cap");
        Change(routes.MapPut("/budgets/keys/{id:guid}/{period}", SetKeyAsync), "SetKeyBudget", "key", true)
            .WithSummary("Cap what may be spent with one API key or OAuth client");
        Change(routes.MapDelete("/budgets/keys/{id:guid}/{period}", RemoveKeyAsync), "RemoveKeyBudget", "key", false)
            .WithSummary("Lift a key's cap");
    }

    private static RouteHandlerBuilder Change(RouteHandlerBuilder route, string name, string? subject, bool sets)
    {
        var path = new Dictionary<string, string> { ["period"] = "month" };
        if (subject is not null)
        {
            path["id"] = subject;
        }

        return route
            .WithName(name)
            .Audited(sets ? "budget.set" : "budget.lifted")
            .WithDescription(Rule)
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Path = path, Body = sets ? """{"cap_usd": 25.50}""" : null })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<BudgetList>> ListAsync(
        Principal principal,
        BudgetViews budgets,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(new BudgetList(await budgets.OfAsync(principal, cancellationToken)));

    private static Task<Results<NoContent, ProblemHttpResult>> SetOrganizationAsync(
        [RegularExpression(Periods, ErrorMessage = "month or day."), OneOf("BudgetPeriod", "month", "day")]
        [Description("`month` or `day`, of the calendar of UTC.")]
            string period,
        CapRequest request,
        Principal principal,
        BudgetStore store,
        CancellationToken cancellationToken
    ) => SetAsync(principal, store, BudgetLevel.Tenant, principal.Tenant.Value, period, request, cancellationToken);

    private static Task<Results<NoContent, ProblemHttpResult>> RemoveOrganizationAsync(
        [RegularExpression(Periods, ErrorMessage = "month or day."), OneOf("BudgetPeriod", "month", "day")]
        [Description("`month` or `day`, of the calendar of UTC.")]
            string period,
        Principal principal,
        BudgetStore store,
        CancellationToken cancellationToken
    ) => RemoveAsync(principal, store, BudgetLevel.Tenant, principal.Tenant.Value, period, cancellationToken);

    private static async Task<Results<NoContent, ProblemHttpResult>> SetUserAsync(
        Guid id,
        [RegularExpression(Periods, ErrorMessage = "month or day."), OneOf("BudgetPeriod", "month", "day")]
        [Description("`month` or `day`, of the calendar of UTC.")]
            string period,
        CapRequest request,
        Principal principal,
        BudgetStore store,
        TenantSubjects subjects,
        CancellationToken cancellationToken
    ) =>
        await subjects.HasMemberAsync(principal, id, cancellationToken)
            ? await SetAsync(principal, store, BudgetLevel.User, id, period, request, cancellationToken)
            : Problem.NotFound("member");

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveUserAsync(
        Guid id,
        [RegularExpression(Periods, ErrorMessage = "month or day."), OneOf("BudgetPeriod", "month", "day")]
        [Description("`month` or `day`, of the calendar of UTC.")]
            string period,
        Principal principal,
        BudgetStore store,
        TenantSubjects subjects,
        CancellationToken cancellationToken
    ) =>
        await subjects.HasMemberAsync(principal, id, cancellationToken)
            ? await RemoveAsync(principal, store, BudgetLevel.User, id, period, cancellationToken)
            : Problem.NotFound("member");

    private static async Task<Results<NoContent, ProblemHttpResult>> SetKeyAsync(
        Guid id,
        [RegularExpression(Periods, ErrorMessage = "month or day."), OneOf("BudgetPeriod", "month", "day")]
        [Description("`month` or `day`, of the calendar of UTC.")]
            string period,
        CapRequest request,
        Principal principal,
        BudgetStore store,
        TenantSubjects subjects,
        CancellationToken cancellationToken
    ) =>
        await subjects.HasKeyAsync(principal, id, cancellationToken)
            ? await SetAsync(principal, store, BudgetLevel.Key, id, period, request, cancellationToken)
            : Problem.NotFound("key");

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveKeyAsync(
        Guid id,
        [RegularExpression(Periods, ErrorMessage = "month or day."), OneOf("BudgetPeriod", "month", "day")]
        [Description("`month` or `day`, of the calendar of UTC.")]
            string period,
        Principal principal,
        BudgetStore store,
        TenantSubjects subjects,
        CancellationToken cancellationToken
    ) =>
        await subjects.HasKeyAsync(principal, id, cancellationToken)
            ? await RemoveAsync(principal, store, BudgetLevel.Key, id, period, cancellationToken)
            : Problem.NotFound("key");

    private static async Task<Results<NoContent, ProblemHttpResult>> SetAsync(
        Principal principal,
        BudgetStore store,
        string level,
        Guid subject,
        string period,
        CapRequest request,
        CancellationToken cancellationToken
    )
    {
        await store.SetAsync(
            principal,
            level,
            subject,
            period,
            NanoDollars.OfDollars(request.CapUsd),
            cancellationToken
        );
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Principal principal,
        BudgetStore store,
        string level,
        Guid subject,
        string period,
        CancellationToken cancellationToken
    )
    {
        await store.RemoveAsync(principal, level, subject, period, cancellationToken);
        return TypedResults.NoContent();
    }
}
