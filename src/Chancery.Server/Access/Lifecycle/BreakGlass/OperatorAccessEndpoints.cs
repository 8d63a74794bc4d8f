using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>
/// <c>/operator/tenants/{id}/access</c>, by which an operator reads an organisation's content for a while, and
/// <c>/api/v1/organization/operator-access</c>, where the organisation sees and ends it.
/// </summary>
internal static class OperatorAccessEndpoints
{
    public const string ByOperator = "operator";
    public const string ByOrganization = "organization";

    /// <param name="Reason">Why, 10 to 500 characters: the organisation reads it.</param>
    /// <param name="Minutes">How long, 5 to 240.</param>
    public sealed record OpenRequest(
        [Required, StringLength(500, MinimumLength = 10)] string Reason,
        [Range(5, 240)] int Minutes = 60
    );

    /// <param name="AccessToken">
    /// A bearer token that reads documents and contracts of that organisation. It is shown this once.
    /// </param>
    public sealed record OpenedAccess(Guid Id, string AccessToken, DateTimeOffset ExpiresAt);

    /// <summary>An operator's access to the organisation's content, open or over.</summary>
    /// <param name="Operator">The operator's name.</param>
    /// <param name="From">When it was opened.</param>
    /// <param name="Until">When it ends, or would have ended, by itself.</param>
    /// <param name="EndedAt">When somebody ended it before that.</param>
    /// <param name="EndedBy">Who did: <c>operator</c> or <c>organization</c>.</param>
    /// <param name="IsOpen">Whether it can be used right now.</param>
    /// <param name="Requests">How many calls came by it so far; each is in the record.</param>
    public sealed record OperatorAccess(
        Guid Id,
        string Operator,
        string Reason,
        DateTimeOffset From,
        DateTimeOffset Until,
        DateTimeOffset? EndedAt,
        [property: OneOf("OperatorAccessEndedBy", ByOperator, ByOrganization)] string? EndedBy,
        bool IsOpen,
        long Requests,
        DateTimeOffset? LastUsedAt
    );

    public static void MapOperator(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/tenants/{id:guid}/access").WithTags("Operator").RequireOperator();
        routes
            .MapPost("", OpenAsync)
            .Audited("organization.access_opened")
            .WithName("OpenTenant")
            .WithSummary("Read an organisation's documents and contracts for a while, by break-glass")
            .WithDescription(
                "For support that cannot do without. The organisation's owners get a letter, see who reads, why and how often, and can end it at once; every call is in their record. Nothing can be changed by it."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapGet("", ListOfTenantAsync)
            .WithName("ListTenantAccesses")
            .WithSummary("Operators' accesses to an organisation, newest first")
            .WithDescription(
                "Open ones and those that are over, with who opened them, why, and how often each was used."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapDelete("/{access:guid}", EndAsync)
            .Audited("organization.access_ended")
            .WithName("EndTenantAccess")
            .WithSummary("End an operator's access before its time")
            .WithDescription(
                "On all servers, from the next call on. An export of the operator's that is under way stops."
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/organization/operator-access", ListOwnAsync)
            .WithName("ListOperatorAccess")
            .WithSummary("When whoever operates the installation read your organisation's content, and why")
            .WithDescription("For owners and admins, newest first; open ones and those that are over.")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapDelete("/organization/operator-access/{id:guid}", EndOwnAsync)
            .Audited("operator_access.ended")
            .WithName("EndOperatorAccess")
            .WithSummary("End the operator's access to your organisation at once")
            .WithDescription("On all servers within two seconds, within thirty while Redis is gone.")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "operator_access" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Created<OpenedAccess>, ProblemHttpResult>> OpenAsync(
        Guid id,
        OpenRequest request,
        HttpContext context,
        OperatorAccesses accesses,
        CancellationToken cancellationToken
    )
    {
        if (request.Reason.Trim().Length < 10)
        {
            return Problem.Invalid("reason", "Say why, in 10 characters or more: the organisation reads it.");
        }

        var opened = await accesses.OpenAsync(
            new TenantId(id),
            context.Features.Get<OperatorVisit>()!,
            request.Reason.Trim(),
            TimeSpan.FromMinutes(request.Minutes),
            cancellationToken
        );
        switch (opened.Refused)
        {
            case null:
                context.Audit().On(id).Add("access", opened.AccessId).Add("minutes", request.Minutes);
                context.Response.Headers.CacheControl = "no-store";
                return TypedResults.Created(
                    $"/operator/tenants/{id}/access/{opened.AccessId}",
                    new OpenedAccess(opened.AccessId, opened.Token, opened.ExpiresAt)
                );
            case "":
                return Problem.NotFound("organization");
            default:
                return Problem.Conflict(
                    "organization-not-active",
                    "The organisation is suspended",
                    "Nobody reads in it while it is; let it go on first."
                );
        }
    }

    private static Task<Results<Ok<Listing<OperatorAccess>>, ProblemHttpResult>> ListOfTenantAsync(
        Guid id,
        OperatorAccessStore store,
        TimeProvider time,
        CancellationToken cancellationToken,
        [Range(1, 100), Description("Most accesses to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    ) => ListAsync(new TenantId(id), store, time, limit, cursor, cancellationToken);

    private static Task<Results<Ok<Listing<OperatorAccess>>, ProblemHttpResult>> ListOwnAsync(
        Principal principal,
        OperatorAccessStore store,
        TimeProvider time,
        CancellationToken cancellationToken,
        [Range(1, 100), Description("Most accesses to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    ) => ListAsync(principal.Tenant, store, time, limit, cursor, cancellationToken);

    private static async Task<Results<Ok<Listing<OperatorAccess>>, ProblemHttpResult>> ListAsync(
        TenantId tenant,
        OperatorAccessStore store,
        TimeProvider time,
        int limit,
        string? cursor,
        CancellationToken cancellationToken
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var now = time.GetUtcNow();
        var rows = await store.ListAsync(tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, row => ViewOf(row, now), row => row.AccessId));
    }

    internal static OperatorAccess ViewOf(AccessRow row, DateTimeOffset now) =>
        new(
            row.AccessId,
            row.OperatorName,
            row.Reason,
            row.CreatedAt,
            row.ExpiresAt,
            row.EndedAt,
            row.EndedBy,
            row.EndedAt is null && row.ExpiresAt > now,
            row.Requests,
            row.LastUsedAt
        );

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        Guid id,
        [Description("The access, as the list has it.")] Guid access,
        OperatorAccesses accesses,
        CancellationToken cancellationToken
    ) =>
        await accesses.EndAsync(new TenantId(id), access, ByOperator, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("access");

    private static async Task<Results<NoContent, ProblemHttpResult>> EndOwnAsync(
        Guid id,
        Principal principal,
        OperatorAccesses accesses,
        AuditTrail trail,
        CancellationToken cancellationToken
    )
    {
        if (!await accesses.EndAsync(principal.Tenant, id, ByOrganization, cancellationToken))
        {
            return Problem.NotFound("access");
        }

        // The installation's record has the end as it has the beginning; who ended it is the organisation's.
        await trail.RecordAsync(
            new AuditEvent(
                AuditActor.Server(AuditActor.Installation),
                "organization.access_ended",
                AuditOutcome.Succeeded
            )
            {
                SubjectKind = "organization",
                SubjectId = principal.Tenant.ToString(),
                Details = new AuditDetails().Add("access", id).Add("by", ByOrganization),
            }
        );
        return TypedResults.NoContent();
    }
}
