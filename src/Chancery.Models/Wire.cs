using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Models;

// What goes over the wire, and of an answer only what is read.

internal sealed record ChatRequest(string Model, IReadOnlyList<WireMessage> Messages)
{
    public bool? Stream { get; init; }
    public StreamOptions? StreamOptions { get; init; }
    public float? Temperature { get; init; }
    public float? TopP { get; init; }
    public int? MaxTokens { get; init; }
    public float? FrequencyPenalty { get; init; }
    public float? PresencePenalty { get; init; }
    public long? Seed { get; init; }
    public IList<string>? Stop { get; init; }
    public ResponseFormat? ResponseFormat { get; init; }
}

internal sealed record WireMessage(string Role, string Content);

internal sealed record StreamOptions(bool IncludeUsage);

internal sealed record ResponseFormat(string Type)
{
    public JsonSchemaFormat? JsonSchema { get; init; }
}

internal sealed record JsonSchemaFormat(string Name, JsonElement Schema, string? Description);

internal sealed record ChatAnswer
{
    public string? Id { get; init; }
    public string? Model { get; init; }
    public long? Created { get; init; }
    public IReadOnlyList<Choice>? Choices { get; init; }
    public WireUsage? Usage { get; init; }

    /// <summary>Either an object or a string, by provider.</summary>
    public JsonElement? Error { get; init; }
}

internal sealed record Choice
{
    public WireText? Message { get; init; }
    public WireText? Delta { get; init; }
    public string? FinishReason { get; init; }
}

internal sealed record WireText
{
    public string? Content { get; init; }
    public string? Refusal { get; init; }
    public string? ReasoningContent { get; init; }
}

internal sealed record WireUsage
{
    public long? PromptTokens { get; init; }
    public long? CompletionTokens { get; init; }
    public long? TotalTokens { get; init; }
    public PromptDetails? PromptTokensDetails { get; init; }
    public CompletionDetails? CompletionTokensDetails { get; init; }
}

internal sealed record PromptDetails(long? CachedTokens);

internal sealed record CompletionDetails(long? ReasoningTokens);

internal sealed record EmbeddingRequest(string Model, IReadOnlyList<string> Input)
{
    public int? Dimensions { get; init; }
    public string? InputType { get; init; }
    public bool? Truncate { get; init; }
    public bool? InProcess { get; init; }
}

internal sealed record EmbeddingAnswer
{
    public IReadOnlyList<EmbeddingRow>? Data { get; init; }
    public WireUsage? Usage { get; init; }
    public JsonElement? Error { get; init; }
}

internal sealed record EmbeddingRow(int Index, float[]? Embedding);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatAnswer))]
[JsonSerializable(typeof(EmbeddingRequest))]
[JsonSerializable(typeof(EmbeddingAnswer))]
internal sealed partial class Wire : JsonSerializerContext;
