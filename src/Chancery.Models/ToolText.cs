using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>What tools take and give back, as the JSON or the text that goes over the wire.</summary>
internal static class ToolText
{
    private static readonly JsonSerializerOptions Plain = new(AIJsonUtilities.DefaultOptions)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
    };

    /// <summary>The tools that every protocol knows: functions that the caller runs.</summary>
    /// <exception cref="NotSupportedException">There is another kind of tool.</exception>
    public static IReadOnlyList<AIFunctionDeclaration> Functions(ChatOptions? options) =>
        options?.Tools is not { Count: > 0 } tools
            ? []
            :
            [
                .. tools.Select(tool =>
                    tool as AIFunctionDeclaration
                    ?? throw new NotSupportedException(
                        $"Only functions are sent to this model as tools: remove '{tool.Name}'."
                    )
                ),
            ];

    /// <summary>The arguments as a JSON object.</summary>
    public static string Arguments(FunctionCallContent call) =>
        call.Arguments is { } arguments ? JsonSerializer.Serialize(arguments, Plain)
        : call.RawRepresentation as string is { Length: > 0 } written ? written
        : "{}";

    /// <summary>What the tool gave back: its text, or JSON.</summary>
    public static string Result(FunctionResultContent result) =>
        result.Result switch
        {
            null => result.Exception is null ? "" : "Error: the tool failed.",
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
            TextContent text => text.Text,
            IEnumerable<AIContent> contents => contents
                .OfType<TextContent>()
                .Aggregate(new StringBuilder(), (all, text) => all.Append(text.Text))
                .ToString(),
            var other => JsonSerializer.Serialize(other, Plain),
        };

    /// <summary>The same as a JSON value, which is an object where the tool gave one.</summary>
    public static void WriteObject(Utf8JsonWriter json, FunctionResultContent result)
    {
        var text = Result(result);
        try
        {
            using var parsed = JsonDocument.Parse(text);
            if (parsed.RootElement.ValueKind is JsonValueKind.Object)
            {
                parsed.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // Text, as most tools give.
        }

        json.WriteStartObject();
        json.WriteString(result.Exception is null ? "result" : "error", text);
        json.WriteEndObject();
    }
}
