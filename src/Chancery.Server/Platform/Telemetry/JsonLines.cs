using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Serilog.Events;
using Serilog.Formatting;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>One log event as one line of JSON, without secrets in any message, property or exception.</summary>
/// <remarks>
/// <c>time</c>, <c>level</c>, <c>message</c>, <c>trace_id</c>, <c>span_id</c>, <c>exception</c>, and the properties
/// under their names in snake_case. Names are stable: dashboards are built on them.
/// </remarks>
public sealed class JsonLines : ITextFormatter
{
    // What the framework adds to each line and we say ourselves, or better not at all (a path may hold a secret).
    private static readonly HashSet<string> Unwanted = new(StringComparer.Ordinal)
    {
        "RequestId",
        "RequestPath",
        "ConnectionId",
        "SpanId",
        "TraceId",
        "ParentId",
    };

    private static readonly HashSet<string> Taken = new(StringComparer.Ordinal)
    {
        "time",
        "level",
        "message",
        "trace_id",
        "span_id",
        "exception",
    };

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Format(LogEvent logEvent, TextWriter output)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", logEvent.Timestamp.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("level", LevelName(logEvent.Level));
            json.WriteString("message", Message(logEvent));
            if (logEvent.TraceId is { } trace)
            {
                json.WriteString("trace_id", trace.ToHexString());
            }

            if (logEvent.SpanId is { } span)
            {
                json.WriteString("span_id", span.ToHexString());
            }

            foreach (var (name, value) in logEvent.Properties.Where(property => !Unwanted.Contains(property.Key)))
            {
                WriteProperty(json, PropertyName(name), value);
            }

            if (logEvent.Exception is { } exception)
            {
                json.WriteString("exception", SecretMask.Of(exception.ToString()));
            }

            json.WriteEndObject();
        }

        output.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        output.Write('\n');
    }

    /// <summary>The message with its values in place, without the values of secret properties.</summary>
    internal static string Message(LogEvent logEvent)
    {
        var secrets = logEvent.Properties.Where(property => SecretMask.IsSecretName(property.Key)).ToList();
        if (secrets.Count == 0)
        {
            return SecretMask.Of(logEvent.RenderMessage(CultureInfo.InvariantCulture));
        }

        var safe = logEvent.Properties.ToDictionary(
            property => property.Key,
            property => SecretMask.IsSecretName(property.Key) ? new ScalarValue(SecretMask.Mask) : property.Value
        );
        return SecretMask.Of(logEvent.MessageTemplate.Render(safe, CultureInfo.InvariantCulture));
    }

    internal static string LevelName(LogEventLevel level) =>
        level switch
        {
            LogEventLevel.Verbose => "trace",
            LogEventLevel.Fatal => "critical",
            _ => level.ToString().ToLowerInvariant(),
        };

    private static string PropertyName(string name)
    {
        var snake = JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
        return Taken.Contains(snake) ? snake + "_" : SecretMask.Of(snake);
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, LogEventPropertyValue value)
    {
        json.WritePropertyName(name);
        if (SecretMask.IsSecretName(name))
        {
            json.WriteStringValue(SecretMask.Mask);
            return;
        }

        WriteValue(json, value);
    }

    private static void WriteValue(Utf8JsonWriter json, LogEventPropertyValue value)
    {
        switch (value)
        {
            case ScalarValue scalar:
                WriteScalar(json, scalar.Value);
                break;
            case SequenceValue sequence:
                json.WriteStartArray();
                foreach (var element in sequence.Elements)
                {
                    WriteValue(json, element);
                }

                json.WriteEndArray();
                break;
            case StructureValue structure:
                json.WriteStartObject();
                foreach (var property in structure.Properties)
                {
                    WriteProperty(json, PropertyName(property.Name), property.Value);
                }

                json.WriteEndObject();
                break;
            case DictionaryValue dictionary:
                json.WriteStartObject();
                foreach (var (key, element) in dictionary.Elements)
                {
                    WriteProperty(json, PropertyName(key.Value?.ToString() ?? "null"), element);
                }

                json.WriteEndObject();
                break;
            default:
                json.WriteStringValue(SecretMask.Of(value.ToString()));
                break;
        }
    }

    private static void WriteScalar(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long or short or byte or uint:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case IFormattable formattable:
                json.WriteStringValue(SecretMask.Of(formattable.ToString(null, CultureInfo.InvariantCulture)));
                break;
            default:
                json.WriteStringValue(SecretMask.Of(value.ToString() ?? ""));
                break;
        }
    }
}
