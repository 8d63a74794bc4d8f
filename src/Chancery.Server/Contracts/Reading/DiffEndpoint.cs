using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Reading;

/// <summary><c>GET /api/v1/contracts/{id}/diff</c>: two revisions compared by clause, then by word.</summary>
internal static class DiffEndpoint
{
    /// <param name="From">The earlier revision, as it was made.</param>
    public sealed record Response(RevisionSummary From, RevisionSummary To, ContractDifference Difference);

    public static void Map(IEndpointRouteBuilder routes) =>
        ContractRoutes
            .Readable(routes)
            .MapGet("/{id:guid}/diff", HandleAsync)
            .WithName("CompareRevisions")
            .WithSummary("Compare two revisions of a contract by clause and by word")
            .WithDescription(
                "Left out, `to` is the latest revision and `from` the one before it. A clause that moved is told as moved."
            )
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "revised_contract" },
                    Query = "from=1&to=2",
                    ShowsContent = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        ContractStore contracts,
        CancellationToken cancellationToken,
        [Description("The earlier revision's number."), Range(1, int.MaxValue)] int? from = null,
        [Description("The later revision's number."), Range(1, int.MaxValue)] int? to = null
    )
    {
        if (await contracts.FindAsync(principal, id, to, cancellationToken) is not { } later)
        {
            return Problem.NotFound("revision");
        }

        var before = from ?? Math.Max(1, later.Revision.Number - 1);
        return await contracts.FindAsync(principal, id, before, cancellationToken) is { } earlier
            ? TypedResults.Ok(
                new Response(earlier.Revision, later.Revision, ContractDifference.Between(earlier.Text, later.Text))
            )
            : Problem.NotFound("revision");
    }
}
