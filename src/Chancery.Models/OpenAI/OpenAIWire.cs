using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Models;

// Of an answer only what is read.

internal sealed record ChatAnswer
{
    public string? Id { get; init; }
    public string? Model { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? Created { get; init; }
    public IReadOnlyList<Choice>? Choices { get; init; }
    public WireUsage? Usage { get; init; }

    /// <summary>Where Groq puts the usage of a stream that was not asked for it.</summary>
    public GroqExtras? XGroq { get; init; }

    /// <summary>Either an object or a string, by provider.</summary>
    public JsonElement? Error { get; init; }
}

internal sealed record GroqExtras(WireUsage? Usage);

internal sealed record Choice
{
    public int? Index { get; init; }
    public WireText? Message { get; init; }
    public WireText? Delta { get; init; }
    public string? FinishReason { get; init; }
    public JsonElement? Logprobs { get; init; }

    /// <summary>Where OpenRouter puts the failure of the provider behind it.</summary>
    public JsonElement? Error { get; init; }
}

internal sealed record WireText
{
    [JsonConverter(typeof(TextOrPartsConverter))]
    public TextOrParts? Content { get; init; }
    public string? Refusal { get; init; }

    /// <summary>As DeepSeek, vLLM and llama.cpp name it.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>As OpenRouter, Groq and Ollama name it.</summary>
    public string? Reasoning { get; init; }
    public IReadOnlyList<WireToolCall>? ToolCalls { get; init; }
}

internal sealed record WireToolCall(int? Index, string? Id, WireFunction? Function);

internal sealed record WireFunction(string? Name)
{
    [JsonConverter(typeof(TextOrJsonConverter))]
    public string? Arguments { get; init; }
}

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
[JsonSerializable(typeof(ChatAnswer))]
[JsonSerializable(typeof(EmbeddingRequest))]
[JsonSerializable(typeof(EmbeddingAnswer))]
internal sealed partial class OpenAIWire : JsonSerializerContext;
