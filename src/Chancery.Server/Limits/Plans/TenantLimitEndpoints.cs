using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Limits.Plans;

/// <summary><c>/operator/tenants/{id}/limits</c>: what holds for one organisation, person or key instead of its plan.</summary>
internal static class TenantLimitEndpoints
{
    private const string Organisation = "tenant";

    /// <param name="Most">Absent for no limit.</param>
    public sealed record LimitView(
        [property: OneOf("LimitSubject", "tenant", "user", "key")] string Level,
        Guid SubjectId,
        string Name,
        [property: OneOf("LimitSetter", "operator", "tenant")] string SetBy,
        long? Most
    );

    public sealed record LimitList(IReadOnlyList<LimitView> Items, string? NextCursor);

    /// <param name="Most">Null for no limit, whatever the plan says.</param>
    public sealed record LimitRequest([property: Range(0L, LimitNames.Largest)] long? Most);

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/tenants/{id:guid}/limits").WithTags("Operator").RequireOperator();
        routes
            .MapGet("", ListAsync)
            .WithName("ListTenantLimits")
            .WithSummary("What was set for an organisation and those in it, beside its plan")
            .WithDescription("For an operator's token.")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapPut("/{name}", SetAsync)
            .Audited("organization.limit_set")
            .WithName("SetTenantLimit")
            .WithSummary("Set a limit for an organisation, or for one person or key of it, instead of its plan's")
            .WithDescription(
                "It is hard: the organisation can only set a lower one beside it. Within two seconds on all servers."
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/{name}", RemoveAsync)
            .Audited("organization.limit_lifted")
            .WithName("RemoveTenantLimit")
            .WithSummary("Let the plan hold again")
            .WithDescription("What the organisation set for itself stays.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<LimitList>> ListAsync(
        [Description("The organisation.")] Guid id,
        PlanStore store,
        CancellationToken cancellationToken
    ) =>
        TypedResults.Ok(
            new LimitList(
                [
                    .. (await store.OverridesAsync(id, cancellationToken)).Select(one => new LimitView(
                        one.Level,
                        one.SubjectId,
                        one.Name,
                        one.SetBy,
                        one.Most
                    )),
                ],
                NextCursor: null
            )
        );

    private static Task<Results<NoContent, ProblemHttpResult>> SetAsync(
        [Description("The organisation.")] Guid id,
        [Description("Of the limit, as in plans.")] string name,
        LimitRequest request,
        PlanStore store,
        CancellationToken cancellationToken,
        [FromQuery(Name = "user"), Description("Only for this person.")] Guid? user = null,
        [FromQuery(Name = "key"), Description("Only for this key or client.")] Guid? key = null
    ) => ChangeAsync(id, name, request.Most, isSet: true, user, key, store, cancellationToken);

    private static Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        [Description("The organisation.")] Guid id,
        [Description("Of the limit, as in plans.")] string name,
        PlanStore store,
        CancellationToken cancellationToken,
        [FromQuery(Name = "user"), Description("Only for this person.")] Guid? user = null,
        [FromQuery(Name = "key"), Description("Only for this key or client.")] Guid? key = null
    ) => ChangeAsync(id, name, most: null, isSet: false, user, key, store, cancellationToken);

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangeAsync(
        Guid id,
        string name,
        long? most,
        bool isSet,
        Guid? user,
        Guid? key,
        PlanStore store,
        CancellationToken cancellationToken
    )
    {
        if (LimitNames.Find(name) is not { } limit)
        {
            return Problem.NotFound("limit");
        }

        if (user is not null && key is not null)
        {
            return Problem.Invalid("user", "Give a person or a key, not both.");
        }

        if ((user ?? key) is not null && limit.Level != LimitLevel.Principal)
        {
            return Problem.Invalid("name", $"{name} counts the whole organisation, not a person or key.");
        }

        var level =
            user is not null ? LimitOverride.OfUser
            : key is not null ? LimitOverride.OfKey
            : Organisation;
        return await store.SetLimitAsync(id, level, user ?? key ?? id, name, most, isSet, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("organization");
    }
}
