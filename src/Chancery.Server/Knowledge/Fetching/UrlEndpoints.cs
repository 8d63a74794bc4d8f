using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Fetching;

/// <summary>
/// <c>POST /api/v1/docs/url</c>: what is at an address becomes a document; <c>POST /api/v1/docs/{id}/refetch</c> asks the
/// address again. Both answer at once; the fetch is background work, whose state the document shows.
/// </summary>
internal static class UrlEndpoints
{
    /// <param name="Url">Begins with http:// or https://; a public server.</param>
    /// <param name="Title">Up to 300 characters; else the file's own.</param>
    /// <param name="Tags">At most 50.</param>
    /// <param name="CollectionId">Where the document goes; else the default collection.</param>
    /// <param name="Process">False fetches and stores the file, and waits for <c>POST …/process</c>.</param>
    public sealed record Request(
        [Required, StringLength(GuardedAddress.MaxLength, MinimumLength = 1)] string Url,
        [StringLength(DocumentText.MaxTitle)] string? Title = null,
        string[]? Tags = null,
        Guid? CollectionId = null,
        bool Process = true
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/docs/url", FetchAsync)
            .WithCost(RouteCost.Costly)
            .Audited("document.fetched")
            .WithName("FetchDocument")
            .TakesIdempotencyKey()
            .WithSummary("Fetch a file from an address on the web as a new document")
            // A name that no server ever has.
            .WithExample(
                new RouteExample { Body = """{"url":"https://docs.example/{unique}.pdf","tags":["{unique}"]}""" }
            )
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPost("/docs/{id:guid}/refetch", RefetchAsync)
            .WithCost(RouteCost.Costly)
            .Audited("document.refetched")
            .WithName("RefetchDocument")
            .TakesIdempotencyKey()
            .WithSummary("Ask a document's address again; a changed file becomes a new version")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "fetched" } })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> FetchAsync(
        Request request,
        Principal principal,
        GuardedHttp http,
        FetchStore store,
        CancellationToken cancellationToken
    )
    {
        var (address, failure) = http.Rules.Check(request.Url.Trim());
        if (address is null)
        {
            return Problem.Invalid("url", FetchFailure.Of(failure!.Value, 0).Reason);
        }

        var (tags, error) = TagNames.Clean(request.Tags ?? []);
        if (error is not null)
        {
            return Problem.Invalid("tags", error);
        }

        var title = FileNames.CleanText(request.Title ?? "");
        var source = new NewSource(
            address,
            FetchedContent.NameOf(address, null),
            title.Length == 0 ? null : title,
            tags,
            request.CollectionId,
            request.Process
        );
        return UploadAnswers.Of(await store.CreateAsync(principal, source, cancellationToken));
    }

    private static async Task<Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> RefetchAsync(
        Guid id,
        Principal principal,
        FetchStore store,
        CancellationToken cancellationToken
    ) => UploadAnswers.Of(await store.RefetchAsync(principal, id, cancellationToken));
}
