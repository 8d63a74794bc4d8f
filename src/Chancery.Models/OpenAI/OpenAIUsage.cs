using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>The <c>usage</c> of an answer, in the dialects of the providers.</summary>
internal sealed record WireUsage
{
    [JsonConverter(typeof(LenientCount))]
    public long? PromptTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? CompletionTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? TotalTokens { get; init; }

    /// <summary>How DeepSeek names what others call cached tokens.</summary>
    [JsonConverter(typeof(LenientCount))]
    public long? PromptCacheHitTokens { get; init; }
    public PromptDetails? PromptTokensDetails { get; init; }
    public CompletionDetails? CompletionTokensDetails { get; init; }

    /// <summary>As the rest of the product counts; <see langword="null"/> where nothing is counted.</summary>
    public UsageDetails? Details()
    {
        if (PromptTokens is null && CompletionTokens is null)
            return null;

        var reasoning = CompletionTokensDetails?.ReasoningTokens;
        var output = CompletionTokens;
        // xAI counts reasoning beside the answer; with us, as with OpenAI, it is inside.
        if (reasoning > 0 && TotalTokens is { } sum && sum == PromptTokens + CompletionTokens + reasoning)
            output += reasoning;

        var details = new UsageDetails
        {
            InputTokenCount = PromptTokens,
            OutputTokenCount = output,
            TotalTokenCount = TotalTokens ?? PromptTokens + output,
            CachedInputTokenCount = PromptTokensDetails?.CachedTokens ?? PromptCacheHitTokens,
            ReasoningTokenCount = reasoning,
        };
        Count(details, AnswerProperties.CacheWriteTokens, PromptTokensDetails?.CacheWriteTokens);
        Count(details, AnswerProperties.InputAudioTokens, PromptTokensDetails?.AudioTokens);
        Count(details, AnswerProperties.OutputAudioTokens, CompletionTokensDetails?.AudioTokens);
        return details;
    }

    private static void Count(UsageDetails details, string name, long? count)
    {
        if (count > 0)
            (details.AdditionalCounts ??= [])[name] = count.Value;
    }
}

internal sealed record PromptDetails
{
    [JsonConverter(typeof(LenientCount))]
    public long? CachedTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? AudioTokens { get; init; }

    /// <summary>Inside the prompt's tokens; told by OpenRouter.</summary>
    [JsonConverter(typeof(LenientCount))]
    public long? CacheWriteTokens { get; init; }
}

internal sealed record CompletionDetails
{
    [JsonConverter(typeof(LenientCount))]
    public long? ReasoningTokens { get; init; }

    [JsonConverter(typeof(LenientCount))]
    public long? AudioTokens { get; init; }
}
