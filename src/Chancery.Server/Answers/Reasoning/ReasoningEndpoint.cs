using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>A model's answer and how it came to it.</summary>
/// <param name="ReasoningSteps">Left out where they are hidden.</param>
/// <param name="RawResponse">All that the model wrote, without what guards take out, up to 256 KB; left out where the steps are hidden.</param>
/// <param name="Truncated">True when the model stopped at the limit of tokens; else left out.</param>
public sealed record ReasonedAnswer(
    string FinalAnswer,
    IReadOnlyList<ReasoningStep>? ReasoningSteps,
    string? RawResponse,
    string Model,
    bool? Truncated,
    TokenUsage Usage
);

/// <summary><c>POST /api/v1/reasoning</c>: a model thinks step by step about a question or messages, without documents.</summary>
public static class ReasoningEndpoint
{
    private const int MostMessages = 200;
    private const int LongestText = 1_000_000;

    /// <param name="Role"><c>system</c> (only first), <c>user</c> or <c>assistant</c>.</param>
    public sealed record Said(
        [property: OneOf("SaidRole", "system", "user", "assistant")] string Role,
        [Required, StringLength(LongestText, MinimumLength = 1)] string Content
    );

    /// <param name="Question">A single question; or say <paramref name="Messages"/>.</param>
    /// <param name="Messages">What was said so far, at most 200; the last one is the user's.</param>
    /// <param name="Model">One of <c>GET /api/v1/models</c> that can reason; left out, the installation's for this.</param>
    /// <param name="MaxSteps">Most steps; what the model writes beyond goes into the last one. Left out, the installation's.</param>
    /// <param name="ShowReasoning"><c>false</c>: only the final answer is told.</param>
    /// <param name="Stream">
    /// <c>true</c>: events. <c>false</c>: JSON. Left out: events when the client accepts nothing else.
    /// </param>
    /// <param name="Temperature">0 to 2; left out, the installation's for this.</param>
    /// <param name="MaxTokens">Most tokens of the answer, beside those of the thoughts.</param>
    public sealed record Request(
        [StringLength(LongestText, MinimumLength = 1)] string? Question = null,
        [MaxLength(MostMessages)] Said[]? Messages = null,
        [StringLength(200)] string? Model = null,
        [Range(1, ReasoningSettings.MostStepsAtAll)] int? MaxSteps = null,
        bool? ShowReasoning = null,
        bool? Stream = null,
        [Range(0.0, 2.0)] float? Temperature = null,
        [Range(1, 100_000)] int? MaxTokens = null
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/api/v1/reasoning", HandleAsync)
            .WithCost(RouteCost.Costly)
            .NotAudited("it costs and changes nothing but the caller's conversation; the ledger has it")
            .WithName("Reason")
            .WithDescription(
                "Chain of thought about a question or a list of messages, without documents: models that think by themselves do so, "
                    + "others are asked to write their steps down. As JSON, or as server-sent events. Nothing of it is stored. For "
                    + "answers from documents, ask `POST /api/v1/chat` with `reasoning`."
            )
            .WithSummary("Have a model think step by step")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .TakesIdempotencyKey()
            .WithExample(new RouteExample { Body = """{"question":"Which is more, 9.11 or 9.9?"}""" })
            .WithEventsOr<ReasonedAnswer>(
                new("reasoning", typeof(ReasoningStep), "A step, when it is complete."),
                new("text", typeof(AnswerStream.TextDelta), "The next piece of the final answer."),
                new("ping", typeof(AnswerStream.Ping), "Sent after a while of silence, so that the connection lives."),
                new("done", typeof(ReasonedAnswer), "Last: all of it."),
                new("error", typeof(ProblemDetails), "Last, instead of `done`: the model broke off.")
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<
        Results<Ok<ReasonedAnswer>, ServerSentEventsResult<object>, ProblemHttpResult>
    > HandleAsync(
        Request request,
        Principal principal,
        HttpContext http,
        ModelChoice choice,
        ReasoningSettings settings,
        [FromServices] ReasoningService reasoning,
        AnswersOptions options,
        Standing standing,
        StreamPlaces streams,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (!settings.IsEnabled)
        {
            return Problem.ReasoningOff();
        }

        if (Fault(request) is { } fault)
        {
            return fault;
        }

        var (model, why, isForbidden) = await choice.ChooseAsync(
            principal,
            request.Model,
            cancellationToken,
            settings.Model
        );
        if (model is null)
        {
            return isForbidden ? Problem.ModelNotAllowed(why) : Problem.Invalid("model", why);
        }

        if (model.Reasons is ModelReasoning.None)
        {
            return Problem.ReasoningUnsupported(model.Id);
        }

        if (request.MaxTokens > model.MaxOutputTokens)
        {
            return Problem.Invalid("max_tokens", $"{model.Name} writes at most {model.MaxOutputTokens} tokens.");
        }

        ChatModel[] targets =
        [
            model,
            .. request.Model is null && !model.IsOwnKey
                ? (await choice.ChainAsync(principal.Tenant, cancellationToken)).Where(other =>
                    other.Id != model.Id && other.Reasons is not ModelReasoning.None
                )
                : [],
        ];
        var prompt = await reasoning.PickAsync(principal, targets, cancellationToken);
        var question = new ReasoningQuestion(
            request.Question is { } asked
                ? [new ChatMessage(ChatRole.User, asked)]
                : [.. request.Messages!.Select(said => new ChatMessage(new ChatRole(said.Role), said.Content))],
            targets,
            new ReasoningWish(
                settings.ShowsSteps && request.ShowReasoning is not false,
                request.MaxSteps ?? settings.MostSteps,
                prompt?.Content.System
            ),
            prompt,
            request.Temperature,
            request.MaxTokens
        );
        if (ReasoningService.TokensOf(question, model) >= model.Endpoint!.ContextWindowTokens)
        {
            return Problem.Invalid(
                request.Question is null ? "messages" : "question",
                $"{model.Name} reads at most {model.Endpoint.ContextWindowTokens} tokens. Leave something out, or choose a larger model."
            );
        }

        var isStreamed = request.Stream ?? ChatEndpoint.AcceptsOnlyEvents(http.Request);
        if (isStreamed && await streams.EnterAsync(http, principal) is { } busy)
        {
            return busy;
        }

        var traceId = FaultHandler.TraceIdOf(http);
        var stream = new EventStream<ReasoningEvent>(
            NotingFailure(
                reasoning.AskAsync(principal, question, cancellationToken),
                http.Features.Get<IdempotentAttempt>()
            ),
            happened => Render(happened, traceId),
            cancellationToken
        );
        http.Response.RegisterForDisposeAsync(stream);
        while (await stream.LookAheadAsync() is { } happened)
        {
            switch (happened)
            {
                case ReasoningEvent.Done done:
                    return TypedResults.Ok(done.Answer);
                case ReasoningEvent.Broken broken:
                    if (broken.Problem.Extensions.TryGetValue("resets_at", out var at) && at is DateTimeOffset resetsAt)
                    {
                        BudgetProblem.TellWhen(http, resetsAt, time.GetUtcNow());
                    }

                    return TypedResults.Problem(broken.Problem);
            }

            if (isStreamed)
            {
                break;
            }
        }

        // A stream outlives sign-outs, removals and changes of role; it must not outlive the right to it.
        http.Response.RegisterForDispose(standing.Guard(http, principal, Permission.Ask));
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(stream.RenderAsync(options.PingInterval, time, cancellationToken));
    }

    /// <summary>Null when it can be asked.</summary>
    private static ProblemHttpResult? Fault(Request request)
    {
        if (request.Question is null == request.Messages is null)
        {
            return Problem.Invalid("question", "Say either a question or messages.");
        }

        if (request.Question is { } question)
        {
            return string.IsNullOrWhiteSpace(question)
                ? Problem.Invalid("question", "Say what you want to know.")
                : null;
        }

        var messages = request.Messages!;
        if (messages.Length == 0 || messages[^1] is not { Role: "user" })
        {
            return Problem.Invalid("messages", "The last message must be the user's.");
        }

        if (messages.Skip(1).Any(said => said?.Role is "system"))
        {
            return Problem.Invalid("messages", "Only the first message may be the system's.");
        }

        return messages.Any(said =>
            said?.Role is not ("system" or "user" or "assistant") || string.IsNullOrEmpty(said.Content)
        )
            ? Problem.Invalid("messages", "Each takes a role (system, user or assistant) and content.")
            : null;
    }

    private static System.Net.ServerSentEvents.SseItem<object> Render(ReasoningEvent happened, string traceId) =>
        happened switch
        {
            ReasoningEvent.Reasoned reasoned => new(reasoned.Step, "reasoning"),
            ReasoningEvent.Text text => new(new AnswerStream.TextDelta(text.Delta), "text"),
            ReasoningEvent.Done done => new(done.Answer, "done"),
            ReasoningEvent.Broken broken => new(Models.ModelProblems.Complete(broken.Problem, traceId), "error"),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled event {happened}."),
        };

    /// <summary>What broke off is no success, whatever status was sent before it.</summary>
    private static async IAsyncEnumerable<ReasoningEvent> NotingFailure(
        IAsyncEnumerable<ReasoningEvent> events,
        IdempotentAttempt? attempt
    )
    {
        await foreach (var happened in events)
        {
            if (attempt is not null && happened is ReasoningEvent.Broken)
            {
                attempt.IsWorthKeeping = false;
            }

            yield return happened;
        }
    }
}
