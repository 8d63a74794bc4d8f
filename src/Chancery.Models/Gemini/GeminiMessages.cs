using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Writes the turns of a conversation. The system's words go apart, wherever they stand; messages that follow each other in
/// one role become one turn. Thoughts stay out, but the signatures of tool calls go back.
/// </summary>
internal static class GeminiMessages
{
    private static readonly ChatRole Developer = new("developer");

    public static void WriteSystem(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, string? instructions)
    {
        if (string.IsNullOrEmpty(instructions) && !messages.Any(IsSystem))
            return;

        json.WriteStartObject("systemInstruction");
        json.WriteStartArray("parts");
        if (!string.IsNullOrEmpty(instructions))
            WriteText(json, new TextContent(instructions));
        foreach (var content in messages.Where(IsSystem).SelectMany(message => message.Contents))
            WriteText(json, content as TextContent ?? throw Unsupported(content));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        var names = new Dictionary<string, string>();
        json.WriteStartArray();
        string? open = null;
        foreach (var message in messages)
        {
            if (IsSystem(message))
                continue;
            var role = message.Role == ChatRole.Assistant ? "model" : "user";
            foreach (var content in message.Contents)
            {
                if (IsNothing(content))
                    continue;
                if (role != open)
                {
                    Close();
                    json.WriteStartObject();
                    json.WriteString("role", role);
                    json.WriteStartArray("parts");
                    open = role;
                }

                WritePart(json, content, names);
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

    private static bool IsNothing(AIContent content) =>
        content is TextReasoningContent or UsageContent or ToolCallDelta
        || (content is TextContent { Text.Length: 0 } && Signature(content) is null);

    private static void WritePart(Utf8JsonWriter json, AIContent content, Dictionary<string, string> names)
    {
        switch (content)
        {
            case TextContent text:
                WriteText(json, text);
                break;
            case DataContent data:
                json.WriteStartObject();
                json.WriteStartObject("inlineData");
                json.WriteString("mimeType", data.MediaType);
                json.WriteString("data", data.Base64Data.Span);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case UriContent address:
                json.WriteStartObject();
                json.WriteStartObject("fileData");
                json.WriteString("mimeType", address.MediaType);
                json.WriteString("fileUri", address.Uri.AbsoluteUri);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case FunctionCallContent call:
                names[call.CallId] = call.Name;
                json.WriteStartObject();
                json.WriteStartObject("functionCall");
                json.WriteString("name", call.Name);
                json.WritePropertyName("args");
                WriteArguments(json, call);
                json.WriteEndObject();
                WriteSignature(json, call);
                json.WriteEndObject();
                break;
            case FunctionResultContent result:
                // Results are matched by name and order; ids are ours where Google gave none.
                json.WriteStartObject();
                json.WriteStartObject("functionResponse");
                json.WriteString("name", names.GetValueOrDefault(result.CallId, result.CallId));
                json.WritePropertyName("response");
                ToolText.WriteObject(json, result);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            default:
                throw Unsupported(content);
        }
    }

    private static void WriteText(Utf8JsonWriter json, TextContent text)
    {
        json.WriteStartObject();
        json.WriteString("text", text.Text);
        WriteSignature(json, text);
        json.WriteEndObject();
    }

    private static void WriteArguments(Utf8JsonWriter json, FunctionCallContent call)
    {
        if (call.Arguments is null)
        {
            json.WriteStartObject();
            json.WriteEndObject();
            return;
        }

        json.WriteRawValue(ToolText.Arguments(call));
    }

    private static void WriteSignature(Utf8JsonWriter json, AIContent content)
    {
        if (Signature(content) is { } signature)
            json.WriteString("thoughtSignature", signature);
    }

    private static string? Signature(AIContent content) =>
        content.AdditionalProperties?.TryGetValue(AnswerProperties.Signature, out string? signature) is true
            ? signature
            : null;

    private static NotSupportedException Unsupported(AIContent content) =>
        new(
            $"A message to this model holds what its protocol has no place for ({content.GetType().Name}): text, tool calls and "
                + "their results, images and files are sent."
        );
}
