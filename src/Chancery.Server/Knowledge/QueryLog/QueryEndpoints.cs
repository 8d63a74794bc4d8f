using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary><c>/api/v1/queries</c>: what was searched for, and what was found.</summary>
internal static class QueryEndpoints
{
    private const string WhoSees =
        "Yours only. With `all` those of everybody in your organisation: that takes the permission "
        + $"`{Permission.OrganizationManage}`, which owners and admins have.";

    private static readonly RouteExample OneQuery = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "query" },
    };

    /// <param name="Results">Best first, as they were found then.</param>
    public sealed record QueryDetail(QueryView Query, IReadOnlyList<FoundThen> Results);

    /// <param name="Deleted">How many there were.</param>
    public sealed record Deletion(int Deleted);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/queries", ListAsync)
            .WithName("ListQueries")
            .WithDescription(
                $"{WhoSees} Searches are written down unless the operator or your organisation switched that off "
                    + "(`PATCH /api/v1/organization`). Questions of conversations are not among them."
            )
            .WithSummary("List queries that were searched for, the newest first")
            .WithExample(new RouteExample { Query = "limit=10" })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem();
        routes
            .MapGet("/queries/{id:guid}", GetAsync)
            .WithName("GetQuery")
            .WithDescription("Yours; owners and admins read everybody's.")
            .WithSummary("Read one query with what it found")
            .WithExample(OneQuery with { ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/queries/{id:guid}", DeleteAsync)
            .Audited("query.erased")
            .WithName("DeleteQuery")
            .WithDescription("Yours; owners and admins delete everybody's. For good.")
            .WithSummary("Delete one query from the log")
            .WithExample(OneQuery)
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/queries", DeleteAllAsync)
            .Audited("query.erased_all")
            .WithName("DeleteQueries")
            .WithDescription(WhoSees + " For good.")
            .WithSummary("Delete all queries from the log")
            .WithExample(new RouteExample())
            .RequirePermission(Permission.DocumentsRead);
    }

    private static async Task<Results<Ok<Listing<QueryView>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        QueryStore store,
        QueryRecorder recorder,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null,
        [StringLength(200), Description("Only queries in which this stands.")] string? q = null,
        [Description("Of everybody in your organisation.")] bool all = false,
        [FromQuery(Name = "user_id"), Description("With `all`: only of this person, and of keys that they made.")]
            Guid? userId = null,
        [Description("Asked then or later.")] DateTimeOffset? from = null,
        [Description("Asked before.")] DateTimeOffset? to = null,
        [
            OneOf("SearchEngine", SearchEngines.Memory, SearchEngines.Postgres),
            Description("Only queries that this engine answered.")
        ]
            string? engine = null,
        [
            OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical),
            Description("Only queries that were searched in this way.")
        ]
            string? mode = null,
        [FromQuery(Name = "no_hits"), Description("Only queries that found nothing.")] bool noHits = false
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (from >= to)
        {
            return Problem.Invalid("to", "It must be later than from.");
        }

        if (engine is not null && !SearchEngines.Has(engine))
        {
            return Problem.Invalid("engine", $"It is {SearchEngines.Memory} or {SearchEngines.Postgres}.");
        }

        if (mode is not null && !PassageResults.HasMode(mode))
        {
            return Problem.Invalid("mode", $"It is {PassageResults.Hybrid} or {PassageResults.Lexical}.");
        }

        if (all && !principal.May(Permission.OrganizationManage))
        {
            return Problem.Forbidden(Permission.OrganizationManage);
        }

        await recorder.FlushAsync(cancellationToken);
        var rows = await store.ListAsync(
            new QueryScope(principal, all, userId),
            new QueryFilter(string.IsNullOrWhiteSpace(q) ? null : q.Trim(), from, to, engine, mode, noHits),
            after,
            limit + 1,
            cancellationToken
        );
        return TypedResults.Ok(Listing.Of(rows, limit, row => row.View, row => row.QueryId));
    }

    private static async Task<Results<Ok<QueryDetail>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        QueryStore store,
        CancellationToken cancellationToken
    ) =>
        await store.FindAsync(ScopeOf(principal), id, cancellationToken) is var (row, titles)
            ? TypedResults.Ok(new QueryDetail(row.View, Then(row, titles)))
            : Problem.NotFound("query");

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        QueryStore store,
        CancellationToken cancellationToken
    ) =>
        await store.DeleteAsync(ScopeOf(principal), id, cancellationToken) > 0
            ? TypedResults.NoContent()
            : Problem.NotFound("query");

    private static async Task<Results<Ok<Deletion>, ProblemHttpResult>> DeleteAllAsync(
        Principal principal,
        QueryStore store,
        QueryRecorder recorder,
        CancellationToken cancellationToken,
        [Description("Of everybody in your organisation.")] bool all = false,
        [FromQuery(Name = "user_id"), Description("With `all`: only of this person, and of keys that they made.")]
            Guid? userId = null
    )
    {
        if (all && !principal.May(Permission.OrganizationManage))
        {
            return Problem.Forbidden(Permission.OrganizationManage);
        }

        // What was asked before this call is not to come back after it.
        await recorder.FlushAsync(cancellationToken);
        var scope = new QueryScope(principal, all, userId);
        return TypedResults.Ok(new Deletion(await store.DeleteAsync(scope, null, cancellationToken)));
    }

    /// <summary>Of one query: whoever may see everybody's may see it.</summary>
    internal static QueryScope ScopeOf(Principal principal) =>
        new(principal, principal.May(Permission.OrganizationManage));

    internal static IReadOnlyList<FoundThen> Then(QueryStore.QueryRow row, IReadOnlyDictionary<Guid, string> titles) =>
        [
            .. row.Found.Select(
                (passage, place) =>
                    new FoundThen(
                        place + 1,
                        passage.ChunkId,
                        passage.DocumentId,
                        passage.Page,
                        passage.Score,
                        titles.GetValueOrDefault(passage.DocumentId)
                    )
            ),
        ];
}
