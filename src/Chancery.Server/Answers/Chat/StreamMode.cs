using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Server.Answers.Chat;

/// <summary>How an answer travels.</summary>
public enum StreamMode
{
    /// <summary>One JSON document.</summary>
    Never,

    /// <summary>Server-sent events from the first piece on.</summary>
    Always,

    /// <summary>JSON when the answer is short, events when it is not.</summary>
    Auto,
}

/// <summary>Written as <c>true</c>, <c>false</c> or <c>"auto"</c>.</summary>
internal sealed class StreamModeConverter : JsonConverter<StreamMode>
{
    public override StreamMode Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.True => StreamMode.Always,
            JsonTokenType.False => StreamMode.Never,
            JsonTokenType.String when reader.ValueTextEquals("auto"u8) => StreamMode.Auto,
            _ => throw new JsonException("stream takes true, false or \"auto\"."),
        };

    public override void Write(Utf8JsonWriter writer, StreamMode value, JsonSerializerOptions options)
    {
        if (value is StreamMode.Auto)
        {
            writer.WriteStringValue("auto"u8);
        }
        else
        {
            writer.WriteBooleanValue(value is StreamMode.Always);
        }
    }
}
