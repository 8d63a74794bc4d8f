using System.ComponentModel;
using Chancery.Server.Access;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Knowledge.Versions;

/// <summary>
/// <c>GET /api/v1/docs/{id}/versions/current</c>: the version that search and answers use, or with <c>as_of</c> the one that
/// they used at that time.
/// </summary>
internal static class AsOfEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/docs/{id:guid}/versions/current", HandleAsync)
            .WithName("GetCurrentVersion")
            .WithSummary("Show the version that is, or at a time was, the current one")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "document" },
                    Query = "as_of=2999-01-01T00:00:00Z",
                    ShowsContent = true,
                }
            )
            .RequirePermission(Permission.DocumentsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);

    /// <param name="asOf">A time with its offset, such as 2026-03-01T09:00:00Z; now where it is absent.</param>
    private static async Task<Results<Ok<VersionView>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        VersionStore versions,
        TimeProvider time,
        CancellationToken cancellationToken,
        [FromQuery(Name = "as_of"), Description("The moment; now where it is left out.")] DateTimeOffset? asOf = null
    ) =>
        await versions.CurrentAsync(principal, id, asOf ?? time.GetUtcNow(), cancellationToken) is { } version
            ? TypedResults.Ok(version)
            : Problem.NotFound("version");
}
