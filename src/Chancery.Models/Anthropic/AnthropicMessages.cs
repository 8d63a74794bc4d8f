using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Writes the turns of a conversation. The system's words go apart, wherever they stand; messages that follow each other in
/// one role become one turn, as the results of several tools have to.
/// </summary>
internal static class AnthropicMessages
{
    private const string OnlyJson = "Answer with one JSON object and nothing else.";

    private static readonly ChatRole Developer = new("developer");

    public static void WriteSystem(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        var isOpen = false;
        if (!string.IsNullOrEmpty(options?.Instructions))
            WriteText(new TextContent(options.Instructions));
        foreach (var message in messages)
        {
            if (!IsSystem(message))
                continue;
            foreach (var content in message.Contents)
            {
                if (content is not TextContent text)
                    throw Unsupported(content);
                if (text.Text.Length > 0)
                    WriteText(text);
            }
        }

        // The protocol has a word only for an answer with a schema.
        if (options?.ResponseFormat is ChatResponseFormatJson { Schema: null })
            WriteText(new TextContent(OnlyJson));
        if (isOpen)
            json.WriteEndArray();

        void WriteText(TextContent text)
        {
            if (!isOpen)
                json.WriteStartArray("system");
            isOpen = true;
            AnthropicMessages.WriteText(json, text);
        }
    }

    public static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        json.WriteStartArray();
        string? open = null;
        foreach (var message in messages)
        {
            if (IsSystem(message))
                continue;
            var role = message.Role == ChatRole.Assistant ? "assistant" : "user";
            foreach (var content in message.Contents)
            {
                if (IsNothing(content))
                    continue;
                if (role != open)
                {
                    Close();
                    json.WriteStartObject();
                    json.WriteString("role", role);
                    json.WriteStartArray("content");
                    open = role;
                }

                WriteContent(json, content);
            }
        }

        Close();
        json.WriteEndArray();

        void Close()
        {
            if (open is null)
                return;
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static bool IsSystem(ChatMessage message) => message.Role == ChatRole.System || message.Role == Developer;

    /// <summary>Empty texts are refused, and reasoning is taken only with the signature of who wrote it.</summary>
    private static bool IsNothing(AIContent content) =>
        content switch
        {
            TextContent text => string.IsNullOrWhiteSpace(text.Text),
            TextReasoningContent thought => Signature(thought) is null && thought.ProtectedData is null,
            UsageContent or ToolCallDelta => true,
            _ => false,
        };

    private static void WriteContent(Utf8JsonWriter json, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                WriteText(json, text);
                break;
            case TextReasoningContent thought:
                WriteThought(json, thought);
                break;
            case DataContent data when data.HasTopLevelMediaType("image") || data.MediaType is "application/pdf":
                StartBlock(json, data.MediaType is "application/pdf" ? "document" : "image");
                json.WriteStartObject("source");
                json.WriteString("type", "base64");
                json.WriteString("media_type", data.MediaType);
                json.WriteString("data", data.Base64Data.Span);
                json.WriteEndObject();
                EndBlock(json, content);
                break;
            case UriContent address
                when address.HasTopLevelMediaType("image") || address.MediaType is "application/pdf":
                StartBlock(json, address.MediaType is "application/pdf" ? "document" : "image");
                json.WriteStartObject("source");
                json.WriteString("type", "url");
                json.WriteString("url", address.Uri.AbsoluteUri);
                json.WriteEndObject();
                EndBlock(json, content);
                break;
            case FunctionCallContent call:
                StartBlock(json, "tool_use");
                json.WriteString("id", call.CallId);
                json.WriteString("name", call.Name);
                json.WritePropertyName("input");
                WriteInput(json, call);
                EndBlock(json, content);
                break;
            case FunctionResultContent result:
                StartBlock(json, "tool_result");
                json.WriteString("tool_use_id", result.CallId);
                json.WriteString("content", ToolText.Result(result));
                if (result.Exception is not null)
                    json.WriteBoolean("is_error", true);
                EndBlock(json, content);
                break;
            default:
                throw Unsupported(content);
        }
    }

    private static void WriteText(Utf8JsonWriter json, TextContent text)
    {
        StartBlock(json, "text");
        json.WriteString("text", text.Text);
        EndBlock(json, text);
    }

    private static void WriteThought(Utf8JsonWriter json, TextReasoningContent thought)
    {
        if (Signature(thought) is { } signature)
        {
            StartBlock(json, "thinking");
            json.WriteString("thinking", thought.Text);
            json.WriteString("signature", signature);
        }
        else
        {
            StartBlock(json, "redacted_thinking");
            json.WriteString("data", thought.ProtectedData);
        }

        json.WriteEndObject();
    }

    /// <summary>Arguments that the model wrote badly are sent as none: the protocol takes only an object.</summary>
    private static void WriteInput(Utf8JsonWriter json, FunctionCallContent call)
    {
        try
        {
            using var input = JsonDocument.Parse(ToolText.Arguments(call));
            if (input.RootElement.ValueKind is JsonValueKind.Object)
            {
                input.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // Told to the model by the result of the tool.
        }

        json.WriteStartObject();
        json.WriteEndObject();
    }

    private static string? Signature(TextReasoningContent thought) =>
        thought.AdditionalProperties?.TryGetValue(AnswerProperties.Signature, out string? signature) is true ? signature
        // Pieces of a stream that were put together keep it only here.
        : thought.Text.Length > 0 ? thought.ProtectedData
        : null;

    private static void StartBlock(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
    }

    private static void EndBlock(Utf8JsonWriter json, AIContent content)
    {
        if (content.AdditionalProperties?.TryGetValue("cache_control", out JsonElement control) is true)
        {
            json.WritePropertyName("cache_control");
            control.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static NotSupportedException Unsupported(AIContent content) =>
        new(
            $"A message to this model holds what its protocol has no place for ({content.GetType().Name}): text, thinking, tool "
                + "calls and their results, images and PDF are sent."
        );
}
