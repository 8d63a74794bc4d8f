using Chancery.Models;

namespace Chancery.Server.Answers.Models;

/// <summary>Something that answers questions.</summary>
/// <param name="Id">What a request names; unique without regard to case.</param>
/// <param name="Name">For people.</param>
/// <param name="Endpoint">Null for the built-in extractive answerer.</param>
public sealed record AnswerModel(string Id, string Name, ModelEndpoint? Endpoint)
{
    public const string ExtractiveId = "extractive";

    /// <summary>Quotes sentences; needs no model, no key and no network.</summary>
    public static AnswerModel Extractive { get; } = new(ExtractiveId, "Quotes from your documents", null);

    public bool IsExtractive => Endpoint is null;

    public string Kind => IsExtractive ? "extractive" : "openai-compatible";
}
