using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Upload;

/// <summary><c>POST /api/v1/docs</c>: a file becomes a document; it is read in the background.</summary>
/// <remarks>
/// Multipart form data: <c>file</c>, and optionally <c>title</c>, <c>tags</c> (separated by commas, repeatable),
/// <c>collection_id</c>, <c>process</c> (false stores the file and waits for <c>POST …/process</c>).
/// </remarks>
internal static class UploadEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/docs", HandleAsync)
            .WithCost(RouteCost.Costly)
            .Audited("document.uploaded")
            .WithName("UploadDocument")
            .TakesIdempotencyKey()
            .WithDescription(
                "Multipart form data: `file`, and optionally `title`, `tags`, `collection_id` and `process`. The "
                    + "kind of file is decided by its content. The answer comes as soon as the file is stored; it is "
                    + "read in the background, and `GET /api/v1/docs/{id}/events` tells how far it has come."
            )
            .WithSummary("Upload a PDF, Markdown or text file as a new document")
            .WithExample(new RouteExample { File = "# {unique}\n\nA document.", ShowsContent = false })
            .RequirePermission(Permission.DocumentsWrite)
            .DescribesUpload()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);

    private static async Task<Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> HandleAsync(
        HttpRequest request,
        Principal principal,
        UploadForm form,
        UploadStore store,
        CancellationToken cancellationToken
    )
    {
        var (file, problem) = await form.ReceiveAsync(request, principal.Tenant, cancellationToken);
        return problem is not null
            ? problem
            : UploadAnswers.Of(await store.CreateAsync(principal, file!, cancellationToken));
    }
}
