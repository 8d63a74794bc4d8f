using Chancery.Server.Evaluation;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Runs;

namespace Chancery.Server.Compatibility;

/// <summary>Paths of older clients for evaluation. They take and answer what the same paths under <c>/api/v1</c> do.</summary>
internal static class EvaluationAliases
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = EvalRoutes.Readable(routes, "/api/eval");
        var writing = EvalRoutes.Writable(routes, "/api/eval");
        Mark(DatasetEndpoints.MapCreate(writing, "/datasets", "CreateEvalDatasetAlias"));
        Mark(RunEndpoints.MapStart(writing, "/run", "StartEvalRunAlias"));
        Mark(RunEndpoints.MapResults(reading, "/results/{id:guid}", "ListEvalResultsAlias"));
    }

    private static void Mark(RouteHandlerBuilder route) =>
        route.TakesOwnIdsOnly().WithMetadata(new ObsoleteAttribute());
}
