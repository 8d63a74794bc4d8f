using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits.Overrides;

/// <summary><c>/api/v1/limits</c>: how often one person or key of the organisation may call.</summary>
internal static class OverrideEndpoints
{
    private const string Names = "^(requests|page_requests|upgrades_per_minute)$";

    private const string NamesSentence = "requests, page_requests or upgrades_per_minute.";

    private const string Rule =
        "Only lower than what the plan and the operator let them: the lowest holds. All servers know of a change within two seconds.";

    /// <param name="Most">In a window; 0 lets nothing pass.</param>
    public sealed record LimitRequest([property: Range(0L, LimitNames.Largest)] long Most);

    /// <param name="Most">Absent for no limit.</param>
    /// <param name="SetBy">The operator's are hard.</param>
    public sealed record LimitView(
        [property: OneOf("LimitSubject", "tenant", "user", "key")] string Level,
        Guid SubjectId,
        string Name,
        [property: OneOf("LimitSetter", "operator", "tenant")] string SetBy,
        long? Most
    );

    /// <param name="Plan">The plan that the organisation is on.</param>
    /// <param name="PlanLimits">The most of each; what is not named has no limit.</param>
    /// <param name="Limits">What was set beside it.</param>
    public sealed record LimitList(
        string Plan,
        IReadOnlyDictionary<string, long> PlanLimits,
        IReadOnlyList<LimitView> Limits
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/limits", ListAsync)
            .WithName("ListLimits")
            .WithSummary("What the organisation may do by its plan, and what was set beside it")
            .WithDescription("How much of it is used: `GET /api/v1/rate-limit/status`.")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        MapFor(
            routes,
            new Subject(LimitOverride.OfUser, "users", "User", "member"),
            "Let one person call less often, with all their keys and sessions together",
            "Lift a person's own limit"
        );
        MapFor(
            routes,
            new Subject(LimitOverride.OfKey, "keys", "Key", "key"),
            "Let one API key or OAuth client call less often",
            "Lift a key's own limit"
        );
    }

    /// <param name="Path">In addresses.</param>
    /// <param name="Name">In names of routes.</param>
    /// <param name="Thing">In examples, and where there is none.</param>
    private sealed record Subject(string Level, string Path, string Name, string Thing);

    private static void MapFor(IEndpointRouteBuilder routes, Subject subject, string setSummary, string removeSummary)
    {
        var path = $"/limits/{subject.Path}/{{id:guid}}/{{name}}";
        Change(
                routes.MapPut(
                    path,
                    (
                        Guid id,
                        [RegularExpression(Names, ErrorMessage = NamesSentence)]
                        [OneOf("CallerLimit", "requests", "page_requests", "upgrades_per_minute")]
                        [Description("What is limited.")]
                            string name,
                        LimitRequest request,
                        Principal principal,
                        OverrideStore store,
                        TenantSubjects subjects,
                        CancellationToken cancellationToken
                    ) => SetAsync(subject, id, name, request.Most, principal, store, subjects, cancellationToken)
                ),
                $"Set{subject.Name}Limit",
                subject,
                sets: true
            )
            .WithSummary(setSummary);
        Change(
                routes.MapDelete(
                    path,
                    (
                        Guid id,
                        [RegularExpression(Names, ErrorMessage = NamesSentence)]
                        [OneOf("CallerLimit", "requests", "page_requests", "upgrades_per_minute")]
                        [Description("What is limited.")]
                            string name,
                        Principal principal,
                        OverrideStore store,
                        TenantSubjects subjects,
                        CancellationToken cancellationToken
                    ) => SetAsync(subject, id, name, null, principal, store, subjects, cancellationToken)
                ),
                $"Remove{subject.Name}Limit",
                subject,
                sets: false
            )
            .WithSummary(removeSummary);
    }

    private static RouteHandlerBuilder Change(RouteHandlerBuilder route, string name, Subject subject, bool sets) =>
        route
            .WithName(name)
            .WithDescription(Rule)
            .Audited(sets ? "limit.set" : "limit.lifted")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string>
                    {
                        ["id"] = subject.Thing,
                        ["name"] = LimitNames.Requests.Name,
                    },
                    Body = sets ? """{"most": 500}""" : null,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Ok<LimitList>> ListAsync(
        Principal principal,
        LimitBook book,
        CancellationToken cancellationToken
    )
    {
        var limits = await book.ReadAsync(principal.Tenant, cancellationToken);
        return TypedResults.Ok(
            new LimitList(
                limits.Plan.Name,
                limits.Plan.Limits,
                [
                    .. limits.Overrides.Select(one => new LimitView(
                        one.Level,
                        one.SubjectId,
                        one.Name,
                        one.SetBy,
                        one.Most
                    )),
                ]
            )
        );
    }

    /// <param name="most">Null takes it away.</param>
    private static async Task<Results<NoContent, ProblemHttpResult>> SetAsync(
        Subject subject,
        Guid id,
        string name,
        long? most,
        Principal principal,
        OverrideStore store,
        TenantSubjects subjects,
        CancellationToken cancellationToken
    )
    {
        var isThere =
            subject.Level == LimitOverride.OfUser
                ? await subjects.HasMemberAsync(principal, id, cancellationToken)
                : await subjects.HasKeyAsync(principal, id, cancellationToken);
        if (!isThere)
        {
            return Problem.NotFound(subject.Thing);
        }

        await store.SetAsync(principal, subject.Level, id, name, most, cancellationToken);
        return TypedResults.NoContent();
    }
}
