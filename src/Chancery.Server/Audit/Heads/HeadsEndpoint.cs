using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Audit.Heads;

/// <summary><c>GET /api/v1/audit/heads</c>: signed ends of the organisation's chain, to be kept elsewhere.</summary>
internal static class HeadsEndpoint
{
    /// <param name="NextCursor">Give it as <c>cursor</c> for the next page; absent on the last one.</param>
    public sealed record HeadPage(IReadOnlyList<HeadLine> Items, string? NextCursor);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/audit/heads", HandleAsync)
            .WithName("ListAuditHeads")
            .WithSummary("Signed heads of the organisation's record, newest first")
            .WithDescription(
                "Every ten minutes in which something was recorded the end of the chain is signed. Keep a head where this server cannot "
                    + "write: with it `POST /api/v1/audit/verify` proves that nothing up to it was changed or cut off. The keys are at "
                    + "`/.well-known/audit-keys.json`."
            )
            .ForReadersOfTheRecord()
            .WithExample(new RouteExample { Query = "limit=20" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static async Task<Results<Ok<HeadPage>, ProblemHttpResult>> HandleAsync(
        AuditReader reader,
        HeadStore heads,
        CancellationToken cancellationToken,
        [Range(1, 500), Description("Most heads to answer.")] int limit = 50,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        long? before = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
            }

            before = number;
        }

        var rows = await heads.ListAsync(reader.Tenant, before, limit + 1, cancellationToken);
        return TypedResults.Ok(
            new HeadPage(
                [.. rows.Take(limit).Select(HeadLine.Of)],
                rows.Count > limit ? rows[limit - 1].Seq.ToString(CultureInfo.InvariantCulture) : null
            )
        );
    }
}
