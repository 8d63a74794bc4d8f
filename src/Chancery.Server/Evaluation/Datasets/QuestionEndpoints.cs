using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Evaluation.Datasets;

/// <summary><c>/api/v1/eval/datasets/{id}/questions</c>: a dataset's questions, one by one or out of a file.</summary>
internal static class QuestionEndpoints
{
    private const int MostAtOnce = 500;
    private const long LargestFile = 10_000_000;

    /// <summary>How many bad rows are told one by one.</summary>
    private const int MostRejected = 100;

    public sealed record AddRequest([Required, MinLength(1), MaxLength(MostAtOnce)] NewQuestion[] Questions);

    /// <param name="Added">Questions that were taken.</param>
    /// <param name="Rejected">Rows that were not, the first hundred of them.</param>
    /// <param name="RejectedCount">How many there are.</param>
    public sealed record ImportResponse(
        EvalDataset Dataset,
        int Added,
        IReadOnlyList<RejectedRow> Rejected,
        int RejectedCount
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        EvalRoutes
            .Readable(routes)
            .MapGet("/datasets/{id:guid}/questions", ListAsync)
            .WithName("ListEvalQuestions")
            .WithSummary("List the questions of a dataset, in their order")
            .WithExample(EvalRoutes.OneDataset with { ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = EvalRoutes.Writable(routes);
        writing
            .MapPost("/datasets/{id:guid}/questions", AddAsync)
            .Audited("eval_dataset.questions_added")
            .WithName("AddEvalQuestions")
            .WithSummary("Add questions to a dataset")
            .WithDescription("All of them or none. A question never changes afterwards: delete it and add another one.")
            .TakesIdempotencyKey()
            .WithExample(
                EvalRoutes.OneDataset with
                {
                    Body =
                        """{"questions":[{"question":"What does the document say of {unique}?","should_refuse":true}]}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapPost("/datasets/{id:guid}/import", ImportAsync)
            .Audited("eval_dataset.imported")
            .WithCost(RouteCost.Costly)
            .WithName("ImportEvalQuestions")
            .WithSummary("Add the questions of a CSV or JSON Lines file")
            .WithDescription(
                "Multipart form data with the file in `file`. JSON Lines: on each line a question with the members that "
                    + "`AddEvalQuestions` takes. CSV: a heading with `question` and any of `expected_answer`, `document`, `page`, `quote`, "
                    + "`should_refuse`, `language`, `tags`; several answers or tags are separated by `|`. A row that is no question is told in "
                    + "`rejected`, and the others count."
            )
            .TakesIdempotencyKey()
            .DescribesUpload()
            .WithExample(
                EvalRoutes.OneDataset with
                {
                    File = "question,expected_answer\nHow long is the notice period of {unique}?,thirty days\n",
                }
            )
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);
        writing
            .MapDelete("/datasets/{id:guid}/questions/{question:guid}", RemoveAsync)
            .Audited("eval_dataset.question_deleted")
            .WithName("DeleteEvalQuestion")
            .WithSummary("Delete a question of a dataset")
            .WithDescription("Results of earlier runs stay.")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "eval_dataset", ["question"] = "eval_question" },
                }
            )
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>The questions as they are kept, or the problem that names the first bad one.</summary>
    internal static (IReadOnlyList<NewQuestion> Questions, ProblemHttpResult? Problem) Clean(
        IReadOnlyList<NewQuestion> given
    )
    {
        var questions = new List<NewQuestion>(given.Count);
        for (var i = 0; i < given.Count; i++)
        {
            var (question, why) = given[i] is { } one ? QuestionRules.Clean(one) : (null, "It is null.");
            if (question is null)
            {
                return ([], Problem.Invalid(string.Create(CultureInfo.InvariantCulture, $"questions[{i}]"), why!));
            }

            questions.Add(question);
        }

        return (questions, null);
    }

    private static async Task<Results<Ok<Listing<EvalQuestion>>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        DatasetStore datasets,
        CancellationToken cancellationToken,
        [Range(1, 500)] int limit = 100,
        [Description("`next_cursor` of the page before.")] string? cursor = null
    )
    {
        if (!NumberCursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (await datasets.FindAsync(principal, id, cancellationToken) is null)
        {
            return DatasetEndpoints.Missing();
        }

        var found = await datasets.QuestionsAsync(principal, id, after, limit + 1, cancellationToken);
        return TypedResults.Ok(NumberCursor.Page(found, limit, question => question.Number));
    }

    private static async Task<Results<Created<EvalDataset>, ProblemHttpResult>> AddAsync(
        Guid id,
        AddRequest request,
        Principal principal,
        DatasetStore datasets,
        CancellationToken cancellationToken
    )
    {
        var (questions, problem) = Clean(request.Questions);
        if (problem is not null)
        {
            return problem;
        }

        return await datasets.AddAsync(principal, id, questions, cancellationToken) switch
        {
            DatasetOutcome.Done done => TypedResults.Created($"/api/v1/eval/datasets/{id}", done.Dataset),
            var other => DatasetEndpoints.ProblemOf(other),
        };
    }

    private static async Task<Results<Created<ImportResponse>, ProblemHttpResult>> ImportAsync(
        Guid id,
        HttpRequest request,
        Principal principal,
        UploadForm form,
        BlobStore blobs,
        DatasetStore datasets,
        CancellationToken cancellationToken
    )
    {
        if (await datasets.FindAsync(principal, id, cancellationToken) is null)
        {
            return DatasetEndpoints.Missing();
        }

        // Nobody refers to the file once it is read: the sweep removes it.
        var (file, problem) = await form.ReceiveAsync(request, principal.Tenant, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (file!.Size > LargestFile)
        {
            return Problem.TooLarge(LargestFile);
        }

        var (questions, rejected) = QuestionFile.Read(
            await TextOfAsync(blobs, principal, file.Sha256, cancellationToken)
        );
        if (questions.Count == 0)
        {
            return Problem.Invalid(
                "file",
                rejected.Count > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"Row {rejected[0].Row}: {rejected[0].Reason}")
                    : "There is no question in it."
            );
        }

        return await datasets.AddAsync(principal, id, questions, cancellationToken) switch
        {
            DatasetOutcome.Done done => TypedResults.Created(
                $"/api/v1/eval/datasets/{id}",
                new ImportResponse(done.Dataset, questions.Count, [.. rejected.Take(MostRejected)], rejected.Count)
            ),
            var other => DatasetEndpoints.ProblemOf(other),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id,
        [Description("As the list of questions names it.")] Guid question,
        Principal principal,
        DatasetStore datasets,
        CancellationToken cancellationToken
    ) =>
        await datasets.RemoveAsync(principal, id, question, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("question");

    private static async Task<string> TextOfAsync(
        BlobStore blobs,
        Principal principal,
        byte[] sha256,
        CancellationToken cancellationToken
    )
    {
        await using var content = await blobs.OpenAsync(principal.Tenant, sha256, cancellationToken);
        using var reader = new StreamReader(content, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
