using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Models;

/// <summary>
/// Reads a count that some write as <c>12.0</c> or <c>"12"</c>. What is no count, such as a negative number, counts as not
/// said: an answer does not break over it.
/// </summary>
internal sealed class LenientCount : JsonConverter<long?>
{
    public override long? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number when reader.TryGetInt64(out var whole):
                return whole < 0 ? null : whole;
            case JsonTokenType.Number when reader.TryGetDouble(out var number) && number is >= 0 and < 1e15:
                return (long)number;
            case JsonTokenType.String
                when long.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var text):
                return text;
            default:
                reader.Skip();
                return null;
        }
    }

    public override void Write(Utf8JsonWriter writer, long? value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Counts are only read.");
}
