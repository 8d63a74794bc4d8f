using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chancery.Server.Audit.Recording;

/// <summary>
/// A few words about what was done: names of roles, numbers, ids. Never content, a question, a secret, a name or an address:
/// an entry cannot be changed later. Not safe for concurrent use.
/// </summary>
public sealed class AuditDetails
{
    private const int MostDetails = 16;
    private const int LongestValue = 200;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SortedDictionary<string, object> _values = new(StringComparer.Ordinal);

    /// <param name="name">Lower case, with underscores.</param>
    /// <param name="value">Text is cut after 200 characters; null says nothing; what is beyond 16 details is left out.</param>
    public AuditDetails Add(string name, object? value)
    {
        if (value is not null && (_values.Count < MostDetails || _values.ContainsKey(name)))
        {
            _values[name] = value;
        }

        return this;
    }

    /// <summary>As JSON with sorted names; null when there are none.</summary>
    internal string? ToJson()
    {
        if (_values.Count == 0)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            foreach (var (name, value) in _values)
            {
                json.WritePropertyName(name);
                Write(json, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case IEnumerable<string> words:
                json.WriteStartArray();
                foreach (var word in words.Take(MostDetails))
                {
                    json.WriteStringValue(Clean(word));
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue(Clean(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
                break;
        }
    }

    private static string Clean(string text) => EntryText.Clean(text, LongestValue);
}
