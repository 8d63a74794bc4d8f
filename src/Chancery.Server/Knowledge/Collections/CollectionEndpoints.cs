using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Collections;

/// <summary><c>/api/v1/collections</c>: named sets of documents; each document is in exactly one.</summary>
internal static class CollectionEndpoints
{
    public sealed record ListResponse(IReadOnlyList<CollectionView> Items, string? NextCursor);

    public sealed record CreateRequest(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [StringLength(1000)] string? Description = null
    );

    /// <summary>What is absent stays as it is.</summary>
    public sealed record ChangeRequest(
        [StringLength(100, MinimumLength = 1)] string? Name = null,
        [StringLength(1000)] string? Description = null
    );

    private static readonly Dictionary<string, string> AnyCollection = new() { ["id"] = "collection" };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/collections", ListAsync)
            .WithName("ListCollections")
            .WithDescription("In alphabetical order, each with the number of its documents.")
            .WithSummary("List collections, newest first")
            .WithExample(new RouteExample { ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem();
        routes
            .MapPost("/collections", CreateAsync)
            .Audited("collection.created")
            .WithName("CreateCollection")
            .TakesIdempotencyKey()
            .WithDescription("A name is unique in the organisation.")
            .WithSummary("Make a collection")
            .WithExample(new RouteExample { Body = """{"name":"{unique}"}""" })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapGet("/collections/{id:guid}", GetAsync)
            .WithName("GetCollection")
            .WithDescription("Its name, and how many documents are in it.")
            .WithSummary("Show a collection")
            .WithExample(new RouteExample { Path = AnyCollection, ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPatch("/collections/{id:guid}", ChangeAsync)
            .Audited("collection.changed")
            .WithName("ChangeCollection")
            .WithDescription("What is left out stays as it is.")
            .WithSummary("Rename or describe a collection")
            .WithExample(new RouteExample { Path = AnyCollection, Body = """{"description":"{unique}"}""" })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapDelete("/collections/{id:guid}", DeleteAsync)
            .Audited("collection.deleted")
            .WithName("DeleteCollection")
            .WithDescription("Its documents go to the default collection, which cannot be deleted itself.")
            .WithSummary("Delete a collection; its documents go to the default one")
            .WithExample(new RouteExample { Path = AnyCollection })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        CollectionStore collections,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 50,
        string? cursor = null
    )
    {
        if (!Cursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await collections.ListAsync(principal, after, limit, cancellationToken);
        var items = found.Take(limit).ToArray();
        var next = found.Count > limit ? new Cursor(items[^1].CreatedAt, items[^1].Id).ToString() : null;
        return TypedResults.Ok(new ListResponse(items, next));
    }

    private static async Task<Results<Created<CollectionView>, ProblemHttpResult>> CreateAsync(
        CreateRequest request,
        Principal principal,
        CollectionStore collections,
        CancellationToken cancellationToken
    )
    {
        var name = FileNames.CleanText(request.Name);
        if (name.Length == 0)
        {
            return NeedsName();
        }

        var description = FileNames.CleanText(request.Description ?? "");
        return await collections.CreateAsync(principal, name, description, cancellationToken) switch
        {
            CollectionOutcome.Done done => TypedResults.Created(
                $"/api/v1/collections/{done.Collection.Id}",
                done.Collection
            ),
            var other => ProblemOf(other),
        };
    }

    private static async Task<Results<Ok<CollectionView>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        CollectionStore collections,
        CancellationToken cancellationToken
    ) =>
        await collections.FindAsync(principal, id, cancellationToken) is { } collection
            ? TypedResults.Ok(collection)
            : Problem.NotFound("collection");

    private static async Task<Results<Ok<CollectionView>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        CollectionStore collections,
        CancellationToken cancellationToken
    )
    {
        var name = request.Name is null ? null : FileNames.CleanText(request.Name);
        if (name is { Length: 0 })
        {
            return NeedsName();
        }

        var description = request.Description is null ? null : FileNames.CleanText(request.Description);
        return await collections.ChangeAsync(principal, id, name, description, cancellationToken) switch
        {
            CollectionOutcome.Done done => TypedResults.Ok(done.Collection),
            var other => ProblemOf(other),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        CollectionStore collections,
        CancellationToken cancellationToken
    ) =>
        await collections.DeleteAsync(principal, id, cancellationToken) switch
        {
            CollectionOutcome.Deleted => TypedResults.NoContent(),
            var other => ProblemOf(other),
        };

    private static ProblemHttpResult NeedsName() =>
        Problem.Invalid("name", "A name has at least one visible character.");

    private static ProblemHttpResult ProblemOf(CollectionOutcome outcome) =>
        outcome switch
        {
            CollectionOutcome.NotFound => Problem.NotFound("collection"),
            CollectionOutcome.NameTaken => Problem.Conflict(
                "name-taken",
                "There is a collection of this name",
                "Choose another name."
            ),
            CollectionOutcome.IsDefault => Problem.Conflict(
                "default-collection",
                "The default collection cannot be deleted",
                "Delete or move its documents instead."
            ),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
}
