using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Runs;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Evaluation.Datasets;

/// <summary><c>/api/v1/eval/datasets</c>: sets of questions with what a good answer is.</summary>
internal static class DatasetEndpoints
{
    private const int MostAtOnce = 500;

    /// <summary>In dollars, of one night, where nobody says.</summary>
    private const decimal UsualCap = 5;

    private static readonly RunModels.Fields Fields = new("nightly", "nightly_judging");

    /// <param name="Criteria">relevance, faithfulness, helpfulness; none, and nobody judges.</param>
    /// <param name="Model">Left out: the first of the organisation's models that did not answer itself.</param>
    /// <param name="Fresh">Whether the judge is asked each night also about answers that it judged before, told the same.</param>
    public sealed record NightlyJudging(
        [Required, MaxLength(3)] string[] Criteria,
        [StringLength(200)] string? Model = null,
        bool? Fresh = null
    );

    /// <param name="Name">Unique in the organisation.</param>
    /// <param name="IsActive">Whether it is asked every night.</param>
    /// <param name="Nightly">What it is asked of then; left out, the documents by the default model.</param>
    /// <param name="NightlyJudging">Models that judge the answers then; left out, nobody does.</param>
    /// <param name="NightlyCapUsd">In dollars, of one night: no further question is asked once it is reached; left out, 5.</param>
    /// <param name="Questions">Up to 500; more are added afterwards.</param>
    public sealed record CreateRequest(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [StringLength(1000)] string? Description = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null,
        bool IsActive = false,
        EvalTarget? Nightly = null,
        NightlyJudging? NightlyJudging = null,
        [Range(0.000001, 4_000_000d)] decimal? NightlyCapUsd = null,
        [MaxLength(MostAtOnce)] NewQuestion[]? Questions = null
    );

    /// <summary>What is absent stays as it is.</summary>
    public sealed record ChangeRequest(
        [StringLength(100, MinimumLength = 1)] string? Name = null,
        [StringLength(1000)] string? Description = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null,
        bool? IsActive = null,
        EvalTarget? Nightly = null,
        NightlyJudging? NightlyJudging = null,
        [Range(0.000001, 4_000_000d)] decimal? NightlyCapUsd = null
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = EvalRoutes.Readable(routes);
        reading
            .MapGet("/datasets", ListAsync)
            .WithName("ListEvalDatasets")
            .WithSummary("List datasets, newest first")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();
        reading
            .MapGet("/datasets/{id:guid}", GetAsync)
            .WithName("GetEvalDataset")
            .WithSummary("Show a dataset")
            .WithExample(EvalRoutes.OneDataset with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = EvalRoutes.Writable(routes);
        MapCreate(writing, "/datasets", "CreateEvalDataset");
        writing
            .MapPatch("/datasets/{id:guid}", ChangeAsync)
            .Audited("eval_dataset.changed")
            .WithName("ChangeEvalDataset")
            .WithSummary("Change a dataset, or have it asked every night")
            .WithDescription(
                "What is left out stays as it is. Whoever changes what is asked every night has it asked on their own behalf: with their "
                    + "rights, and at their cost."
            )
            .WithExample(EvalRoutes.OneDataset with { Body = """{"description":"{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapDelete("/datasets/{id:guid}", DeleteAsync)
            .Audited("eval_dataset.deleted")
            .WithName("DeleteEvalDataset")
            .WithSummary("Delete a dataset with its questions and runs")
            .WithExample(EvalRoutes.OneDataset)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder MapCreate(RouteGroupBuilder group, string path, string name) =>
        group
            .MapPost(path, CreateAsync)
            .Audited("eval_dataset.created")
            .WithName(name)
            .WithSummary("Make a dataset, with questions or without")
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"name":"{unique}","questions":[{"question":"How long is the notice period?","expected_answers":["thirty days"]}]}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Results<Ok<Listing<EvalDataset>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        DatasetStore datasets,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await datasets.ListAsync(principal, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(found, limit, dataset => dataset, dataset => dataset.Id));
    }

    private static async Task<Results<Ok<EvalDataset>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        DatasetStore datasets,
        CancellationToken cancellationToken
    ) =>
        await datasets.FindAsync(principal, id, cancellationToken) is { } dataset
            ? TypedResults.Ok(dataset)
            : Missing();

    private static async Task<Results<Created<EvalDataset>, ProblemHttpResult>> CreateAsync(
        CreateRequest request,
        Principal principal,
        DatasetStore datasets,
        RunModels models,
        CancellationToken cancellationToken
    )
    {
        var change = new ChangeRequest(
            request.Name,
            request.Description ?? "",
            request.Tags ?? [],
            request.IsActive,
            request.Nightly ?? new EvalTarget(),
            request.NightlyJudging,
            request.NightlyCapUsd ?? UsualCap
        );
        var (wanted, problem) = await CheckAsync(
            change,
            request.IsActive || request.Nightly is not null || request.NightlyJudging is not null
                ? change.Nightly
                : null,
            JudgingOf(change.NightlyJudging),
            principal,
            models,
            cancellationToken
        );
        if (problem is not null)
        {
            return problem;
        }

        var (questions, wrong) = QuestionEndpoints.Clean(request.Questions ?? []);
        if (wrong is not null)
        {
            return wrong;
        }

        return await datasets.CreateAsync(principal, wanted!, questions, cancellationToken) switch
        {
            DatasetOutcome.Done done => TypedResults.Created($"/api/v1/eval/datasets/{done.Dataset.Id}", done.Dataset),
            var other => ProblemOf(other),
        };
    }

    private static async Task<Results<Ok<EvalDataset>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        DatasetStore datasets,
        RunModels models,
        CancellationToken cancellationToken
    )
    {
        if (await datasets.FindAsync(principal, id, cancellationToken) is not { } before)
        {
            return Missing();
        }

        var (wanted, problem) = await CheckAsync(
            request,
            // Whether what was asked until now can still be asked matters to judges that are new, and not where nobody is to judge.
            request.Nightly
                ?? (JudgingOf(request.NightlyJudging) is null ? null : before.Nightly),
            request.NightlyJudging is null ? before.NightlyJudging : JudgingOf(request.NightlyJudging),
            principal,
            models,
            cancellationToken
        );
        if (problem is not null)
        {
            return problem;
        }

        return await datasets.ChangeAsync(principal, id, wanted!, cancellationToken) switch
        {
            DatasetOutcome.Done done => TypedResults.Ok(done.Dataset),
            var other => ProblemOf(other),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        DatasetStore datasets,
        CancellationToken cancellationToken
    ) => await datasets.DeleteAsync(principal, id, cancellationToken) ? TypedResults.NoContent() : Missing();

    /// <summary>The change as it is stored, or the problem to answer with.</summary>
    /// <param name="asked">A target that will be asked, so that it has to be one that can; null where none is new.</param>
    /// <param name="judging">Who will judge it; null for nobody.</param>
    private static async Task<(DatasetChange? Change, ProblemHttpResult? Problem)> CheckAsync(
        ChangeRequest request,
        EvalTarget? asked,
        EvalJudging? judging,
        Principal principal,
        RunModels models,
        CancellationToken cancellationToken
    )
    {
        var name = request.Name is null ? null : FileNames.CleanText(request.Name);
        if (name is { Length: 0 })
        {
            return (null, Problem.Invalid("name", "A name with a visible character."));
        }

        string[]? tags = null;
        if (request.Tags is not null)
        {
            (tags, var wrong) = TagNames.Clean(request.Tags.Where(tag => tag is not null));
            if (wrong is not null)
            {
                return (null, Problem.Invalid("tags", wrong));
            }
        }

        if (asked is { } target)
        {
            if (RunEndpoints.CheckTarget(principal, target, "nightly") is { } refused)
            {
                return (null, refused);
            }

            if (RunEndpoints.CheckJudging(judging, target, "nightly_judging") is { } misjudged)
            {
                return (null, misjudged);
            }

            if (judging?.Rival is not null)
            {
                return (
                    null,
                    Problem.Invalid(
                        "nightly_judging.criteria",
                        "A night is held against the night before by its scores."
                    )
                );
            }

            var (_, problem) = await models.ChooseAsync(principal, target, judging, Fields, cancellationToken);
            if (problem is not null)
            {
                return (null, problem);
            }
        }

        var description = request.Description is null ? null : FileNames.CleanText(request.Description);
        return (
            new DatasetChange(
                name,
                description,
                tags,
                request.IsActive,
                request.Nightly,
                request.NightlyJudging is { } judges
                    ? new EvalJudging(judges.Criteria, judges.Model, Fresh: judges.Fresh)
                    : null,
                request.NightlyCapUsd is { } cap ? NanoDollars.OfDollars(cap) : null
            ),
            null
        );
    }

    private static EvalJudging? JudgingOf(NightlyJudging? wanted) =>
        wanted is { Criteria.Length: > 0 } ? new EvalJudging(wanted.Criteria, wanted.Model, Fresh: wanted.Fresh) : null;

    internal static ProblemHttpResult ProblemOf(DatasetOutcome outcome) =>
        outcome switch
        {
            DatasetOutcome.Missing => Missing(),
            DatasetOutcome.NameTaken => Problem.Conflict(
                "eval-dataset-name-taken",
                "There is a dataset of that name",
                "Choose another name, or change the dataset that has it."
            ),
            DatasetOutcome.Full full => Problem.Conflict(
                "eval-dataset-full",
                "The dataset takes no more questions",
                $"It has room for {full.Room} more, of {QuestionRules.MostQuestions} in all. Make another one."
            ),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };

    internal static ProblemHttpResult Missing() => Problem.NotFound("dataset");
}
