using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Chancery.Server.Platform.Telemetry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>Messages as the conventions' JSON, for a span: without secrets, and shortened so that it stays JSON.</summary>
/// <remarks>Bytes of images and files are never in it. A text is masked before it is cut: no cut can halve a secret.</remarks>
internal static class CapturedContent
{
    private const int LongestText = 16_384;
    private const int LongestWhole = 65_536;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(IEnumerable<ChatMessage> messages, string? finishReason)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartArray();
            var left = LongestWhole;
            foreach (var message in messages)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role.Value);
                json.WriteStartArray("parts");
                foreach (var part in message.Contents)
                {
                    Write(json, part, ref left);
                }

                json.WriteEndArray();
                if (finishReason is not null)
                {
                    json.WriteString("finish_reason", finishReason);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, AIContent part, ref int left)
    {
        json.WriteStartObject();
        switch (part)
        {
            case TextContent text:
                json.WriteString("type", "text");
                json.WriteString("content", Safe(text.Text, ref left));
                break;
            case TextReasoningContent reasoning:
                json.WriteString("type", "reasoning");
                json.WriteString("content", Safe(reasoning.Text, ref left));
                break;
            case FunctionCallContent call:
                json.WriteString("type", "tool_call");
                json.WriteString("id", call.CallId);
                json.WriteString("name", call.Name);
                json.WriteString("arguments", Safe(Json(call.Arguments), ref left));
                break;
            case FunctionResultContent result:
                json.WriteString("type", "tool_call_response");
                json.WriteString("id", result.CallId);
                json.WriteString("response", Safe(result.Result as string ?? Json(result.Result), ref left));
                break;
            case DataContent data:
                json.WriteString("type", "blob");
                json.WriteString("mime_type", data.MediaType);
                json.WriteString("content", "");
                break;
            case UriContent uri:
                json.WriteString("type", "uri");
                json.WriteString("mime_type", uri.MediaType);
                json.WriteString("uri", Safe(uri.Uri.ToString(), ref left));
                break;
            default:
                json.WriteString("type", part.GetType().Name);
                break;
        }

        json.WriteEndObject();
    }

    private static string Json(object? value)
    {
        try
        {
            return JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions);
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException)
        {
            return "";
        }
    }

    private static string Safe(string? text, ref int left)
    {
        var safe = SecretMask.Of(text ?? "");
        var most = Math.Min(LongestText, left);
        if (safe.Length > most)
        {
            // Not between the halves of a character.
            var end = most > 0 && char.IsHighSurrogate(safe[most - 1]) ? most - 1 : most;
            safe = string.Concat(safe.AsSpan(0, end), "… (cut)");
        }

        left = Math.Max(0, left - safe.Length);
        return safe;
    }
}
