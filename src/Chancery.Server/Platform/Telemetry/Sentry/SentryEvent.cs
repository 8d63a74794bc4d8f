using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Serilog.Events;

namespace Chancery.Server.Platform.Telemetry.Sentry;

/// <summary>One error as Sentry's envelope: what went wrong, where, and the ids to find the rest by; no request, no content.</summary>
internal static class SentryEvent
{
    private const int LongestText = 8192;
    private const int MostFrames = 100;
    private const int MostCauses = 10;

    public static byte[] Envelope(LogEvent entry, string environment)
    {
        var id = Guid.CreateVersion7().ToString("n");
        var body = Body(entry, id, environment);
        var envelope = new ArrayBufferWriter<byte>(body.Length + 256);
        envelope.Write(
            Encoding.UTF8.GetBytes(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""{"event_id":"{{id}}"}{{'\n'}}{"type":"event","content_type":"application/json","length":{{body.Length}}}{{'\n'}}"""
                )
            )
        );
        envelope.Write(body);
        envelope.Write("\n"u8);
        return envelope.WrittenSpan.ToArray();
    }

    private static byte[] Body(LogEvent entry, string id, string environment)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer))
        {
            var source = Text(entry, "SourceContext") ?? "";
            json.WriteStartObject();
            json.WriteString("event_id", id);
            json.WriteString("timestamp", entry.Timestamp.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("platform", "csharp");
            json.WriteString("level", entry.Level is LogEventLevel.Fatal ? "fatal" : "error");
            json.WriteString("logger", source);
            json.WriteString("environment", environment);
            json.WriteString("release", $"chancery@{typeof(SentryEvent).Assembly.GetName().Version?.ToString(3)}");
            json.WriteStartObject("logentry");
            json.WriteString("formatted", Short(JsonLines.Message(entry)));
            json.WriteEndObject();
            WriteTags(json, entry, source);
            WriteTrace(json, entry);
            if (entry.Exception is { } exception)
            {
                WriteExceptions(json, exception);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteTags(Utf8JsonWriter json, LogEvent entry, string source)
    {
        json.WriteStartObject("tags");
        json.WriteString("component", ComponentOf(source));
        foreach (var name in (ReadOnlySpan<string>)[Correlation.RequestId, "tenant_id"])
        {
            if (Text(entry, name) is { } value)
            {
                json.WriteString(name, SecretMask.Of(value));
            }
        }

        if (Text(entry, "principal_id") is { } principal)
        {
            json.WriteString("userId", principal);
        }

        json.WriteEndObject();
        if (Text(entry, "principal_id") is { } user)
        {
            json.WriteStartObject("user");
            json.WriteString("id", user);
            json.WriteEndObject();
        }
    }

    private static void WriteTrace(Utf8JsonWriter json, LogEvent entry)
    {
        if (entry is { TraceId: { } trace, SpanId: { } span })
        {
            json.WriteStartObject("contexts");
            json.WriteStartObject("trace");
            json.WriteString("trace_id", trace.ToHexString());
            json.WriteString("span_id", span.ToHexString());
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteExceptions(Utf8JsonWriter json, Exception exception)
    {
        var chain = new Stack<Exception>();
        for (var at = exception; at is not null && chain.Count < MostCauses; at = at.InnerException)
        {
            chain.Push(at);
        }

        json.WriteStartObject("exception");
        json.WriteStartArray("values");
        // The cause comes first.
        foreach (var one in chain)
        {
            json.WriteStartObject();
            json.WriteString("type", one.GetType().FullName);
            json.WriteString("value", Short(SecretMask.Of(one.Message)));
            WriteFrames(json, one);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFrames(Utf8JsonWriter json, Exception exception)
    {
        json.WriteStartObject("stacktrace");
        json.WriteStartArray("frames");
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames().Take(MostFrames).Reverse())
        {
            var method = frame.GetMethod();
            var module = method?.DeclaringType?.FullName;
            json.WriteStartObject();
            json.WriteString("function", method?.Name ?? "?");
            json.WriteString("module", module);
            json.WriteBoolean("in_app", module?.StartsWith("Chancery.", StringComparison.Ordinal) == true);
            if (frame.GetFileLineNumber() is > 0 and var line)
            {
                json.WriteString("filename", Path.GetFileName(frame.GetFileName()));
                json.WriteNumber("lineno", line);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // Chancery.Server.Knowledge.Ingestion.Worker: knowledge
    private static string ComponentOf(string source) =>
        source.Split('.') is ["Chancery", "Server", var capability, _, ..] ? capability.ToLowerInvariant() : "platform";

    private static string? Text(LogEvent entry, string name) =>
        entry.Properties.TryGetValue(name, out var value) && value is ScalarValue { Value: { } text }
            ? text.ToString()
            : null;

    private static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + "… (cut)";
}
