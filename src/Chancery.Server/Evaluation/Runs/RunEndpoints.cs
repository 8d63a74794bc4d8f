using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Evaluation.Runs;

/// <summary><c>/api/v1/eval/runs</c>: a dataset's questions, asked of the product, and how it did.</summary>
internal static class RunEndpoints
{
    /// <param name="Dataset">Its id.</param>
    /// <param name="Target">What is asked; left out, the documents by the default model.</param>
    /// <param name="Judging">Models that judge the answers; left out, nobody does.</param>
    /// <param name="CostCapUsd">In dollars: no further question is asked once it is reached.</param>
    /// <param name="Repeats">How often each question is asked, 1 to 10: models do not say the same each time.</param>
    public sealed record StartRequest(
        [Required] Guid Dataset,
        EvalTarget? Target = null,
        EvalJudging? Judging = null,
        [Range(0.000001, 4_000_000d)] decimal? CostCapUsd = null,
        [Range(1, 10)] int Repeats = 1
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = EvalRoutes.Readable(routes);
        reading
            .MapGet("/runs", ListAsync)
            .WithName("ListEvalRuns")
            .WithSummary("List runs, newest first")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();
        reading
            .MapGet("/runs/{id:guid}", GetAsync)
            .WithName("GetEvalRun")
            .WithSummary("Show a run: how far it is, what it cost, and its scores once it has ended")
            .WithExample(EvalRoutes.OneRun with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        MapResults(reading, "/runs/{id:guid}/results", "ListEvalResults");

        var writing = EvalRoutes.Writable(routes);
        MapStart(writing, "/runs", "StartEvalRun");
        writing
            .MapPost("/runs/{id:guid}/cancel", CancelAsync)
            .Audited("eval_run.cancelled")
            .WithName("CancelEvalRun")
            .WithSummary("End a run; its results so far stay")
            .WithDescription("A run that has ended stays as it is.")
            .WithExample(EvalRoutes.OneRun)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder MapStart(RouteGroupBuilder group, string path, string name) =>
        group
            .MapPost(path, StartAsync)
            .WithCost(RouteCost.Costly)
            .Audited("eval_run.started")
            .WithName(name)
            .WithSummary("Ask a dataset's questions of the product")
            .WithDescription(
                "The run goes on in the background, as whoever started it may read and ask. Watch it by `GET /api/v1/eval/runs/{id}`."
            )
            .TakesIdempotencyKey()
            .WithExample(new RouteExample { Body = """{"dataset":"{eval_dataset}","target":{"kind":"search"}}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder MapResults(RouteGroupBuilder group, string path, string name) =>
        group
            .MapGet(path, ResultsAsync)
            .WithName(name)
            .WithSummary("List the results of a run, in the order of its questions")
            .WithDescription(
                "While the run goes on, those that are there. An answer that was made from a document which you may not read is withheld."
            )
            .WithExample(EvalRoutes.OneRun with { ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    /// <summary>What is wrong with a target, whatever models there are; null for nothing.</summary>
    internal static ProblemHttpResult? CheckTarget(Principal principal, EvalTarget target, string field) =>
        target.Kind is not (EvalTargetKind.Answer or EvalTargetKind.Search)
        && !EvalTargetKind.IsOfWordsAlone(target.Kind)
            ? Problem.Invalid(
                $"{field}.kind",
                $"It is {EvalTargetKind.Answer}, {EvalTargetKind.Search}, {EvalTargetKind.Prompt}, {EvalTargetKind.Upgrade}, {EvalTargetKind.Draft} or {EvalTargetKind.Reasoning}."
            )
        : target.Kind is EvalTargetKind.Prompt && (target.Prompt is null || target.PromptVersion is null)
            ? Problem.Invalid($"{field}.prompt", "Name the prompt and, in prompt_version, its version.")
        : target.Kind is not EvalTargetKind.Prompt && (target.Prompt is not null || target.Variable is not null)
            ? Problem.Invalid($"{field}.prompt", "Only a target of the kind prompt names a prompt and its variable.")
        : target.Kind is EvalTargetKind.Search && target.PromptVersion is not null
            ? Problem.Invalid($"{field}.prompt_version", "A search follows no prompt.")
        : EvalTargetKind.IsOfWordsAlone(target.Kind)
        && (target.Documents is not null || target.Tags is not null || target.Collections is not null)
            ? Problem.Invalid(
                $"{field}.documents",
                "Prompts of your own, upgrades, drafts and reasoning are asked without documents."
            )
        : target.Kind is EvalTargetKind.Search && (target.Model is not null || target.Temperature is not null)
            ? Problem.Invalid($"{field}.kind", "A search asks no model.")
        : (target.Tags ?? []).Any(tag => tag?.Contains('\0', StringComparison.Ordinal) != false)
            ? Problem.Invalid($"{field}.tags", "No tag is null or holds a NUL character.")
        : target.Kind is EvalTargetKind.Draft && (target.Temperature is not null || target.MaxTokens is not null)
            ? Problem.Invalid($"{field}.temperature", "A version of the prompt says how drafts are asked for.")
        : RunHandler.MayAsk(principal, target) ? null
        : Problem.Forbidden(Permission.Ask);

    private static async Task<Results<Ok<Listing<EvalRun>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        RunStore runs,
        CancellationToken cancellationToken,
        [Description("Only runs of this dataset.")] Guid? dataset = null,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await runs.ListAsync(principal, dataset, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(found, limit, run => run, run => run.Id));
    }

    private static async Task<Results<Ok<EvalRun>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        RunStore runs,
        CancellationToken cancellationToken
    ) => await runs.FindAsync(principal, id, cancellationToken) is { } run ? TypedResults.Ok(run) : Missing();

    private static async Task<Results<Created<EvalRun>, ProblemHttpResult>> StartAsync(
        StartRequest request,
        Principal principal,
        RunStore runs,
        RunModels models,
        DatasetStore datasets,
        CancellationToken cancellationToken
    )
    {
        var target = request.Target ?? new EvalTarget();
        if (CheckTarget(principal, target, "target") is { } wrong)
        {
            return wrong;
        }

        if (CheckJudging(request.Judging, target, "judging") is { } misjudged)
        {
            return misjudged;
        }

        if (await datasets.FindAsync(principal, request.Dataset, cancellationToken) is null)
        {
            return DatasetEndpoints.Missing();
        }

        if (
            request.Judging?.Rival is { } rival
            && (await runs.FindAsync(principal, rival, cancellationToken))?.DatasetId != request.Dataset
        )
        {
            return Problem.Invalid("judging.against", "It is another run of this dataset.");
        }

        var (chosen, problem) = await models.ChooseAsync(
            principal,
            target,
            request.Judging,
            RunModels.Fields.OfRun,
            cancellationToken
        );
        if (chosen is null)
        {
            return problem!;
        }

        var judging = chosen.Name(request.Judging);
        NanoDollars? cap = request.CostCapUsd is { } dollars ? NanoDollars.OfDollars(dollars) : null;
        var run = new NewRun(
            request.Dataset,
            RunOrigin.Person,
            RunStarter.Of(principal),
            target,
            judging,
            cap,
            request.Repeats
        );
        return await runs.CreateAsync(principal.Tenant, run, cancellationToken) is { } made
            ? TypedResults.Created($"/api/v1/eval/runs/{made.Id}", made)
            : Problem.Invalid("dataset", "There is no question in it.");
    }

    private static async Task<Results<Ok<Listing<EvalResult>>, ProblemHttpResult>> ResultsAsync(
        Guid id,
        Principal principal,
        RunStore runs,
        CancellationToken cancellationToken,
        [Range(1, 500)] int limit = 100,
        [FromQuery, Description("`next_cursor` of the page before.")] string? cursor = null
    )
    {
        if (!NumberCursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (await runs.FindAsync(principal, id, cancellationToken) is null)
        {
            return Missing();
        }

        var found = await runs.ResultsAsync(principal, id, after, limit + 1, cancellationToken);
        return TypedResults.Ok(NumberCursor.Page(found, limit, result => result.Number));
    }

    private static async Task<Results<Ok<EvalRun>, ProblemHttpResult>> CancelAsync(
        Guid id,
        Principal principal,
        RunStore runs,
        CancellationToken cancellationToken
    ) =>
        await runs.CancelAsync(principal, id, cancellationToken)
        && await runs.FindAsync(principal, id, cancellationToken) is { } run
            ? TypedResults.Ok(run)
            : Missing();

    /// <summary>What is wrong with judges, whatever models there are; null for nothing.</summary>
    internal static ProblemHttpResult? CheckJudging(EvalJudging? judging, EvalTarget target, string field) =>
        judging is null ? null
        : target.Kind is EvalTargetKind.Search ? Problem.Invalid(field, "A search has no answer to judge.")
        : EvalTargetKind.IsOfWordsAlone(target.Kind) && judging.Criteria.Contains("faithfulness")
            ? Problem.Invalid($"{field}.criteria", "It is shown no passages that it could be faithful to.")
        : judging.Criteria.Any(name => name is null || (Judges.Find(name) is null && name != EvalJudging.Preference))
            ? Problem.Invalid($"{field}.criteria", "They are relevance, faithfulness, helpfulness and preference.")
        : judging.Criteria.Contains(EvalJudging.Preference) != judging.Against is not null
            ? Problem.Invalid($"{field}.against", "It is the run that preference compares with, and for that alone.")
        : null;

    internal static ProblemHttpResult Missing() => Problem.NotFound("run");
}
