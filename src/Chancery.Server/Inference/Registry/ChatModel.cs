using Chancery.Models;

namespace Chancery.Server.Answers.Models;

/// <summary>Something that answers questions.</summary>
/// <param name="Id">What a request names; unique without regard to case.</param>
/// <param name="Name">For people.</param>
/// <param name="Endpoint">Null for the built-in extractive answerer.</param>
/// <param name="Provider">The known provider that it is of; null for others.</param>
/// <param name="IsOwnKey">Whether the endpoint's key is the asking person's own.</param>
public sealed record AnswerModel(
    string Id,
    string Name,
    ModelEndpoint? Endpoint,
    string? Provider = null,
    bool IsOwnKey = false
)
{
    /// <summary>The answer gets at most this share of a model's window.</summary>
    private const int OutputShare = 4;

    public const string ExtractiveId = "extractive";

    /// <summary>Quotes sentences; needs no model, no key and no network.</summary>
    public static AnswerModel Extractive { get; } = new(ExtractiveId, "Quotes from your documents", null);

    public bool IsExtractive => Endpoint is null;

    /// <summary>The most tokens that an answer may be given; null where nothing counts them.</summary>
    public int? MaxOutputTokens => Endpoint?.ContextWindowTokens / OutputShare;

    public string Kind => IsExtractive ? "extractive" : "openai-compatible";
}
