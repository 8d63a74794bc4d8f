using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Upload;
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

    /// <param name="sort">newest, oldest, changed, title, title_desc or largest.</param>
    /// <param name="tag">Only documents with this tag.</param>
    /// <param name="state">Only documents whose latest version is in this state; working is all that pass by themselves.</param>
    /// <param name="q">Part of the title or of the file's name.</param>
    /// <param name="type">Only files of this media type.</param>
    /// <param name="from">Uploaded then or later.</param>
    /// <param name="to">Uploaded before.</param>
    /// <param name="id">Only these documents; repeatable, at most 200.</param>
    /// <param name="deleted">Deleted documents instead of the others.</param>
    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        DocumentListStore documents,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 50,
        string? cursor = null,
        string sort = DocumentSort.Newest,
        [StringLength(TagNames.MaxLength)] string? tag = null,
        string? state = null,
        [StringLength(200)] string? q = null,
        [StringLength(200)] string? type = null,
        [FromQuery(Name = "collection_id")] Guid? collectionId = null,
        DateTimeOffset? from = null,
        DateTimeOffset? to = null,
        Guid[]? id = null,
        bool deleted = false
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
