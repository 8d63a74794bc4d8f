using System.ComponentModel;
using Chancery.Server.Access;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Runs;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Evaluation.Comparing;

/// <summary><c>GET /api/v1/eval/compare</c>: two runs of one dataset, question by question.</summary>
internal static class RunComparisonEndpoint
{
    public sealed record Response(EvalRun Before, EvalRun After, IReadOnlyList<ScoreChange> Scores);

    public static void Map(IEndpointRouteBuilder routes) =>
        EvalRoutes
            .Readable(routes)
            .MapGet("/compare", HandleAsync)
            .WithName("CompareEvalRuns")
            .WithSummary("Compare two runs of a dataset")
            .WithDescription(
                "Each question with itself, so that hard questions do not count as a difference. The interval is that of the mean "
                    + "difference (95 %, paired bootstrap); several scores are several looks, of which one in twenty misleads."
            )
            .WithExample(new RouteExample { Query = "a={eval_run}&b={eval_run}", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        [Description("The run that is compared with.")] Guid a,
        [Description("The other one.")] Guid b,
        Principal principal,
        RunStore runs,
        CancellationToken cancellationToken
    )
    {
        if (
            await runs.FindAsync(principal, a, cancellationToken) is not { } before
            || await runs.FindAsync(principal, b, cancellationToken) is not { } after
        )
        {
            return RunEndpoints.Missing();
        }

        if (before.DatasetId != after.DatasetId)
        {
            return Problem.Invalid("b", "Both runs are of one dataset.");
        }

        var changes = ScoreChange.Between(
            await runs.ScoresAsync(principal, a, cancellationToken),
            await runs.ScoresAsync(principal, b, cancellationToken)
        );
        return TypedResults.Ok(new Response(before, after, changes));
    }
}
