using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Audit.Chain;

namespace Chancery.Server.Audit.Reading;

/// <summary>An entry as a line of JSON, as the API answers it.</summary>
internal static class EntryLine
{
    public static JsonSerializerOptions Json { get; } =
        new(JsonSerializerDefaults.Web)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

    public static void Write(IBufferWriter<byte> target, AuditEntry entry)
    {
        using (var json = new Utf8JsonWriter(target, new JsonWriterOptions { Encoder = Json.Encoder }))
        {
            JsonSerializer.Serialize(json, EntryView.Of(entry), Json);
        }

        target.Write("\n"u8);
    }
}
