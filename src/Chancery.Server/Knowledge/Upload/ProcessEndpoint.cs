using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>
/// <c>POST /api/v1/docs/{id}/process</c>: starts what was deferred at upload, tries again what failed (a fetch, too), and has
/// passages without a vector asked for at once, not when the server would do it. A document in process is left as it is.
/// <c>DELETE</c> stops it: pages that are read stay, and the next start goes on from there.
/// </summary>
internal static class ProcessEndpoint
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/docs/{id:guid}/process", HandleAsync)
            .WithCost(RouteCost.Costly)
            .Audited("document.processing_started")
            .WithName("ProcessDocument")
            .TakesIdempotencyKey()
            .WithDescription(
                "Starts what was deferred or stopped, tries again what failed, and gives what is ready the "
                    + "vectors that it lacks where there is an embedding model now. A document in process is left as it "
                    + "is."
            )
            .WithSummary("Process a deferred document, or try a failed one again")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "deferred" } })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapDelete("/docs/{id:guid}/process", StopAsync)
            .Audited("document.processing_stopped")
            .WithName("StopProcessing")
            .WithSummary("Stop processing a document")
            .WithDescription(
                "Queued or running work on the latest version ends within seconds, and the version is `stored` again. Pages "
                    + "that are read stay, and `POST` goes on from there. Search goes on with the version that it used. A "
                    + "document that is not in process is left as it is."
            )
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "document" } })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        UploadStore store,
        CancellationToken cancellationToken
    ) => UploadAnswers.Of(await store.ProcessAsync(principal, id, cancellationToken));

    private static async Task<Results<Ok<DocumentView>, ProblemHttpResult>> StopAsync(
        Guid id,
        Principal principal,
        UploadStore store,
        ProgressBoard board,
        CancellationToken cancellationToken
    )
    {
        if (await store.StopAsync(principal, id, cancellationToken) is not UploadOutcome.Unchanged stopped)
        {
            return Problem.NotFound("document");
        }

        await board.TellAsync(principal.Tenant, id);
        return TypedResults.Ok(stopped.Document);
    }
}
