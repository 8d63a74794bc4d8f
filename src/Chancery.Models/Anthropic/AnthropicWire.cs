using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

// Of an answer only what is read. An event of a stream and a whole message share their outer shape.

internal sealed record AnthropicEvent
{
    /// <summary>Of an event its name; of a whole answer <c>message</c>; of a failure <c>error</c>.</summary>
    public string? Type { get; init; }
    public int? Index { get; init; }
    public AnthropicEvent? Message { get; init; }
    public AnthropicBlock? ContentBlock { get; init; }
    public AnthropicDelta? Delta { get; init; }
    public JsonElement? Error { get; init; }

    public string? Id { get; init; }
    public string? Model { get; init; }
    public IReadOnlyList<AnthropicBlock>? Content { get; init; }
    public string? StopReason { get; init; }
    public AnthropicUsage? Usage { get; init; }
}

internal sealed record AnthropicBlock
{
    public string? Type { get; init; }
    public string? Text { get; init; }
    public string? Thinking { get; init; }
    public string? Signature { get; init; }
    public string? Data { get; init; }
    public string? Id { get; init; }
    public string? Name { get; init; }
    public JsonElement? Input { get; init; }
}

internal sealed record AnthropicDelta
{
    public string? Type { get; init; }
    public string? Text { get; init; }
    public string? Thinking { get; init; }
    public string? Signature { get; init; }
    public string? PartialJson { get; init; }
    public string? StopReason { get; init; }
}

/// <summary>Anthropic's <c>input_tokens</c> are only those that no cache had to do with.</summary>
internal sealed record AnthropicUsage
{
    [JsonConverter(typeof(LenientCount))]
    public long? InputTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? OutputTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? CacheReadInputTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? CacheCreationInputTokens { get; init; }
    public AnthropicCacheCreation? CacheCreation { get; init; }

    /// <summary>This report over an earlier one of the same answer: what it does not say stands as it was.</summary>
    public AnthropicUsage Over(AnthropicUsage? earlier) =>
        earlier is null
            ? this
            : new AnthropicUsage
            {
                InputTokens = Later(InputTokens, earlier.InputTokens),
                OutputTokens = Later(OutputTokens, earlier.OutputTokens),
                CacheReadInputTokens = Later(CacheReadInputTokens, earlier.CacheReadInputTokens),
                CacheCreationInputTokens = Later(CacheCreationInputTokens, earlier.CacheCreationInputTokens),
                CacheCreation = CacheCreation ?? earlier.CacheCreation,
            };

    /// <summary>Some who imitate the protocol say zero for what they have said before.</summary>
    private static long? Later(long? later, long? earlier) => later is > 0 ? later : earlier ?? later;

    /// <summary>As the rest of the product counts: all input in one figure, and of it what the cache had to do with.</summary>
    public UsageDetails Details()
    {
        var hour = CacheCreation?.Ephemeral1hInputTokens ?? 0;
        var minutes = CacheCreation?.Ephemeral5mInputTokens ?? Math.Max(0, (CacheCreationInputTokens ?? 0) - hour);
        var input =
            InputTokens is null && CacheReadInputTokens is null && minutes + hour == 0
                ? (long?)null
                : (InputTokens ?? 0) + (CacheReadInputTokens ?? 0) + minutes + hour;
        var details = new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = OutputTokens,
            TotalTokenCount = input + OutputTokens,
            CachedInputTokenCount = CacheReadInputTokens,
        };
        if (minutes > 0)
            (details.AdditionalCounts ??= [])[AnswerProperties.CacheWriteTokens] = minutes;
        if (hour > 0)
            (details.AdditionalCounts ??= [])[AnswerProperties.CacheWriteHourTokens] = hour;
        return details;
    }
}

internal sealed record AnthropicCacheCreation
{
    [JsonPropertyName("ephemeral_5m_input_tokens"), JsonConverter(typeof(LenientCount))]
    public long? Ephemeral5mInputTokens { get; init; }

    [JsonPropertyName("ephemeral_1h_input_tokens"), JsonConverter(typeof(LenientCount))]
    public long? Ephemeral1hInputTokens { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AnthropicEvent))]
internal sealed partial class AnthropicWire : JsonSerializerContext;
