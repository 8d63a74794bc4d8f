using System.ComponentModel;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Health;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Inference.Routing;

/// <summary><c>/operator/models</c>: which language models are asked and which are left alone; asking them again.</summary>
internal static class TargetEndpoints
{
    /// <param name="Server">The machine whose view it is; others have their own.</param>
    /// <param name="Minutes">What <c>calls</c>, <c>failures</c> and times look back on.</param>
    public sealed record Response(IReadOnlyList<ModelTarget> Items, string Server, int Minutes, string? NextCursor);

    /// <param name="Forgotten">Breakers that were closed and keys that are tried again, on this server.</param>
    public sealed record Reset(int Forgotten);

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/models").WithTags("Operator").RequireOperator();
        routes
            .MapGet(
                "",
                (IModelHealth health) =>
                    TypedResults.Ok(
                        new Response(health.Tell(), Environment.MachineName, TargetRecord.Minutes, NextCursor: null)
                    )
            )
            .WithName("ListModelTargets")
            .WithSummary("Which language models this server asks, and which it leaves alone")
            .WithDescription("For an operator's token. Each server learns for itself who fails.")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapPost("/reset", ResetAsync)
            .Audited("installation.models_reset")
            .WithName("ResetModelTargets")
            .WithSummary("Ask models again that are left alone")
            .WithDescription("On all servers, within two seconds; while Redis is gone on the one that is called.")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Reset>, ProblemHttpResult>> ResetAsync(
        [FromQuery(Name = "model"), Description("Only this one; left out, all.")] string? model,
        TargetHealth health,
        TargetNotices notices,
        ModelRegistry registry
    )
    {
        ChatModel? one = null;
        if (model is not null && !registry.TryFind(model, out one))
        {
            return Problem.NotFound("model");
        }

        var forgotten = await health.ResetAsync(one);
        await notices.TellAsync(one);
        return TypedResults.Ok(new Reset(forgotten));
    }
}
