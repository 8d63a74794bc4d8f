using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Counting;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Analytics;

/// <summary><c>GET /api/v1/analytics/contracts</c>: drafts and revisions by day, with what models took for them.</summary>
internal static class ContractAnalyticsEndpoint
{
    /// <param name="Drafts">Contracts that were drafted from an instruction.</param>
    /// <param name="Revisions">Revisions that came of anything else: changes, files, restored and accepted ones.</param>
    /// <param name="Proposals">Changes that were kept beside a contract.</param>
    /// <param name="CostUsd">What models cost, in dollars.</param>
    public sealed record Point(
        DateOnly Day,
        long Drafts,
        long Revisions,
        long Proposals,
        long InputTokens,
        long OutputTokens,
        decimal CostUsd
    );

    /// <param name="Scope">Whose figures they are: the organisation's, or the caller's own.</param>
    /// <param name="Points">One for each day of UTC, the oldest first; the last one is not over.</param>
    public sealed record Response(
        [property: OneOf("AnalyticsScope", "organization", "own")] string Scope,
        long Drafts,
        long Revisions,
        long Proposals,
        long InputTokens,
        long OutputTokens,
        decimal CostUsd,
        IReadOnlyList<Point> Points
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/analytics/contracts", HandleAsync)
            .WithName("GetContractAnalytics")
            .WithSummary("Drafts and revisions of contracts by day, with tokens and cost")
            .WithDescription(
                "Owners and admins see the whole organisation's figures, others their own, of contracts that they may read. From PostgreSQL, up to the moment; "
                    + "deleted contracts count."
            )
            .RequirePermission(Permission.ContractsRead)
            .WithExample(new RouteExample { Query = "days=30" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static async Task<Ok<Response>> HandleAsync(
        Principal principal,
        ContractFigures figures,
        TimeProvider time,
        CancellationToken cancellationToken,
        [Description("How many days, with today."), Range(1, 366)] int days = 30
    )
    {
        var isWhole = principal.May(Permission.OrganizationManage);
        var first = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(1 - days);
        var known = (
            await figures.ByDayAsync(
                principal,
                new DateTimeOffset(first, TimeOnly.MinValue, TimeSpan.Zero),
                isWhole,
                cancellationToken
            )
        ).ToDictionary(day => day.Day);
        Point[] points =
        [
            .. Enumerable
                .Range(0, days)
                .Select(first.AddDays)
                .Select(day =>
                    known.GetValueOrDefault(day) is { } made
                        ? new Point(
                            day,
                            made.Drafts,
                            made.Revisions,
                            made.Proposals,
                            made.InputTokens,
                            made.OutputTokens,
                            new NanoDollars(made.CostNano).Dollars
                        )
                        : new Point(day, 0, 0, 0, 0, 0, 0)
                ),
        ];
        return TypedResults.Ok(
            new Response(
                isWhole ? "organization" : "own",
                points.Sum(point => point.Drafts),
                points.Sum(point => point.Revisions),
                points.Sum(point => point.Proposals),
                points.Sum(point => point.InputTokens),
                points.Sum(point => point.OutputTokens),
                points.Sum(point => point.CostUsd),
                points
            )
        );
    }
}
