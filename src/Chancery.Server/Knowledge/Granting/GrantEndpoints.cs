using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access;
using Chancery.Server.Access.Lists;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Granting;

/// <summary><c>/api/v1/docs/{id}/access</c> and the same of collections: who may read them, and why.</summary>
internal static class GrantEndpoints
{
    private const int MostReaders = 500;

    /// <param name="Readers">
    /// Members, groups, service accounts and keys, by their ids. None: nobody but owners and admins.
    /// </param>
    public sealed record Request([Required, MaxLength(MostReaders)] Guid[] Readers);

    /// <param name="Items">By id.</param>
    public sealed record ReadersResponse(IReadOnlyList<EffectiveReader> Items, string? NextCursor);

    public static void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, GrantTarget.Document, "/docs", "document", "Document");
        Map(routes, GrantTarget.Collection, "/collections", "collection", "Collection");
    }

    private static void Map(IEndpointRouteBuilder routes, GrantTarget target, string at, string what, string name)
    {
        var group = routes
            .MapGroup(at + "/{id:guid}")
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound);
        var one = new RouteExample { Path = new Dictionary<string, string> { ["id"] = what } };
        group
            .MapGet(
                "/access",
                (Guid id, Principal principal, GrantStore grants, CancellationToken cancellationToken) =>
                    GetAsync(target, what, id, principal, grants, cancellationToken)
            )
            .WithName($"Get{name}Access")
            .WithSummary($"Whose list decides who may read a {what}, and whom it names")
            .WithDescription(
                "A document with a list of its own is read by those whom that names; one without, by those whom its "
                    + "collection's names; without either, by everybody in the organisation. Owners and admins read everything."
            )
            .WithExample(one);
        group
            .MapPut(
                "/access",
                (
                    Guid id,
                    Request request,
                    Principal principal,
                    GrantStore grants,
                    CancellationToken cancellationToken
                ) => SetAsync(target, what, id, request.Readers, principal, grants, cancellationToken)
            )
            .WithName($"Set{name}Access")
            .Audited($"{what}.readers_set")
            .WithSummary($"Let only these read a {what}")
            .WithDescription(
                "From the next request on, in lists, search, answers and citations, on all servers. Whoever is neither owner nor "
                    + "admin cannot leave themselves out."
            )
            .WithExample(one with { Body = """{"readers": ["{member}"]}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapDelete(
                "/access",
                (Guid id, Principal principal, GrantStore grants, CancellationToken cancellationToken) =>
                    SetAsync(target, what, id, null, principal, grants, cancellationToken)
            )
            .WithName($"Clear{name}Access")
            .Audited($"{what}.readers_cleared")
            .WithSummary($"Take the list of a {what} away")
            .WithDescription(
                target == GrantTarget.Document
                    ? "Its collection's list counts then; without one everybody may read it."
                    : "Everybody may read its documents then, but for those that have lists of their own."
            )
            .WithExample(one)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapGet(
                "/readers",
                (
                    Guid id,
                    Principal principal,
                    GrantStore grants,
                    CancellationToken cancellationToken,
                    [Range(1, 100)] int limit = 50,
                    Guid? cursor = null
                ) => ReadersAsync(target, what, id, principal, grants, limit, cursor, cancellationToken)
            )
            .WithName($"List{name}Readers")
            .WithSummary($"Who may read a {what}, and why")
            .WithDescription(
                "People and service accounts one by one, also those who may through a group; and keys that are named."
            )
            .WithExample(one with { Query = "limit=50" })
            .ProducesValidationProblem();
    }

    private static async Task<Results<Ok<AccessView>, ProblemHttpResult>> GetAsync(
        GrantTarget target,
        string what,
        Guid id,
        Principal principal,
        GrantStore grants,
        CancellationToken cancellationToken
    ) =>
        await grants.FindAsync(principal, target, id, cancellationToken) is { } access
            ? TypedResults.Ok(access)
            : Problem.NotFound(what);

    private static async Task<Results<Ok<AccessView>, ProblemHttpResult>> SetAsync(
        GrantTarget target,
        string what,
        Guid id,
        Guid[]? readers,
        Principal principal,
        GrantStore grants,
        CancellationToken cancellationToken
    ) =>
        await grants.SetAsync(principal, target, id, readers?.Distinct().ToArray(), cancellationToken) switch
        {
            GrantOutcome.Done done => TypedResults.Ok(done.Access),
            GrantOutcome.NotFound => Problem.NotFound(what),
            GrantOutcome.UnknownReader => Problem.NotFound("member, group, service account or key"),
            GrantOutcome.LocksOut => Problem.Conflict(
                "locks-you-out",
                "You could not read it any more",
                "Name yourself or a group that you are in, or ask an admin to set the list."
            ),
            GrantOutcome.IsDefault => Problem.Conflict(
                "default-collection-open",
                "The default collection is open to everybody",
                "Move its documents to another collection, or give them lists of their own."
            ),
            var other => throw new UnreachableException($"Unhandled outcome {other}."),
        };

    private static async Task<Results<Ok<ReadersResponse>, ProblemHttpResult>> ReadersAsync(
        GrantTarget target,
        string what,
        Guid id,
        Principal principal,
        GrantStore grants,
        int limit,
        Guid? cursor,
        CancellationToken cancellationToken
    )
    {
        // One more than asked tells whether there is another page.
        if (await grants.ReadersAsync(principal, target, id, cursor, limit + 1, cancellationToken) is not { } found)
        {
            return Problem.NotFound(what);
        }

        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(new ReadersResponse(items, found.Count > limit ? items[^1].Id.ToString() : null));
    }
}
