using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Answers.Conversations;

/// <summary>A conversation as its owner sees it.</summary>
/// <param name="SessionId">The name that its owner gave it, unique among their own.</param>
/// <param name="Title">The first question, unless renamed.</param>
/// <param name="ResetAt">Messages up to here are not remembered; null when it was never reset.</param>
/// <param name="Match">Of a search: a part of the first message that holds the words; null when the title alone does.</param>
public sealed record Conversation(
    Guid Id,
    string SessionId,
    string Title,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? ResetAt,
    string? Match
);

/// <summary>What a question was about, and how it was to be answered. What is null was left open.</summary>
/// <param name="Reasoning">True where the model was to think step by step.</param>
public sealed record Asked(
    Guid[]? Documents,
    string[]? Tags,
    Guid[]? Collections,
    float? Temperature,
    int? MaxTokens,
    bool? Reasoning = null
);

/// <param name="ThreadId">
/// The first question at this place. A question with another id than its thread's took the place of an earlier one; the
/// last one and its answer count.
/// </param>
/// <param name="QuestionId">What an answer is to; a question has none.</param>
/// <param name="Role"><c>user</c> or <c>assistant</c>.</param>
/// <param name="Outcome">Of an answer; a question has none.</param>
/// <param name="Asked">Of a question; an answer has none.</param>
/// <param name="Remembered">False for what came before a reset.</param>
/// <param name="Withheld">
/// True for an answer that rests on a document that you may not read any more: its text and its citations are left out.
/// </param>
/// <param name="ReasoningSteps">
/// Of an answer, how the model came to it, where that was asked for and shown. Left out once you may not read one of the documents
/// that it had before it.
/// </param>
/// <param name="Feedback">Of an answer, what you think of it, where you said so.</param>
public sealed record Message(
    Guid Id,
    Guid ThreadId,
    Guid? QuestionId,
    [property: OneOf("MessageRole", "user", "assistant")] string Role,
    string Content,
    [property: OneOf(typeof(AnswerOutcome))] string? Outcome,
    string? Model,
    bool? Degraded,
    IReadOnlyList<Citation>? Citations,
    IReadOnlyList<string>? UnsupportedSentences,
    Asked? Asked,
    DateTimeOffset CreatedAt,
    bool Remembered,
    bool? Withheld = null,
    IReadOnlyList<ReasoningStep>? ReasoningSteps = null,
    MessageFeedback? Feedback = null
);

/// <summary>What whoever asked thinks of an answer.</summary>
/// <param name="Rating">up or down.</param>
/// <param name="Comment">Why, in their words.</param>
/// <param name="Shared">True where question and answer may become a question of a dataset.</param>
public sealed record MessageFeedback(
    [property: OneOf("AnswerRating", MessageFeedback.Up, MessageFeedback.Down)] string Rating,
    string? Comment,
    DateTimeOffset RatedAt,
    bool? Shared = null
)
{
    internal const string Up = "up";
    internal const string Down = "down";

    internal static string NameOf(bool isGood) => isGood ? Up : Down;
}

/// <summary>A question and its answer, as a model is told of them again.</summary>
/// <param name="ThreadId">Its place; null where a caller tells it.</param>
/// <param name="Documents">What the answer cites.</param>
public sealed record RememberedPair(string Question, string Answer, Guid? ThreadId = null, Guid[]? Documents = null);

/// <summary>What was said before, summed up.</summary>
/// <param name="Through">The last place that is in it.</param>
public sealed record EarlierSummary(string Text, Guid Through)
{
    /// <summary>What the answers in it cite.</summary>
    public IReadOnlyList<Guid> Documents { get; init; } = [];
}

/// <summary>Where an answer will be stored.</summary>
/// <param name="IsStored">False for a new one that gets its row with its first answer.</param>
/// <param name="Memory">Oldest first: what may be told again, and some before it.</param>
public sealed record OpenConversation(Guid Id, string SessionId, bool IsStored, IReadOnlyList<RememberedPair> Memory)
{
    /// <summary>Null where there is none, or none that counts for this question.</summary>
    public EarlierSummary? Earlier { get; init; }
}

/// <summary>A question and what became of it, to be stored.</summary>
/// <param name="ThreadId">The question whose place it takes; its own id when it takes none.</param>
public sealed record Exchange(
    Guid QuestionId,
    Guid ThreadId,
    Asked Asked,
    string Question,
    DateTimeOffset AskedAt,
    Guid AnswerId,
    string Answer,
    DateTimeOffset AnsweredAt,
    string Outcome,
    string Model,
    bool Degraded,
    IReadOnlyList<Citation> Citations,
    IReadOnlyList<string> Unsupported,
    object Usage
)
{
    /// <summary>Null where none was asked for, or it is not shown.</summary>
    public StoredReasoning? Reasoning { get; init; }
}

/// <summary>How a model came to an answer, as it is stored.</summary>
/// <param name="Documents">Those that it had before it: whoever may not read one does not get to see its thoughts.</param>
public sealed record StoredReasoning(IReadOnlyList<ReasoningStep>? Steps, IReadOnlyList<Guid>? Documents);
