using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Names under which answers carry what Microsoft.Extensions.AI has no property for.</summary>
public static class AnswerProperties
{
    /// <summary>
    /// On an update or a response: the log probabilities of its tokens as the provider wrote them, a
    /// <see cref="System.Text.Json.JsonElement"/>. Ask for them by options of the names <c>logprobs</c> and
    /// <c>top_logprobs</c>.
    /// </summary>
    public const string LogProbabilities = "logprobs";

    /// <summary>On an update or a response, <see langword="true"/> where its text is the model's refusal.</summary>
    public const string Refusal = "refusal";

    /// <summary>
    /// On an update: the <see cref="UsageDetails"/> reported so far, for a caller that may have to leave before the end. Each
    /// takes the place of the one before; the last is the same as the <see cref="UsageContent"/> of the stream.
    /// </summary>
    public const string UsageSoFar = "usage_so_far";

    /// <summary>
    /// On a content: the provider's proof, a string, that it wrote this reasoning or this tool call. Anthropic and Gemini want
    /// it back unchanged in the next turn.
    /// </summary>
    public const string Signature = "signature";

    /// <summary>In <see cref="UsageDetails.AdditionalCounts"/>: input tokens written to the provider's cache for minutes.</summary>
    public const string CacheWriteTokens = "cache_write_tokens";

    /// <summary>In <see cref="UsageDetails.AdditionalCounts"/>: input tokens written to the provider's cache for an hour.</summary>
    public const string CacheWriteHourTokens = "cache_write_1h_tokens";

    /// <summary>In <see cref="UsageDetails.AdditionalCounts"/>: tokens of audio among those of the input.</summary>
    public const string InputAudioTokens = "input_audio_tokens";

    /// <summary>In <see cref="UsageDetails.AdditionalCounts"/>: tokens of audio among those of the output.</summary>
    public const string OutputAudioTokens = "output_audio_tokens";
}
