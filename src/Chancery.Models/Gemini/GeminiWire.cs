using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

// Of an answer only what is read; each event of a stream has its shape.

internal sealed record GeminiReply
{
    public string? ResponseId { get; init; }
    public string? ModelVersion { get; init; }
    public IReadOnlyList<GeminiCandidate>? Candidates { get; init; }
    public GeminiFeedback? PromptFeedback { get; init; }
    public GeminiUsage? UsageMetadata { get; init; }
    public JsonElement? Error { get; init; }
}

internal sealed record GeminiCandidate
{
    public int? Index { get; init; }
    public GeminiContent? Content { get; init; }
    public string? FinishReason { get; init; }
    public JsonElement? LogprobsResult { get; init; }
}

internal sealed record GeminiContent(IReadOnlyList<GeminiPart>? Parts);

internal sealed record GeminiPart
{
    public string? Text { get; init; }
    public bool? Thought { get; init; }
    public string? ThoughtSignature { get; init; }
    public GeminiCall? FunctionCall { get; init; }
    public GeminiData? InlineData { get; init; }
}

internal sealed record GeminiCall(string? Id, string? Name, JsonElement? Args);

internal sealed record GeminiData(string? MimeType, string? Data);

internal sealed record GeminiFeedback(string? BlockReason);

/// <summary>Sums so far. Thoughts are counted beside the answer, cached tokens inside the prompt.</summary>
internal sealed record GeminiUsage
{
    [JsonConverter(typeof(LenientCount))]
    public long? PromptTokenCount { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? CandidatesTokenCount { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? ThoughtsTokenCount { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? CachedContentTokenCount { get; init; }

    /// <summary>What tools on Google's side read into the prompt.</summary>
    [JsonConverter(typeof(LenientCount))]
    public long? ToolUsePromptTokenCount { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? TotalTokenCount { get; init; }

    /// <summary>As the rest of the product counts; <see langword="null"/> where nothing is counted.</summary>
    public UsageDetails? Details()
    {
        if (PromptTokenCount is null && CandidatesTokenCount is null && ThoughtsTokenCount is null)
            return null;

        var input = PromptTokenCount + (ToolUsePromptTokenCount ?? 0);
        var output =
            CandidatesTokenCount is null && ThoughtsTokenCount is null
                ? (long?)null
                : (CandidatesTokenCount ?? 0) + (ThoughtsTokenCount ?? 0);
        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = TotalTokenCount ?? input + output,
            CachedInputTokenCount = CachedContentTokenCount,
            ReasoningTokenCount = ThoughtsTokenCount,
        };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GeminiReply))]
internal sealed partial class GeminiWire : JsonSerializerContext;
