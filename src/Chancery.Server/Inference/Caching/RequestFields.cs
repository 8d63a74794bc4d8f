using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Caching;

/// <summary>How each part of a request counts for the key of its answer.</summary>
/// <remarks>
/// A test walks the properties of the types: one that is not named here fails it, so that nobody adds what could change an answer
/// without saying so.
/// </remarks>
internal static class RequestFields
{
    public enum Use
    {
        /// <summary>Another value is another key.</summary>
        InKey,

        /// <summary>A request that has it is never answered from a cache.</summary>
        Never,

        /// <summary>Does not reach the model, or says nothing that is not said by another field.</summary>
        Irrelevant,
    }

    public static IReadOnlyDictionary<string, Use> Options { get; } =
        new Dictionary<string, Use>
        {
            [nameof(ChatOptions.Temperature)] = Use.InKey,
            [nameof(ChatOptions.TopP)] = Use.InKey,
            [nameof(ChatOptions.TopK)] = Use.InKey,
            [nameof(ChatOptions.FrequencyPenalty)] = Use.InKey,
            [nameof(ChatOptions.PresencePenalty)] = Use.InKey,
            [nameof(ChatOptions.Seed)] = Use.InKey,
            [nameof(ChatOptions.MaxOutputTokens)] = Use.InKey,
            [nameof(ChatOptions.StopSequences)] = Use.InKey,
            [nameof(ChatOptions.ResponseFormat)] = Use.InKey,
            [nameof(ChatOptions.Reasoning)] = Use.InKey,
            [nameof(ChatOptions.Instructions)] = Use.InKey,
            [nameof(ChatOptions.AdditionalProperties)] = Use.InKey,
            // An answer may be a call of one, which acts.
            [nameof(ChatOptions.Tools)] = Use.Never,
            // What a provider keeps of it is not in the request.
            [nameof(ChatOptions.ConversationId)] = Use.Never,
            [nameof(ChatOptions.ContinuationToken)] = Use.Never,
            [nameof(ChatOptions.RawRepresentationFactory)] = Use.Never,
            [nameof(ChatOptions.AllowBackgroundResponses)] = Use.Never,
            // Without tools both say nothing.
            [nameof(ChatOptions.ToolMode)] = Use.Irrelevant,
            [nameof(ChatOptions.AllowMultipleToolCalls)] = Use.Irrelevant,
            // The endpoint's is sent, and in the key.
            [nameof(ChatOptions.ModelId)] = Use.Irrelevant,
        };

    public static IReadOnlyDictionary<string, Use> Messages { get; } =
        new Dictionary<string, Use>
        {
            [nameof(ChatMessage.Role)] = Use.InKey,
            [nameof(ChatMessage.AuthorName)] = Use.InKey,
            [nameof(ChatMessage.Contents)] = Use.InKey,
            [nameof(ChatMessage.AdditionalProperties)] = Use.Never,
            // All texts of the contents, once more.
            [nameof(ChatMessage.Text)] = Use.Irrelevant,
            // None of them is sent.
            [nameof(ChatMessage.MessageId)] = Use.Irrelevant,
            [nameof(ChatMessage.CreatedAt)] = Use.Irrelevant,
            [nameof(ChatMessage.RawRepresentation)] = Use.Irrelevant,
        };

    /// <summary>False where the request is never answered from a cache.</summary>
    public static bool Add(KeyHash hash, ChatOptions options)
    {
        if (
            options.Tools is { Count: > 0 }
            || options.ConversationId is not null
            || options.ContinuationToken is not null
            || options.RawRepresentationFactory is not null
            || options.AllowBackgroundResponses is not null
        )
        {
            return false;
        }

        hash.Add("temperature", options.Temperature)
            .Add("top_p", options.TopP)
            .Add("top_k", options.TopK)
            .Add("frequency_penalty", options.FrequencyPenalty)
            .Add("presence_penalty", options.PresencePenalty)
            .Add("seed", options.Seed)
            .Add("max_tokens", options.MaxOutputTokens)
            .Add("instructions", options.Instructions)
            .Add("reasoning effort", options.Reasoning?.Effort?.ToString())
            .Add("reasoning output", options.Reasoning?.Output?.ToString())
            .Add("stops", options.StopSequences?.Count);
        foreach (var stop in options.StopSequences ?? [])
        {
            hash.Add("stop", stop);
        }

        return Add(hash, options.ResponseFormat) && Add(hash, options.AdditionalProperties);
    }

    /// <summary>False where the request is never answered from a cache.</summary>
    /// <param name="characters">Grows by what the message holds.</param>
    public static bool Add(KeyHash hash, ChatMessage message, string? boundary, ref long characters)
    {
        if (message.AdditionalProperties is { Count: > 0 })
        {
            return false;
        }

        hash.Add("role", message.Role.Value).Add("author", message.AuthorName).Add("contents", message.Contents.Count);
        foreach (var content in message.Contents)
        {
            if (!Add(hash, content.AdditionalProperties))
            {
                return false;
            }

            switch (content)
            {
                case TextContent text:
                    characters += text.Text.Length;
                    hash.Add(
                        "text",
                        boundary is null
                            ? text.Text
                            : text.Text.Replace(boundary, "{boundary}", StringComparison.Ordinal)
                    );
                    break;
                case DataContent data:
                    characters += data.Data.Length;
                    hash.Add("media type", data.MediaType).Add("data", data.Data.Span);
                    break;
                // What a link leads to, a call or its result, a thought with its proof: the answer may rest on what is not in it.
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool Add(KeyHash hash, ChatResponseFormat? format)
    {
        switch (format)
        {
            case null or ChatResponseFormatText:
                hash.Add("format", format is null ? null : "text");
                return true;
            case ChatResponseFormatJson json:
                hash.Add("format", "json")
                    .Add("schema", json.Schema?.GetRawText())
                    .Add("schema name", json.SchemaName)
                    .Add("schema description", json.SchemaDescription);
                return true;
            default:
                return false;
        }
    }

    private static bool Add(KeyHash hash, AdditionalPropertiesDictionary? properties)
    {
        hash.Add("properties", properties?.Count ?? 0);
        foreach (var (name, value) in (properties ?? []).OrderBy(property => property.Key, StringComparer.Ordinal))
        {
            switch (value)
            {
                case null or string or bool or int or long or float or double or decimal or JsonElement:
                    hash.Add(name, JsonSerializer.SerializeToUtf8Bytes(value));
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
