using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Models;

/// <summary>The content of an answer: mostly a string, with some a list of parts, of which some are reasoning.</summary>
internal sealed record TextOrParts(string? Text, string? Reasoning);

/// <summary>
/// Reads <c>"…"</c> and <c>[{"type":"thinking","thinking":[{"type":"text","text":"…"}]},{"type":"text","text":"…"}]</c>, as
/// Mistral's reasoning models write it.
/// </summary>
internal sealed class TextOrPartsConverter : JsonConverter<TextOrParts>
{
    public override TextOrParts? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new TextOrParts(reader.GetString(), null);
            case JsonTokenType.StartArray:
                using (var parts = JsonDocument.ParseValue(ref reader))
                    return new TextOrParts(Text(parts.RootElement, "text"), Text(parts.RootElement, "thinking"));
            default:
                reader.Skip();
                return null;
        }
    }

    public override void Write(Utf8JsonWriter writer, TextOrParts value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Answers are only read.");

    private static string Text(JsonElement parts, string type)
    {
        var text = "";
        foreach (var part in parts.EnumerateArray())
        {
            if (part.ValueKind is JsonValueKind.Object && part.TryGetProperty(type, out var value))
            {
                text += value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString(),
                    JsonValueKind.Array => Text(value, "text"),
                    _ => "",
                };
            }
        }

        return text;
    }
}

/// <summary>Reads arguments, which the protocol wants as a string of JSON and some send as the JSON itself.</summary>
internal sealed class TextOrJsonConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.String)
            return reader.GetString();
        using var value = JsonDocument.ParseValue(ref reader);
        return value.RootElement.GetRawText();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Answers are only read.");
}
