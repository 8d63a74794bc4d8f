using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Storing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Gates;

/// <summary><c>/api/v1/prompts/{id}/gate</c>: what a version has to pass before anybody gets it.</summary>
internal static class GateEndpoints
{
    /// <param name="Gate">Left out where nothing has to be passed.</param>
    /// <param name="Report">Of the version that was asked about, beside the one in production.</param>
    /// <param name="WhyNone">Why no gate can stand before this prompt; left out where one can.</param>
    public sealed record StateResponse(RolloutGate? Gate, GateReport? Report, string? WhyNone = null);

    public static void Map(IEndpointRouteBuilder routes)
    {
        PromptRoutes
            .Readable(routes)
            .MapGet("/{id:guid}/gate", GetAsync)
            .WithName("GetPromptGate")
            .WithSummary("Show what a version has to pass before it is rolled out, and whether one would")
            .WithExample(PromptRoutes.OnePrompt with { Query = "version=1" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        var publishing = PromptRoutes.Published(routes);
        publishing
            .MapPut("/{id:guid}/gate", PutAsync)
            .Audited("prompt.gate_set")
            .WithName("SetPromptGate")
            .WithSummary("Let no version be rolled out that does worse on a dataset")
            .WithDescription(
                "Both versions are asked the dataset's questions by runs (`POST /api/v1/eval/runs` with `prompt_version`). The newest of each are "
                    + "compared question by question; a rollout begins only where no score is lower beyond `allowed_drop`, and an answer not dearer "
                    + "than `most_cost` times (nor than `most_cost_usd` dollars, where that is set). A run that ended early, or in which less than "
                    + "`least_coverage` of the questions got an answer or a score, lets nothing pass. With "
                    + "`most_attacks`, the newest whole red-team run of the new version (`POST /api/v1/eval/red-team` with `prompt_version`, without a limit, classes "
                    + "or cases of one's own, on a language model, with less than 10 % of its cases unanswered) has to show that no more attacks succeed, by the "
                    + "upper end of the 95 % interval."
            )
            .WithExample(PromptRoutes.OnePrompt with { Body = """{"dataset":"{eval_dataset}","allowed_drop":0.05}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        publishing
            .MapDelete("/{id:guid}/gate", DeleteAsync)
            .Audited("prompt.gate_removed")
            .WithName("RemovePromptGate")
            .WithSummary("Let versions be rolled out without an evaluation again")
            .WithExample(PromptRoutes.OnePrompt)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<StateResponse>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        GateStore gates,
        IRolloutGate looker,
        CancellationToken cancellationToken,
        [Description("Whether this version would pass."), Range(1, int.MaxValue)] int? version = null
    )
    {
        if (await prompts.FindAsync(principal, id, cancellationToken) is not { } prompt)
        {
            return Problem.NotFound("prompt");
        }

        var gate = await gates.FindAsync(principal, id, cancellationToken);
        var report =
            gate is not null && version is { } asked
                ? await looker.LookAsync(principal, gate, id, prompt.Production, asked, cancellationToken)
                : null;
        return TypedResults.Ok(new StateResponse(gate, report, looker.WhyNone(prompt)));
    }

    private static async Task<Results<Ok<StateResponse>, ProblemHttpResult>> PutAsync(
        Guid id,
        RolloutGate request,
        Principal principal,
        PromptStore prompts,
        GateStore gates,
        IRolloutGate looker,
        CancellationToken cancellationToken
    )
    {
        if (await prompts.FindAsync(principal, id, cancellationToken) is not { } prompt)
        {
            return Problem.NotFound("prompt");
        }

        if (looker.WhyNone(prompt) is { } why)
        {
            return Problem.Conflict(
                "prompt-not-evaluated",
                "No evaluation asks this prompt",
                $"{why} A gate before {prompt.Name} could never be passed."
            );
        }

        if (!await looker.KnowsAsync(principal, request.Dataset, cancellationToken))
        {
            return Problem.NotFound("dataset");
        }

        await gates.PutAsync(principal, id, request, cancellationToken);
        return TypedResults.Ok(new StateResponse(request, null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        GateStore gates,
        CancellationToken cancellationToken
    )
    {
        if (await prompts.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("prompt");
        }

        await gates.PutAsync(principal, id, null, cancellationToken);
        return TypedResults.NoContent();
    }
}
