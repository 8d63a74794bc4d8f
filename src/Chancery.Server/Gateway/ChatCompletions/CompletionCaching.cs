using System.Text;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>Chat completions in the cache of answers: which members of a request count, and what of an answer is kept.</summary>
internal static class CompletionCaching
{
    /// <summary>A request that has one of them is never answered from the cache, unless it says nothing.</summary>
    internal static readonly HashSet<string> Never =
    [
        // An answer may be a call of one, which acts.
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "web_search_options",
        // What is kept of an answer is its text.
        "logprobs",
        "top_logprobs",
        "audio",
        "modalities",
        "prediction",
        // The provider is to keep it.
        "store",
    ];

    /// <summary>They make no other answer: how it is told, whose abuse it would be, and what is in the key by another name.</summary>
    internal static readonly HashSet<string> Irrelevant =
    [
        "model",
        "provider",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "service_tier",
        "metadata",
        "parallel_tool_calls",
    ];

    /// <summary>Whatever else there is stands in the key, byte for byte, known here or not.</summary>
    public static CacheWish<RelayPart> WishOf(
        RequestCaching caching,
        ChatRequestBody body,
        ChatModel model,
        TimeProvider time
    )
    {
        var key =
            body.Choices != 1
            || body.Members.Any(member =>
                (Never.Contains(member.Key) && SaysSomething(member.Value))
                || (member.Key == "messages" && !AreSelfContained(member.Value))
            )
                ? null
                : AnswerCacheKey.Of(
                    caching.Space,
                    model,
                    body.Members.Where(member => !Irrelevant.Contains(member.Key) && !Never.Contains(member.Key)),
                    body.LimitFor(model)
                );
        return new CacheWish<RelayPart>(key, new Codec(body.IsStreamed, time), caching.Freshness);
    }

    /// <summary>Whether the messages say all there is: no results of tools, and nothing that stands elsewhere and may change there.</summary>
    /// <param name="member"><c>"messages": […]</c>, with its name.</param>
    private static bool AreSelfContained(ReadOnlyMemory<byte> member)
    {
        using var messages = JsonDocument.Parse(member[(member.Span.IndexOf((byte)':') + 1)..]);
        return messages.RootElement.ValueKind is JsonValueKind.Array
            && messages.RootElement.EnumerateArray().All(IsSelfContained);
    }

    private static bool IsSelfContained(JsonElement message) =>
        message.ValueKind is JsonValueKind.Object
        && !(message.TryGetProperty("role", out var role) && TextOf(role) is "tool" or "function")
        && !IsSaid(message, "tool_calls")
        && !IsSaid(message, "function_call")
        && (
            !message.TryGetProperty("content", out var content)
            || content.ValueKind is JsonValueKind.String or JsonValueKind.Null
            || (content.ValueKind is JsonValueKind.Array && content.EnumerateArray().All(IsSelfContainedPart))
        );

    private static bool IsSelfContainedPart(JsonElement part) =>
        part.ValueKind is JsonValueKind.Object
        && part.TryGetProperty("type", out var type)
        && (
            TextOf(type) is "text"
            || (
                TextOf(type) is "image_url"
                && part.TryGetProperty("image_url", out var image)
                && image.ValueKind is JsonValueKind.Object
                && image.TryGetProperty("url", out var url)
                && TextOf(url)?.StartsWith("data:", StringComparison.OrdinalIgnoreCase) is true
            )
        );

    private static bool IsSaid(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null;

    private static string? TextOf(JsonElement value) =>
        value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <param name="member"><c>"tools": []</c>, with its name.</param>
    private static bool SaysSomething(ReadOnlyMemory<byte> member)
    {
        var reader = new Utf8JsonReader(member.Span[(member.Span.IndexOf((byte)':') + 1)..]);
        return reader.Read()
            && reader.TokenType switch
            {
                JsonTokenType.Null or JsonTokenType.False => false,
                JsonTokenType.StartArray => reader.Read() && reader.TokenType is not JsonTokenType.EndArray,
                _ => true,
            };
    }

    private sealed class Codec(bool isStreamed, TimeProvider time) : IAnswerCodec<RelayPart>
    {
        public IAnswerReading<RelayPart> Begin() => new Reading(isStreamed ? "delta" : "message");

        public IEnumerable<RelayPart> Replay(CachedAnswer answer)
        {
            var updates = UpdateCodec.Instance.Replay(answer);
            var model = answer.ResponseModel ?? answer.Model;
            if (!isStreamed)
            {
                return [CompletionWriter.Whole(updates.ToChatResponse(), time)];
            }

            var writer = new CompletionWriter(model, time);
            return updates.SelectMany(writer.Parts);
        }
    }

    /// <param name="where">What a choice has its text in: <c>delta</c> or <c>message</c>.</param>
    private sealed class Reading(string where) : IAnswerReading<RelayPart>
    {
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _reasoning = new();

        public bool Take(RelayPart part)
        {
            using var document = JsonDocument.Parse(part.Json);
            if (
                !document.RootElement.TryGetProperty("choices", out var choices)
                || choices.ValueKind is not JsonValueKind.Array
            )
            {
                return true;
            }

            foreach (var choice in choices.EnumerateArray())
            {
                if (choice.ValueKind is not JsonValueKind.Object)
                {
                    return false;
                }

                if (choice.TryGetProperty("logprobs", out var logprobs) && logprobs.ValueKind is not JsonValueKind.Null)
                {
                    return false;
                }

                if (
                    choice.TryGetProperty(where, out var said)
                    && said.ValueKind is not JsonValueKind.Null
                    && !Take(said)
                )
                {
                    return false;
                }
            }

            return _text.Length + _reasoning.Length <= CachedAnswer.LongestText;
        }

        public (string Text, string? Reasoning) Read() =>
            (_text.ToString(), _reasoning.Length == 0 ? null : _reasoning.ToString());

        /// <summary>False where it says anything but text and thoughts.</summary>
        private bool Take(JsonElement said)
        {
            foreach (var member in said.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "role":
                        break;
                    case "content" when member.Value.ValueKind is JsonValueKind.String:
                        _text.Append(member.Value.GetString());
                        break;
                    case "reasoning_content" or "reasoning" when member.Value.ValueKind is JsonValueKind.String:
                        _reasoning.Append(member.Value.GetString());
                        break;
                    default:
                        if (
                            member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Array)
                            || IsFilled(member.Value)
                        )
                        {
                            return false;
                        }

                        break;
                }
            }

            return true;
        }

        private static bool IsFilled(JsonElement value) =>
            value.ValueKind is JsonValueKind.Array && value.GetArrayLength() > 0;
    }
}
