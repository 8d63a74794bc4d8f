using Chancery.Server.Answers.Citing;

namespace Chancery.Server.Answers.Sharing;

/// <summary>A link by which everybody in the organisation can read a conversation as it was.</summary>
/// <param name="Url">The page that shows it.</param>
public sealed record Share(Guid Id, Guid ConversationId, string Title, DateTimeOffset CreatedAt, string Url);

/// <summary>A shared conversation as one reader sees it.</summary>
/// <param name="SharedBy">Their name when they shared it.</param>
/// <param name="IsMine">Whether the reader shared it, and can take it back.</param>
/// <param name="Turns">In order; of a question that was asked again, the last.</param>
public sealed record SharedConversation(
    Guid Id,
    string Title,
    string SharedBy,
    DateTimeOffset CreatedAt,
    bool IsMine,
    IReadOnlyList<SharedTurn> Turns
);

/// <summary>A question and its answer. Stored as JSON: a member is added only with a default.</summary>
/// <param name="Answer">Left out when it is withheld.</param>
/// <param name="Withheld">True when the answer rests on a document that the reader may not read, or that is gone.</param>
public sealed record SharedTurn(
    string Question,
    DateTimeOffset AskedAt,
    string? Answer,
    string Outcome,
    string? Model,
    bool? Degraded,
    IReadOnlyList<Citation>? Citations,
    IReadOnlyList<string>? UnsupportedSentences,
    bool? Withheld = null
);
