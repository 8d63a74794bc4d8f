using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Operators;

/// <summary><c>/operator/tenants</c>: how large each organisation is and in which state; suspending one, and letting it go on.</summary>
internal static class TenantEndpoints
{
    private const string Active = "active";
    private const string Suspended = "suspended";

    /// <summary>Nothing of it works any more, and it does not come back.</summary>
    private const string Erasing = "erasing";

    private const string ListSql = "SELECT * FROM door_tenant_sizes(@after, @most, @q)";

    private const string SetStatusSql = "SELECT door_set_tenant_status(@id, @status)";

    private const int LongestQuery = 200;

    /// <param name="FileBytes">Of all versions of all documents, deleted ones too.</param>
    /// <param name="Chunks">Passages that search finds.</param>
    /// <param name="MonthCostUsd">What its calls to models cost since the first of this month, by UTC. In dollars.</param>
    /// <param name="MonthCapUsd">The lowest cap on the whole of it for a month, whoever set it; left out where there is none.</param>
    /// <param name="LastSeenAt">When somebody of it was last there; some minutes old. Null for nobody in the last week.</param>
    public sealed record TenantSize(
        Guid TenantId,
        string Name,
        string Plan,
        [property: OneOf("TenantStatus", Active, Suspended, Erasing)] string Status,
        DateTimeOffset CreatedAt,
        long Members,
        long Documents,
        long FileBytes,
        long Chunks,
        DateTimeOffset? LastSeenAt,
        decimal MonthCostUsd,
        decimal? MonthCapUsd
    );

    private sealed record Row(
        Guid TenantId,
        string Name,
        string Plan,
        string Status,
        DateTimeOffset CreatedAt,
        long Members,
        long Documents,
        long FileBytes,
        long Chunks,
        DateTimeOffset? LastSeenAt
    );

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/tenants").WithTags("Operator").RequireOperator();
        routes
            .MapGet("", ListAsync)
            .WithName("ListTenants")
            .WithSummary("All organisations with their sizes and states")
            .WithDescription("For an operator's token. Oldest first. It tells nothing that is in an organisation.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapPost("/{id:guid}/suspend", SuspendAsync)
            .Audited("organization.suspended")
            .WithName("SuspendTenant")
            .WithSummary("Suspend an organisation: its people, keys and streams stop at once, and its work waits")
            .WithDescription(
                "On all servers within two seconds, within thirty while Redis is gone. Nothing of it is deleted."
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPost("/{id:guid}/resume", ResumeAsync)
            .Audited("organization.resumed")
            .WithName("ResumeTenant")
            .WithSummary("Let a suspended organisation go on")
            .WithDescription("Sign-ins and keys that did not end meanwhile count again.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<TenantSize>>, ProblemHttpResult>> ListAsync(
        Doors doors,
        ITenantSpending spending,
        CancellationToken cancellationToken,
        [
            StringLength(LongestQuery),
            Description("Only organisations whose name has this in it, or the one with this id.")
        ]
            string? q = null,
        [Range(1, 100), Description("Most organisations to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        if (q?.Contains('\0', StringComparison.Ordinal) is true)
        {
            return Problem.Invalid("q", "The character NUL is no text.");
        }

        var wanted = string.IsNullOrWhiteSpace(q) ? null : q.Trim();
        var rows = await doors.QueryAsync<Row>(
            ListSql,
            new
            {
                after,
                most = limit + 1,
                q = wanted,
            },
            cancellationToken
        );
        var spent = await spending.OfAsync([.. rows.Select(row => row.TenantId)], cancellationToken);
        return TypedResults.Ok(
            Listing.Of(rows, limit, row => ViewOf(row, spent.GetValueOrDefault(row.TenantId)), row => row.TenantId)
        );
    }

    private static TenantSize ViewOf(Row row, TenantSpending? spent) =>
        new(
            row.TenantId,
            row.Name,
            row.Plan,
            row.Status,
            row.CreatedAt,
            row.Members,
            row.Documents,
            row.FileBytes,
            row.Chunks,
            row.LastSeenAt,
            spent?.CostUsd ?? 0,
            spent?.CapUsd
        );

    private static Task<Results<NoContent, ProblemHttpResult>> SuspendAsync(
        Guid id,
        Doors doors,
        Revocations revocations,
        CancellationToken cancellationToken
    ) => SetAsync(id, Suspended, doors, revocations, cancellationToken);

    private static Task<Results<NoContent, ProblemHttpResult>> ResumeAsync(
        Guid id,
        Doors doors,
        Revocations revocations,
        CancellationToken cancellationToken
    ) => SetAsync(id, Active, doors, revocations, cancellationToken);

    private static async Task<Results<NoContent, ProblemHttpResult>> SetAsync(
        Guid id,
        string status,
        Doors doors,
        Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        if (!(await doors.QueryAsync<bool>(SetStatusSql, new { id, status }, cancellationToken)).Single())
        {
            return Problem.NotFound("organization");
        }

        await revocations.TenantAsync(id);
        return TypedResults.NoContent();
    }
}
