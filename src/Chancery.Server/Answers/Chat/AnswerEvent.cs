using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.OpenApi;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Chat;

/// <summary>
/// What happens while a question is answered, in order: one Retrieved, then steps of reasoning, then texts and citations, then an end.
/// </summary>
public abstract record AnswerEvent
{
    private AnswerEvent() { }

    /// <summary>Always first. Nothing of the answer exists yet.</summary>
    public sealed record Retrieved(Retrieval Retrieval, double Milliseconds) : AnswerEvent
    {
        /// <summary>What was found, whole; best first.</summary>
        public IReadOnlyList<Passage> Passages { get; init; } = [];
    }

    /// <summary>A step of the model's reasoning, complete; before the text, and only where it was asked for and is shown.</summary>
    public sealed record Reasoned(ReasoningStep Step) : AnswerEvent;

    /// <summary>The next piece of the answer. A marker in it (<c>[1]</c>) stands for a citation that was verified.</summary>
    public sealed record Text(string Delta) : AnswerEvent;

    /// <summary>Follows the text that holds its marker.</summary>
    public sealed record Cited(Citation Citation) : AnswerEvent;

    /// <summary>Last: the whole answer, stored.</summary>
    public sealed record Done(ChatAnswer Answer) : AnswerEvent;

    /// <summary>Last: the answer broke off after some of it was shown. What there was is stored as partial.</summary>
    public sealed record Broken(ProblemDetails Problem) : AnswerEvent;
}

/// <param name="Mode"><c>hybrid</c> or <c>lexical</c>.</param>
/// <param name="Engine">Which engine found them: memory, or postgres.</param>
/// <param name="Note">Why only words were searched; null when hybrid.</param>
/// <param name="Passages">Best first: what the answer may rest on.</param>
/// <param name="QuestionId">The question as a message; a later one may take its place (<c>revises</c>).</param>
/// <param name="ThreadId">The first question at its place: itself, unless it revises another.</param>
public sealed record Retrieval(
    [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string Mode,
    [property: OneOf("SearchEngine", SearchEngines.Memory, SearchEngines.Postgres)] string Engine,
    string? Note,
    IReadOnlyList<PassageSummary> Passages,
    string SessionId,
    Guid ConversationId,
    Guid QuestionId,
    Guid ThreadId
);

/// <param name="Snippet">The passage's part that fits the question best, at most 240 characters.</param>
public sealed record PassageSummary(
    Guid Id,
    Guid DocumentId,
    int Version,
    string Title,
    string Path,
    string[] Tags,
    int Page,
    int Start,
    int End,
    double Score,
    string Snippet
);

/// <summary>A question's answer, whole.</summary>
/// <param name="Answer">Text with markers such as <c>[1]</c>, one for each place that a citation stands behind.</param>
/// <param name="Outcome">One of <see cref="AnswerOutcome"/>.</param>
/// <param name="Degraded">True when the model failed and quotes took its place; else left out.</param>
/// <param name="Truncated">True when the model stopped at the limit of tokens; else left out.</param>
/// <param name="UnsupportedSentences">Sentences of the answer that no passage was found to support.</param>
/// <param name="TraceId">Only with an apology: what to give the operator.</param>
/// <param name="Cached">
/// True when the model had answered the same from the same passages before and was not asked again, so that it took no tokens;
/// else left out. Citations are checked all the same.
/// </param>
/// <param name="Similarity">
/// Of an answer that was given to a question in other words: the cosine of both. Only where the operator switched that on.
/// </param>
/// <param name="ReasoningSteps">How the model came to it, where that was asked for and is shown; else left out.</param>
public sealed record ChatAnswer(
    string Answer,
    string SessionId,
    Guid ConversationId,
    Guid MessageId,
    string Model,
    [property: OneOf(typeof(AnswerOutcome))] string Outcome,
    bool? Degraded,
    bool? Truncated,
    IReadOnlyList<Citation> Citations,
    IReadOnlyList<string>? UnsupportedSentences,
    Retrieval Retrieval,
    TokenUsage Usage,
    AnswerTimings Timings,
    string? TraceId = null,
    bool? Cached = null,
    double? Similarity = null,
    IReadOnlyList<ReasoningStep>? ReasoningSteps = null
);

/// <summary>How an answer ended; as stored, and as the API says it.</summary>
public static class AnswerOutcome
{
    /// <summary>At least one citation stands.</summary>
    public const string Answered = "answered";

    /// <summary>The documents do not support an answer.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>Broken off after some of it was shown.</summary>
    public const string Partial = "partial";

    /// <summary>
    /// Stopped by a guard, because it would have told a secret or our own instructions. Never cached, no success in any count.
    /// </summary>
    public const string Blocked = "blocked";

    /// <summary>An apology. Never cached, no success in any count.</summary>
    public const string Failed = "failed";
}

/// <param name="Estimated">True when the model did not report its tokens; else left out.</param>
/// <param name="ReasoningTokens">Of the output, what went into thoughts, as far as the model told; else left out.</param>
public sealed record TokenUsage(
    long InputTokens,
    long OutputTokens,
    bool? Estimated = null,
    long? ReasoningTokens = null
)
{
    /// <param name="asked">Of the request, estimated; for a model that did not say.</param>
    /// <param name="said">Of all that was said, estimated.</param>
    internal static TokenUsage Of(UsageDetails? reported, long asked, long said) =>
        reported is { InputTokenCount: { } input, OutputTokenCount: { } output }
            ? new TokenUsage(
                input,
                output,
                ReasoningTokens: reported.ReasoningTokenCount is > 0 ? reported.ReasoningTokenCount : null
            )
            : new TokenUsage(asked, said, Estimated: true);
}

/// <param name="RetrievalMs">From the question to the passages.</param>
/// <param name="FirstTextMs">From the question to the first text that could be shown.</param>
/// <param name="ModelMs">From the passages to the end of the answer.</param>
/// <param name="TotalMs">All of it, without storing.</param>
public sealed record AnswerTimings(double RetrievalMs, double? FirstTextMs, double ModelMs, double TotalMs);
