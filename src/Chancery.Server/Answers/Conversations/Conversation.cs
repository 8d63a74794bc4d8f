using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Answers.Conversations;

/// <summary>A conversation as its owner sees it.</summary>
/// <param name="SessionId">The name that its owner gave it, unique among their own.</param>
/// <param name="Title">The first question, unless renamed.</param>
/// <param name="ResetAt">Messages up to here are not remembered; null when it was never reset.</param>
public sealed record Conversation(
    Guid Id,
    string SessionId,
    string Title,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? ResetAt
);

/// <param name="Role"><c>user</c> or <c>assistant</c>.</param>
/// <param name="Outcome">Of an answer; a question has none.</param>
/// <param name="Remembered">False for what came before a reset.</param>
public sealed record Message(
    Guid Id,
    [property: OneOf("MessageRole", "user", "assistant")] string Role,
    string Content,
    [property: OneOf(typeof(AnswerOutcome))] string? Outcome,
    string? Model,
    bool? Degraded,
    IReadOnlyList<Citation>? Citations,
    IReadOnlyList<string>? UnsupportedSentences,
    DateTimeOffset CreatedAt,
    bool Remembered
);

/// <summary>A question and its answer, as a model is told of them again.</summary>
public sealed record RememberedPair(string Question, string Answer);

/// <summary>Where an answer will be stored.</summary>
/// <param name="IsStored">False for a new one that gets its row with its first answer.</param>
/// <param name="Memory">Oldest first, at most 20 pairs.</param>
public sealed record OpenConversation(Guid Id, string SessionId, bool IsStored, IReadOnlyList<RememberedPair> Memory);

/// <summary>A question and what became of it, to be stored.</summary>
public sealed record Exchange(
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
);
