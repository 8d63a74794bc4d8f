using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>
/// <c>PUT /api/v1/docs/{id}</c>: a new version of a document. The old one stays what search uses until the new one is
/// ready. The same content as the latest version answers 200 and makes none. A title, tags or a collection that come
/// with the file take the place of the document's.
/// </summary>
internal static class ReplaceEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPut("/docs/{id:guid}", HandleAsync)
            .WithCost(RouteCost.Costly)
            .Audited("document.replaced")
            .WithName("ReplaceDocument")
            .TakesIdempotencyKey()
            .WithDescription(
                "The old version stays what search uses until the new one is ready. The same content as the "
                    + "latest version answers 200 and makes none. A title, tags or a collection that come with the file "
                    + "take the place of the document's."
            )
            .WithSummary("Upload a new version of a document")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "document" },
                    File = "# {unique}\n\nA new version.",
                }
            )
            .RequirePermission(Permission.DocumentsWrite)
            .DescribesUpload()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);

    private static async Task<Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> HandleAsync(
        Guid id,
        HttpRequest request,
        Principal principal,
        UploadForm form,
        UploadStore store,
        DocumentStore documents,
        CancellationToken cancellationToken
    )
    {
        // Before the file is taken in, so that nobody uploads megabytes to learn that there is no such document.
        switch (await documents.FindAsync(principal, id, cancellationToken))
        {
            case null:
                return UploadAnswers.Of(new UploadOutcome.NotFound());
            case { DeletedAt: not null }:
                return UploadAnswers.Of(new UploadOutcome.IsDeleted());
        }

        var (file, problem) = await form.ReceiveAsync(request, principal.Tenant, cancellationToken);
        return problem is not null
            ? problem
            : UploadAnswers.Of(await store.ReplaceAsync(principal, id, file!, cancellationToken));
    }
}
