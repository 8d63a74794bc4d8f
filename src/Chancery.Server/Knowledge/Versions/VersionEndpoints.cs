using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Chancery.Server.Knowledge.Versions;

/// <summary><c>/api/v1/docs/{id}/versions</c>: the versions, their files, the text of their pages.</summary>
internal static class VersionEndpoints
{
    public sealed record ListResponse(IReadOnlyList<VersionView> Items, string? NextCursor);

    private static readonly Dictionary<string, string> AnyDocument = new() { ["id"] = "document" };

    private static readonly Dictionary<string, string> AnyVersion = new(AnyDocument) { ["version"] = "1" };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/docs/{id:guid}/versions", ListAsync)
            .WithName("ListVersions")
            .WithDescription("Each upload of other content made one. Search uses the newest that is ready.")
            .WithSummary("List the versions of a document, newest first")
            .WithExample(new RouteExample { Path = AnyDocument, ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapGet("/docs/{id:guid}/versions/{version:int}/content", ContentAsync)
            .WithName("DownloadVersion")
            .WithDescription(
                "The bytes that were uploaded, under their name and kind. Parts by `Range`, `If-None-Match` by "
                    + "`ETag`."
            )
            .WithSummary("Download the file of a version; takes Range and If-None-Match")
            .WithExample(new RouteExample { Path = AnyVersion, ShowsContent = true })
            .RequirePermission(Permission.DocumentsRead)
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .Produces<Stream>(StatusCodes.Status206PartialContent, contentType: "application/octet-stream")
            .Produces(StatusCodes.Status304NotModified)
            .Produces(StatusCodes.Status416RangeNotSatisfiable)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapGet("/docs/{id:guid}/versions/{version:int}/pages/{page:int}", PageAsync)
            .WithName("GetPage")
            .WithDescription("The text of one page, as citations count its characters, in UTF-16 units.")
            .WithSummary("Show the text of a page, as citations count its characters")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string>(AnyVersion) { ["page"] = "1" },
                    ShowsContent = true,
                }
            )
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        VersionStore versions,
        CancellationToken cancellationToken,
        [Range(1, 1000)] int limit = 1000,
        string? cursor = null
    )
    {
        int? before = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            if (!int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            {
                return Problem.Invalid("cursor", "Use next_cursor of the page before.");
            }

            before = version;
        }

        var found = await versions.ListAsync(principal, id, before, limit, cancellationToken);
        if (found.Count == 0)
        {
            return Problem.NotFound("document");
        }

        var items = found.Take(limit).ToArray();
        var next = found.Count > limit ? items[^1].Version.ToString(CultureInfo.InvariantCulture) : null;
        return TypedResults.Ok(new ListResponse(items, next));
    }

    private static async Task<Results<FileStreamHttpResult, ProblemHttpResult>> ContentAsync(
        Guid id,
        int version,
        HttpResponse response,
        Principal principal,
        VersionStore versions,
        BlobStore blobs,
        CancellationToken cancellationToken
    )
    {
        if (await versions.FileAsync(principal, id, version, cancellationToken) is not { } file)
        {
            return Problem.NotFound("version");
        }

        var content = await blobs.OpenAsync(principal.Tenant, file.BlobSha256, cancellationToken);
        // Whatever somebody uploaded, nothing of it may run as a page of ours.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        response.Headers.CacheControl = "private, no-cache";
        return TypedResults.Stream(
            content,
            file.MediaType,
            file.FileName,
            file.UploadedAt,
            new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(file.BlobSha256)}\""),
            enableRangeProcessing: true
        );
    }

    private static async Task<Results<Ok<PageView>, ProblemHttpResult>> PageAsync(
        Guid id,
        int version,
        int page,
        Principal principal,
        VersionStore versions,
        CancellationToken cancellationToken
    ) =>
        await versions.PageAsync(principal, id, version, page, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : Problem.NotFound("page");
}
