using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Using;

/// <summary>Uses of a prompt by programs: filled in for them, and what became of it, as they tell.</summary>
internal static class PromptRunEndpoints
{
    /// <param name="Variables">What is filled in, by name.</param>
    /// <param name="Unit">Who or what gets the same version each time while a rollout runs, such as a conversation's id; left out, whoever calls.</param>
    /// <param name="Label">Which version; left out, production.</param>
    /// <param name="Version">This version, whatever is rolled out.</param>
    public sealed record RenderRequest(
        IReadOnlyDictionary<string, JsonElement>? Variables = null,
        [StringLength(200, MinimumLength = 1)] string? Unit = null,
        [StringLength(40, MinimumLength = 1)] string? Label = null,
        [Range(1, int.MaxValue)] int? Version = null
    );

    /// <param name="Role">system or user.</param>
    public sealed record RenderedMessage([property: OneOf("PromptRole", "system", "user")] string Role, string Content);

    /// <param name="RunId">Of this use: say with it how it ended.</param>
    /// <param name="Reference">For spans and logs: "newsletter@3".</param>
    /// <param name="Messages">As `/v1/chat/completions` takes them.</param>
    public sealed record RenderResponse(
        Guid RunId,
        int Version,
        string Reference,
        [property: OneOf("PromptArm", "control", "treatment")] string? Arm,
        IReadOnlyList<RenderedMessage> Messages,
        string? Model,
        double? Temperature,
        int? MaxTokens
    );

    /// <param name="Outcome">succeeded; failed: no answer came; faulty: it could not be used; guarded: something was held back.</param>
    /// <param name="Cost">In dollars.</param>
    /// <param name="Score">How good what came is, between 0 and 1, where somebody judged it; rollouts count what is under half.</param>
    public sealed record OutcomeRequest(
        [Required]
        [property: OneOf(
            "PromptRunOutcome",
            RunOutcome.Succeeded,
            RunOutcome.Failed,
            RunOutcome.Faulty,
            RunOutcome.Guarded
        )]
            string Outcome,
        [StringLength(200)] string? Model = null,
        [Range(0, long.MaxValue)] long InputTokens = 0,
        [Range(0, long.MaxValue)] long OutputTokens = 0,
        [Range(0.0, 1_000_000.0)] decimal Cost = 0,
        [Range(0.0, 86_400_000.0)] double? LatencyMs = null,
        [Range(0.0, 1.0)] double? Score = null
    );

    /// <param name="Rating">up or down.</param>
    public sealed record RatingRequest([Required] [property: OneOf("PromptRating", "up", "down")] string Rating);

    /// <param name="Items">Newest first.</param>
    public sealed record ListResponse(IReadOnlyList<PromptRun> Items, string? NextCursor);

    private static readonly RouteExample OneRun = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "used_prompt", ["run"] = "prompt_run" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = PromptRoutes.Readable(routes);
        reading
            .MapGet("/{id:guid}/runs", ListAsync)
            .WithName("ListPromptRuns")
            .WithSummary("List how uses of a prompt ended, newest first")
            .WithDescription("Without what was filled in and what came back: that is kept nowhere.")
            .WithExample(PromptRoutes.OnePrompt)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapPost("/{id:guid}/render", RenderAsync)
            .NotAudited("It changes nothing but the count of uses.")
            .WithName("RenderPrompt")
            .WithSummary("Fill a prompt in, to be sent to a model")
            .WithDescription(
                "Which version it is, labels and rollouts decide. Send the messages to `/v1/chat/completions`, and say how it ended at "
                    + "`POST /api/v1/prompts/{id}/runs/{run}/outcome`: rollouts go by that."
            )
            .WithExample(
                PromptRoutes.OnePrompt with
                {
                    Body = """{"variables":{"topic":"spring"},"unit":"{unique}"}""",
                    ShowsContent = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapPost("/{id:guid}/runs/{run:guid}/outcome", EndAsync)
            .NotAudited("It says how a use ended.")
            .WithName("EndPromptRun")
            .WithSummary("Say how a use of a prompt ended")
            .TakesIdempotencyKey()
            .WithExample(OneRun with { Body = """{"outcome":"succeeded","latency_ms":840}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        reading
            .MapPut("/{id:guid}/runs/{run:guid}/rating", RateAsync)
            .NotAudited("It says how good a use was.")
            .WithName("RatePromptRun")
            .WithSummary("Give a use of a prompt thumbs up or down")
            .WithExample(OneRun with { Body = """{"rating":"up"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        PromptUses uses,
        CancellationToken cancellationToken,
        [Description("Only uses of this version."), Range(1, int.MaxValue)] int? version = null,
        [Range(1, 200)] int limit = 50,
        [Description("next_cursor of the page before.")] Guid? cursor = null
    )
    {
        if (await prompts.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("prompt");
        }

        var found = await uses.RunsAsync(principal, id, version, cursor, limit + 1, cancellationToken);
        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(new ListResponse(items, found.Count > limit ? items[^1].Id.ToString() : null));
    }

    private static async Task<Results<Ok<RenderResponse>, ProblemHttpResult>> RenderAsync(
        Guid id,
        RenderRequest request,
        Principal principal,
        PromptUses uses,
        CancellationToken cancellationToken
    )
    {
        var use = await uses.PickAsync(
            principal,
            id,
            request.Label ?? PromptLabel.Production,
            request.Version,
            request.Unit,
            cancellationToken
        );
        if (use is null)
        {
            return Problem.NotFound("prompt, label or version");
        }

        var (text, faults) = PromptText.Fill(use.Content, request.Variables ?? new Dictionary<string, JsonElement>());
        if (text is null)
        {
            return Problem.Invalid(faults.ToDictionary());
        }

        var run = await uses.BeginAsync(principal, use, cancellationToken);
        RenderedMessage[] messages = [new("system", use.Content.System), new("user", text)];
        return TypedResults.Ok(
            new RenderResponse(
                run,
                use.Version,
                use.Reference,
                use.Rollout is null ? null
                    : use.IsTreated ? "treatment"
                    : "control",
                [.. messages.Where(message => message.Content.Length > 0)],
                use.Content.Model,
                use.Content.Temperature,
                use.Content.MaxTokens
            )
        );
    }

    private static async Task<Results<Ok<PromptRun>, ProblemHttpResult>> EndAsync(
        Guid id,
        [Description("As it was given with the filled-in prompt.")] Guid run,
        OutcomeRequest request,
        Principal principal,
        PromptUses uses,
        CancellationToken cancellationToken
    )
    {
        if (
            request.Outcome
            is not (RunOutcome.Succeeded or RunOutcome.Failed or RunOutcome.Faulty or RunOutcome.Guarded)
        )
        {
            return Problem.Invalid("outcome", "It is succeeded, failed, faulty or guarded.");
        }

        var result = new RunResult(
            request.Outcome,
            request.Model,
            request.InputTokens,
            request.OutputTokens,
            NanoDollars.OfDollars(request.Cost).Value,
            request.LatencyMs,
            request.Score
        );
        return await uses.EndAsync(principal, id, run, result, cancellationToken) is not var (ended, isFirst)
                ? Problem.NotFound("use")
            : isFirst ? TypedResults.Ok(ended)
            : Problem.Conflict(
                "run-ended",
                "How this use ended was said before",
                $"It {ended.Outcome}. Each use ends once."
            );
    }

    private static async Task<Results<Ok<PromptRun>, ProblemHttpResult>> RateAsync(
        Guid id,
        [Description("As it was given with the filled-in prompt.")] Guid run,
        RatingRequest request,
        Principal principal,
        PromptUses uses,
        CancellationToken cancellationToken
    ) =>
        request.Rating is not ("up" or "down") ? Problem.Invalid("rating", "It is up or down.")
        : await uses.RateAsync(principal, id, run, request.Rating == "up", cancellationToken) is { } rated
            ? TypedResults.Ok(rated)
        : Problem.NotFound("use");
}
