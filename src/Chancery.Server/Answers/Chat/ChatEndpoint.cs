using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Answers.Chat;

/// <summary><c>POST /api/v1/chat</c>: a question, answered from the tenant's documents, as JSON or as events.</summary>
public static class ChatEndpoint
{
    /// <summary>With <c>stream: "auto"</c> an answer up to here is JSON.</summary>
    private const int AutoHoldCharacters = 300;

    /// <param name="Question">1 to 4000 characters.</param>
    /// <param name="SessionId">The caller's own name for the conversation; left out, a new one begins.</param>
    /// <param name="Model">One of <c>GET /api/v1/models</c>; left out, the default.</param>
    /// <param name="Documents">Only these documents.</param>
    /// <param name="Tags">Only documents with one of these tags.</param>
    /// <param name="Collections">Only documents of these collections.</param>
    /// <param name="Stream">
    /// <c>true</c>: events. <c>false</c>: JSON. <c>"auto"</c>: JSON up to 300 characters of answer, else events. Left out:
    /// events when the client accepts nothing else.
    /// </param>
    /// <param name="Temperature">0 to 2.</param>
    /// <param name="MaxTokens">Most tokens of the answer; at most what <c>GET /api/v1/models</c> says of the model.</param>
    /// <param name="Revises">
    /// A question of this conversation whose place this one takes, the same again or another; the earlier one and its
    /// answer stay readable. Takes a <paramref name="SessionId"/>.
    /// </param>
    /// <param name="Reasoning">
    /// <c>true</c>: the model thinks step by step before it answers. Takes a model that can; without a model, the installation's for
    /// this.
    /// </param>
    /// <param name="ShowReasoning">
    /// <c>false</c>: the steps are neither told nor stored. Left out, they are, unless the operator hides them.
    /// </param>
    public sealed record Request(
        [Required, StringLength(4000, MinimumLength = 1)] string Question,
        [StringLength(200, MinimumLength = 1)] string? SessionId = null,
        [StringLength(200)] string? Model = null,
        [MaxLength(100)] Guid[]? Documents = null,
        [MaxLength(50)] string[]? Tags = null,
        [MaxLength(50)] Guid[]? Collections = null,
        [property: JsonConverter(typeof(StreamModeConverter)), BooleanOr("auto")] StreamMode? Stream = null,
        [Range(0.0, 2.0)] float? Temperature = null,
        [Range(1, 100_000)] int? MaxTokens = null,
        Guid? Revises = null,
        bool? Reasoning = null,
        bool? ShowReasoning = null
    );

    public static void Map(IEndpointRouteBuilder routes) => Map(routes, "/api/v1/chat", "Chat");

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, HandleAsync)
            .WithCost(RouteCost.Costly)
            .NotAudited("it costs and changes nothing but the caller's conversation; the ledger has it")
            .WithName(name)
            .WithDescription(
                "Finds passages, has the model answer from them, and checks every citation against its passage "
                    + "before it is shown. As JSON, or as server-sent events. A caller who leaves ends the answer, and "
                    + "what there was of it is stored as partial; with an `Idempotency-Key` it runs to its end, and the "
                    + "same call again gives it whole."
            )
            .WithSummary("Ask a question and get an answer with checked citations")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body = """{"question":"What does the document say?","model":"extractive","stream":false}""",
                    ShowsContent = true,
                }
            )
            .WithEventsOr<ChatAnswer>(
                new("retrieval", typeof(Retrieval), "First: the passages that the answer may rest on."),
                new("reasoning", typeof(ReasoningStep), "A step of the model's reasoning, where that was asked for."),
                new("text", typeof(AnswerStream.TextDelta), "The next piece of the answer."),
                new("citation", typeof(Citation), "A citation, after the text that holds its marker."),
                new("ping", typeof(AnswerStream.Ping), "Sent after a while of silence, so that the connection lives."),
                new("done", typeof(ChatAnswer), "Last: the whole answer, as it is stored."),
                new("error", typeof(ProblemDetails), "Last, instead of `done`: the answer broke off.")
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<ChatAnswer>, ServerSentEventsResult<object>, ProblemHttpResult>> HandleAsync(
        Request request,
        [FromQuery(Name = "model"), Description("Counts when the body names no model.")] string? modelInQuery,
        Principal principal,
        HttpContext http,
        ChatService chat,
        ModelChoice choice,
        ConversationStore conversations,
        AnswersOptions options,
        ReasoningSettings reasoning,
        Standing standing,
        StreamPlaces streams,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(request.Question))
        {
            return Problem.Invalid("question", "Say what you want to know.");
        }

        // The question is stored after its answer: too late to refuse it then.
        if (request.Question.Contains('\0', StringComparison.Ordinal))
        {
            return Problem.Invalid("question", "The character NUL is no text.");
        }

        if (request.SessionId?.Contains('\0', StringComparison.Ordinal) is true)
        {
            return Problem.Invalid("session_id", "The character NUL is no text.");
        }

        var isReasoned = request.Reasoning is true;
        if (isReasoned && !reasoning.IsEnabled)
        {
            return Problem.ReasoningOff();
        }

        var named = request.Model ?? modelInQuery;
        var (model, why, isForbidden) = await choice.ChooseAsync(
            principal,
            named,
            cancellationToken,
            isReasoned ? reasoning.Model : null
        );
        if (model is null)
        {
            return isForbidden ? Problem.ModelNotAllowed(why) : Problem.Invalid("model", why);
        }

        if (isReasoned && model.Reasons is ModelReasoning.None)
        {
            return Problem.ReasoningUnsupported(model.Id);
        }

        if (request.MaxTokens > model.MaxOutputTokens)
        {
            return Problem.Invalid("max_tokens", $"{model.Name} writes at most {model.MaxOutputTokens} tokens.");
        }

        Guid? thread = null;
        if (request.Revises is { } revised)
        {
            if (request.SessionId is null)
            {
                return Problem.Invalid("revises", "Say in session_id which conversation the question is in.");
            }

            thread = await conversations.FindThreadAsync(principal, request.SessionId, revised, cancellationToken);
            if (thread is null)
            {
                return Problem.NotFound("question");
            }
        }

        var mode = request.Stream ?? (AcceptsOnlyEvents(http.Request) ? StreamMode.Always : StreamMode.Never);
        if (mode is not StreamMode.Never && await streams.EnterAsync(http, principal) is { } busy)
        {
            return busy;
        }

        var question = new ChatQuestion(
            request.Question,
            request.SessionId,
            model,
            request.Documents,
            request.Tags,
            request.Collections,
            mode switch
            {
                StreamMode.Always => 0,
                StreamMode.Auto => AutoHoldCharacters,
                _ => int.MaxValue,
            },
            request.Temperature,
            request.MaxTokens,
            thread
        )
        {
            // Who asks again at the same place wants another answer.
            Freshness =
                thread is not null && CacheFreshness.Of(http.Request) != CacheFreshness.None
                    ? CacheFreshness.New
                    : CacheFreshness.Of(http.Request),
            // Who names a model wants that one; without a name it is whichever of the chain answers.
            Fallbacks =
                named is null && !model.IsExtractive && !model.IsOwnKey
                    ?
                    [
                        .. (await choice.ChainAsync(principal.Tenant, cancellationToken)).Where(other =>
                            other.Id != model.Id && (!isReasoned || other.Reasons is not ModelReasoning.None)
                        ),
                    ]
                    : [],
            IsModelOpen = named is null && !isReasoned && !model.IsExtractive && !model.IsOwnKey,
            Reasoning = isReasoned
                ? new ReasoningWish(reasoning.ShowsSteps && request.ShowReasoning is not false, reasoning.MostSteps)
                : null,
        };

        var answer = NotingFailure(
            chat.AskAsync(principal, question, FaultHandler.TraceIdOf(http), cancellationToken),
            http.Features.Get<IdempotentAttempt>()
        );
        var stream = new EventStream<AnswerEvent>(answer, AnswerStream.Render, cancellationToken);
        http.Response.RegisterForDisposeAsync(stream);

        var characters = 0;
        while (await stream.LookAheadAsync() is { } happened)
        {
            switch (happened)
            {
                case AnswerEvent.Retrieved retrieved:
                    http.Response.Headers["Server-Timing"] = string.Create(
                        CultureInfo.InvariantCulture,
                        $"retrieval;dur={retrieved.Milliseconds:0.##}"
                    );
                    break;
                case AnswerEvent.Text text:
                    characters += text.Delta.Length;
                    break;
                case AnswerEvent.Done done:
                    CacheHeader.Tell(http.Response, question.Cache.Outcome);
                    return TypedResults.Ok(done.Answer);
                case AnswerEvent.Broken broken:
                    if (broken.Problem.Extensions.TryGetValue("resets_at", out var at) && at is DateTimeOffset resetsAt)
                    {
                        BudgetProblem.TellWhen(http, resetsAt, time.GetUtcNow());
                    }

                    return TypedResults.Problem(broken.Problem);
            }

            if (mode is StreamMode.Always || (mode is StreamMode.Auto && characters > AutoHoldCharacters))
            {
                break;
            }
        }

        // A stream outlives sign-outs, removals and changes of role; it must not outlive the right to it.
        http.Response.RegisterForDispose(standing.Guard(http, principal, Permission.Ask));
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(stream.RenderAsync(options.PingInterval, time, cancellationToken));
    }

    /// <summary>An answer that broke off, or an apology, is no success, whatever status was sent before it.</summary>
    private static async IAsyncEnumerable<AnswerEvent> NotingFailure(
        IAsyncEnumerable<AnswerEvent> answer,
        IdempotentAttempt? attempt
    )
    {
        await foreach (var happened in answer)
        {
            if (
                attempt is not null
                && happened is AnswerEvent.Broken or AnswerEvent.Done { Answer.Outcome: AnswerOutcome.Failed }
            )
            {
                attempt.IsWorthKeeping = false;
            }

            yield return happened;
        }
    }

    internal static bool AcceptsOnlyEvents(HttpRequest request) =>
        request.Headers.Accept is [{ } accept] && accept.Trim() == "text/event-stream";
}
