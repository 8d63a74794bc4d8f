using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Writes the messages of a request. Reasoning of earlier turns stays out, but where an endpoint wants it back.</summary>
internal static class OpenAIMessages
{
    public static void Write(
        Utf8JsonWriter json,
        IReadOnlyList<ChatMessage> messages,
        string? instructions,
        bool withReasoning
    )
    {
        json.WriteStartArray();
        if (!string.IsNullOrEmpty(instructions))
        {
            json.WriteStartObject();
            json.WriteString("role", "system");
            json.WriteString("content", instructions);
            json.WriteEndObject();
        }

        foreach (var message in messages)
        {
            var results = 0;
            foreach (var content in message.Contents)
            {
                if (content is FunctionResultContent result)
                {
                    WriteResult(json, result);
                    results++;
                }
            }

            if (results == 0 || message.Contents.Count > results)
                WriteMessage(json, message, withReasoning);
        }

        json.WriteEndArray();
    }

    private static void WriteResult(Utf8JsonWriter json, FunctionResultContent result)
    {
        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("tool_call_id", result.CallId);
        json.WriteString("content", ToolText.Result(result));
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, ChatMessage message, bool withReasoning)
    {
        var calls = false;
        var parts = false;
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent or TextReasoningContent or UsageContent or ToolCallDelta or FunctionResultContent:
                    break;
                case FunctionCallContent:
                    calls = true;
                    break;
                case DataContent or UriContent when message.Role == ChatRole.User:
                    parts = true;
                    break;
                default:
                    throw Unsupported(content);
            }
        }

        json.WriteStartObject();
        // What else a message of results says is the user's: a tool's message is one result.
        json.WriteString("role", message.Role == ChatRole.Tool ? ChatRole.User.Value : message.Role.Value);
        json.WritePropertyName("content");
        if (parts)
            WriteParts(json, message.Contents);
        else if (message.Text is { Length: > 0 } text || !calls)
            json.WriteStringValue(message.Text);
        else
            json.WriteNullValue();
        var thoughts = withReasoning
            ? string.Concat(message.Contents.OfType<TextReasoningContent>().Select(thought => thought.Text))
            : "";
        if (thoughts.Length > 0)
            json.WriteString("reasoning_content", thoughts);
        if (calls)
            WriteCalls(json, message.Contents);
        json.WriteEndObject();
    }

    private static void WriteCalls(Utf8JsonWriter json, IList<AIContent> contents)
    {
        json.WriteStartArray("tool_calls");
        foreach (var call in contents.OfType<FunctionCallContent>())
        {
            json.WriteStartObject();
            json.WriteString("id", call.CallId);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString("arguments", ToolText.Arguments(call));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteParts(Utf8JsonWriter json, IList<AIContent> contents)
    {
        json.WriteStartArray();
        foreach (var content in contents)
        {
            switch (content)
            {
                case TextContent { Text.Length: > 0 } text:
                    json.WriteStartObject();
                    json.WriteString("type", "text");
                    json.WriteString("text", text.Text);
                    json.WriteEndObject();
                    break;
                case DataContent data when data.HasTopLevelMediaType("image"):
                    WriteImage(json, data.Uri, content);
                    break;
                case UriContent address when address.HasTopLevelMediaType("image"):
                    WriteImage(json, address.Uri.AbsoluteUri, content);
                    break;
                case DataContent data when data.HasTopLevelMediaType("audio"):
                    json.WriteStartObject();
                    json.WriteString("type", "input_audio");
                    json.WriteStartObject("input_audio");
                    json.WriteString("data", data.Base64Data.Span);
                    json.WriteString(
                        "format",
                        data.MediaType.Contains("wav", StringComparison.OrdinalIgnoreCase) ? "wav" : "mp3"
                    );
                    json.WriteEndObject();
                    json.WriteEndObject();
                    break;
                case DataContent { MediaType: "application/pdf" } data:
                    json.WriteStartObject();
                    json.WriteString("type", "file");
                    json.WriteStartObject("file");
                    json.WriteString("filename", data.Name ?? "document.pdf");
                    json.WriteString("file_data", data.Uri);
                    json.WriteEndObject();
                    json.WriteEndObject();
                    break;
                case DataContent or UriContent:
                    throw Unsupported(content);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteImage(Utf8JsonWriter json, string address, AIContent content)
    {
        json.WriteStartObject();
        json.WriteString("type", "image_url");
        json.WriteStartObject("image_url");
        json.WriteString("url", address);
        if (content.AdditionalProperties?.TryGetValue("detail", out string? detail) is true)
            json.WriteString("detail", detail);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static NotSupportedException Unsupported(AIContent content) =>
        new(
            $"A message to this model holds what its protocol has no place for ({content.GetType().Name}): text, tool calls, and "
                + "from the user images, audio and PDF are sent."
        );
}
