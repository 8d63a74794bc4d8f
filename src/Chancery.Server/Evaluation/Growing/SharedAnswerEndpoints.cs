using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Evaluation.Growing;

/// <summary>Datasets that grow from what people asked: answers with thumbs that they shared.</summary>
internal static class SharedAnswerEndpoints
{
    private const int MostAtOnce = 100;
    private const int MostPlaces = 50;
    private const int LongestAnswer = 10_000;

    /// <param name="Answers">Ids of shared answers.</param>
    public sealed record TakeRequest([Required, MinLength(1), MaxLength(MostAtOnce)] Guid[] Answers);

    private static readonly RouteExample OneShared = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "shared_answer" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var writing = EvalRoutes.Writable(routes);
        writing
            .MapGet("/shared-answers", ListAsync)
            .WithName("ListSharedAnswers")
            .WithSummary("List answers with thumbs that whoever asked shared, newest first")
            .WithDescription(
                "Without who asked. One that cites a document which you may not read is left out. They wait here until they are taken or put away."
            )
            .WithExample(new RouteExample { Query = "limit=20", ShowsContent = true })
            .ProducesValidationProblem();
        writing
            .MapPost("/datasets/{id:guid}/questions/shared", TakeAsync)
            .Audited("eval_dataset.questions_added")
            .WithName("AddSharedAnswers")
            .WithSummary("Make questions of a dataset of shared answers")
            .WithDescription(
                "Of an answer with thumbs up the answer and what it cites is expected. Of one with thumbs down nothing is: look at it, and add what would "
                    + "have been right. All of them or none; they are put away then."
            )
            .TakesIdempotencyKey()
            .WithExample(EvalRoutes.OneDataset with { Body = """{"answers":["{shared_answer}"]}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapDelete("/shared-answers/{id:guid}", PutAwayAsync)
            .Audited("shared_answer.put_away")
            .WithName("PutAwaySharedAnswer")
            .WithSummary("Put a shared answer away without using it")
            .WithExample(OneShared)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<SharedAnswer>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        SharedAnswers shared,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        [Description("`next_cursor` of the page before.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await shared.ListAsync(principal, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(found, limit, answer => answer, answer => answer.Id));
    }

    private static async Task<Results<Created<EvalDataset>, ProblemHttpResult>> TakeAsync(
        Guid id,
        TakeRequest request,
        Principal principal,
        SharedAnswers shared,
        DatasetStore datasets,
        CancellationToken cancellationToken
    )
    {
        var ids = request.Answers.Distinct().ToArray();
        var found = await shared.FindAsync(principal, ids, cancellationToken);
        if (found.Count < ids.Length)
        {
            return Problem.NotFound("shared answer");
        }

        var (questions, problem) = QuestionEndpoints.Clean([.. found.Select(QuestionOf)]);
        if (problem is not null)
        {
            return problem;
        }

        switch (await datasets.AddAsync(principal, id, questions, cancellationToken))
        {
            case DatasetOutcome.Done done:
                await shared.RemoveAsync(principal, ids, cancellationToken);
                return TypedResults.Created($"/api/v1/eval/datasets/{id}", done.Dataset);
            case var other:
                return DatasetEndpoints.ProblemOf(other);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> PutAwayAsync(
        Guid id,
        Principal principal,
        SharedAnswers shared,
        CancellationToken cancellationToken
    )
    {
        if ((await shared.FindAsync(principal, [id], cancellationToken)).Count == 0)
        {
            return Problem.NotFound("shared answer");
        }

        await shared.RemoveAsync(principal, [id], cancellationToken);
        return TypedResults.NoContent();
    }

    private static NewQuestion QuestionOf(SharedAnswer shared)
    {
        var isGood = shared.Rating == MessageFeedback.Up;
        var answer = CitationMarkers.Remove(shared.Answer).Trim();
        return new NewQuestion(
            shared.Question.Length > 4000 ? shared.Question[..4000] : shared.Question,
            isGood && answer.Length is > 0 and <= LongestAnswer ? [answer] : [],
            isGood && shared.Places.Count > 0
                ?
                [
                    .. shared
                        .Places.Take(MostPlaces)
                        .Select(place => new EvalPlace(
                            place.Document,
                            place.Page,
                            string.IsNullOrWhiteSpace(place.Quote) ? null : place.Quote
                        )),
                ]
                : null,
            Tags: [isGood ? "thumbs-up" : "thumbs-down"]
        );
    }
}
