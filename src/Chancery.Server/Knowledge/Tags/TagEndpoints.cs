using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Tags;

/// <summary><c>/api/v1/tags</c>: which tags there are; rename one, or take one off all documents.</summary>
internal static class TagEndpoints
{
    public sealed record ListResponse(IReadOnlyList<TagView> Items, string? NextCursor);

    public sealed record RenameRequest(
        [Required, StringLength(TagNames.MaxLength, MinimumLength = 1)] string From,
        [Required, StringLength(TagNames.MaxLength, MinimumLength = 1)] string To
    );

    /// <param name="Documents">How many documents were changed.</param>
    public sealed record RenameResponse(int Documents);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/tags", ListAsync)
            .WithName("ListTags")
            .WithDescription("In alphabetical order.")
            .WithSummary("List the tags and how many documents have each")
            .WithExample(new RouteExample { ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem();
        routes
            .MapPost("/tags/rename", RenameAsync)
            .Audited("tag.renamed")
            .WithName("RenameTag")
            .WithDescription(
                "On all documents that have it, in one step. Where the new name exists the two become one."
            )
            .WithSummary("Rename a tag on all documents; an existing name joins the two")
            .WithExample(new RouteExample { Body = """{"from":"canary","to":"canary"}""" })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/tags/{tag}", RemoveAsync)
            .Audited("tag.removed")
            .WithName("RemoveTag")
            .WithDescription("Off all documents that have it; the documents stay.")
            .WithSummary("Take a tag off all documents")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["tag"] = "canary" } })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        TagStore tags,
        CancellationToken cancellationToken,
        [Range(1, 1000)] int limit = 1000,
        string? cursor = null
    )
    {
        if (!NameCursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await tags.ListAsync(principal, after, limit, cancellationToken);
        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(new ListResponse(items, found.Count > limit ? NameCursor.Of(items[^1].Tag) : null));
    }

    private static async Task<Results<Ok<RenameResponse>, ProblemHttpResult>> RenameAsync(
        RenameRequest request,
        Principal principal,
        TagStore tags,
        CancellationToken cancellationToken
    )
    {
        var (clean, error) = TagNames.Clean([request.To]);
        if (error is not null || clean.Length == 0)
        {
            return Problem.Invalid("to", error ?? "A tag has at least one visible character.");
        }

        var changed = await tags.RenameAsync(principal, request.From, clean[0], cancellationToken);
        return changed == 0 ? Problem.NotFound("tag") : TypedResults.Ok(new RenameResponse(changed));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        [Description("The tag, as it is written.")] string tag,
        Principal principal,
        TagStore tags,
        CancellationToken cancellationToken
    )
    {
        var removed = await tags.RemoveAsync(principal, tag, cancellationToken);
        if (removed == 0 && tag.Contains("%2F", StringComparison.OrdinalIgnoreCase))
        {
            // The one character that routing leaves encoded, so that it does not end a segment.
            var whole = tag.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
            removed = await tags.RemoveAsync(principal, whole, cancellationToken);
        }

        return removed == 0 ? Problem.NotFound("tag") : TypedResults.NoContent();
    }
}
