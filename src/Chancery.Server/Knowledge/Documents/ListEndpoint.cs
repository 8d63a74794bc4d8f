using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Knowledge.Documents;

/// <summary><c>GET /api/v1/docs</c>: documents by filter and order, page by page; and how many there are of each kind.</summary>
internal static class ListEndpoint
{
    /// <param name="Total">How many match on all pages, up to 100,000; on the first page only.</param>
    public sealed record ListResponse(IReadOnlyList<DocumentView> Items, string? NextCursor, int? Total);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/docs", ListAsync)
            .WithName("ListDocuments")
            .WithSummary("List documents")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem();
        routes
            .MapGet("/docs/counts", CountAsync)
            .WithName("CountDocuments")
            .WithSummary("Count documents by state and type")
            .WithExample(new RouteExample())
            .RequirePermission(Permission.DocumentsRead);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        DocumentListStore documents,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 50,
        string? cursor = null,
        [OneOf(typeof(DocumentSort)), Description("The order.")] string sort = DocumentSort.Newest,
        [StringLength(TagNames.MaxLength), Description("Only documents with this tag.")] string? tag = null,
        [
            OneOf(
                "ListedState",
                VersionState.Stored,
                VersionState.Fetching,
                VersionState.Queued,
                VersionState.Reading,
                VersionState.Cutting,
                VersionState.Embedding,
                VersionState.Ready,
                VersionState.Failed,
                DocumentFilter.Working
            ),
            Description("Only documents whose latest version is in this state; working is all that pass by themselves.")
        ]
            string? state = null,
        [StringLength(200), Description("Part of the title or of the file's name.")] string? q = null,
        [StringLength(200), Description("Only files of this media type.")] string? type = null,
        [FromQuery(Name = "collection_id"), Description("Only documents of this collection.")]
            Guid? collectionId = null,
        [Description("Uploaded then or later.")] DateTimeOffset? from = null,
        [Description("Uploaded before.")] DateTimeOffset? to = null,
        [Description("Only these documents; repeatable, at most 200.")] Guid[]? id = null,
        [Description("Deleted documents instead of the others.")] bool deleted = false
    )
    {
        if (!DocumentSort.All.Contains(sort))
        {
            return Problem.Invalid("sort", $"It is one of {string.Join(", ", DocumentSort.All)}.");
        }

        if (!DocumentCursor.TryParse(cursor, sort, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before, with the same sort.");
        }

        if (state is not null && !DocumentFilter.IsState(state))
        {
            var states = string.Join(", ", VersionState.All.Append(DocumentFilter.Working));
            return Problem.Invalid("state", $"It is one of {states}.");
        }

        if (id?.Length > DocumentFilter.MaxIds)
        {
            return Problem.Invalid("id", $"At most {DocumentFilter.MaxIds} at a time.");
        }

        var filter = new DocumentFilter
        {
            Tag = string.IsNullOrEmpty(tag) ? null : tag,
            State = state,
            Text = string.IsNullOrWhiteSpace(q) ? null : FileNames.CleanText(q),
            Type = string.IsNullOrEmpty(type) ? null : type,
            CollectionId = collectionId,
            From = from,
            To = to,
            Ids = id is { Length: > 0 } ? id : null,
            Deleted = deleted,
        };
        var found = await documents.ListAsync(principal, filter, sort, after, limit, cancellationToken);
        var items = found.Documents.Take(limit).ToArray();
        var next =
            found.Documents.Count > limit
                ? new DocumentCursor(sort, DocumentSort.KeyOf(sort, items[^1]), items[^1].Id).ToString()
                : null;
        return TypedResults.Ok(new ListResponse(items, next, found.Total));
    }

    private static async Task<Ok<DocumentCounts>> CountAsync(
        Principal principal,
        DocumentListStore documents,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(await documents.CountAsync(principal, cancellationToken));
}
