using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>
/// <c>POST /api/v1/docs/{id}/process</c>: starts what was deferred at upload, tries again what failed (a fetch, too), and has
/// passages without a vector asked for at once, not when the server would do it. A document in process is left as it is.
/// </summary>
internal static class ProcessEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/docs/{id:guid}/process", HandleAsync)
            .WithName("ProcessDocument")
            .WithSummary("Process a deferred document, or try a failed one again")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "deferred" } })
            .RequirePermission(Permission.DocumentsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        UploadStore store,
        CancellationToken cancellationToken
    ) => UploadAnswers.Of(await store.ProcessAsync(principal, id, cancellationToken));
}
