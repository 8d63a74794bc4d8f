using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Platform.Telemetry.Ratings;
using Chancery.Server.Prompts.Using;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Answers.Conversations;

/// <summary><c>…/conversations/{id}/messages/{message}/feedback</c>: thumbs up or down for an answer.</summary>
internal static class FeedbackEndpoints
{
    private const int MostComment = 2000;

    /// <param name="Rating">up or down.</param>
    /// <param name="Comment">Why, in your words.</param>
    /// <param name="Share">Whether question, answer and comment may be used to try the product: whoever makes datasets sees them then, without your name. Left out or false takes that back.</param>
    public sealed record FeedbackRequest(
        [Required] [property: OneOf("AnswerRating", MessageFeedback.Up, MessageFeedback.Down)] string Rating,
        [StringLength(MostComment)] string? Comment = null,
        bool Share = false
    );

    private static readonly RouteExample OneAnswer = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "answered_conversation", ["message"] = "answer" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/api/v1/conversations/{id:guid}/messages/{message:guid}/feedback")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        group
            .MapPut("", RateAsync)
            .NotAudited("It says how good an answer was.")
            .WithName("RateAnswer")
            .WithSummary("Give an answer of yours thumbs up or down, with a comment")
            .WithDescription(
                "The last one counts. While a new version of the prompt that it was made by is rolled out, the rollout goes by the first that it "
                    + "sees. Nobody else is shown your comment, unless you `share` it."
            )
            .WithExample(OneAnswer with { Body = """{"rating":"down","comment":"It names the wrong period."}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("", UnrateAsync)
            .NotAudited("It says how good an answer was.")
            .WithName("UnrateAnswer")
            .WithSummary("Take your thumbs and your comment back")
            .WithExample(OneAnswer)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<MessageFeedback>, ProblemHttpResult>> RateAsync(
        Guid id,
        [Description("The answer's, as the conversation lists it.")] Guid message,
        FeedbackRequest request,
        Principal principal,
        FeedbackStore feedback,
        PromptUses uses,
        RatingExport export,
        CancellationToken cancellationToken
    )
    {
        if (request.Rating is not (MessageFeedback.Up or MessageFeedback.Down))
        {
            return Problem.Invalid("rating", "It is up or down.");
        }

        if (request.Comment?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return Problem.Invalid("comment", "The character NUL is no text.");
        }

        var isGood = request.Rating == MessageFeedback.Up;
        var comment = string.IsNullOrWhiteSpace(request.Comment) ? null : request.Comment.Trim();
        if (
            await feedback.RateAsync(principal, id, message, isGood, comment, request.Share, cancellationToken)
            is not { } rated
        )
        {
            return Problem.NotFound("answer");
        }

        await uses.RateAsync(principal, message, isGood, cancellationToken);
        export.Tell(message, rated.Trace, isGood, comment);
        return TypedResults.Ok(rated.Feedback);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UnrateAsync(
        Guid id,
        [Description("The answer's, as the conversation lists it.")] Guid message,
        Principal principal,
        FeedbackStore feedback,
        PromptUses uses,
        RatingExport export,
        CancellationToken cancellationToken
    )
    {
        if (await feedback.UnrateAsync(principal, id, message, cancellationToken) is not { } trace)
        {
            return Problem.NotFound("answer");
        }

        await uses.RateAsync(principal, message, isGood: null, cancellationToken);
        export.Tell(message, trace, null, null);
        return TypedResults.NoContent();
    }
}
