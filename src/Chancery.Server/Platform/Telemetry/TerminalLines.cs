using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>One log event as a line that a person reads: time, level, message, and the request that it belongs to.</summary>
public sealed class TerminalLines : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write(logEvent.Timestamp.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture));
        output.Write(' ');
        output.Write(Mark(logEvent.Level));
        output.Write(' ');
        output.Write(JsonLines.Message(logEvent));
        if (
            logEvent.Properties.TryGetValue(Correlation.RequestId, out var request)
            && request is ScalarValue { Value: string id }
        )
        {
            output.Write(" [");
            output.Write(SecretMask.Of(id));
            output.Write(']');
        }

        output.Write('\n');
        if (logEvent.Exception is { } exception)
        {
            output.Write(SecretMask.Of(exception.ToString()));
            output.Write('\n');
        }
    }

    private static string Mark(LogEventLevel level) =>
        level switch
        {
            LogEventLevel.Verbose => "trc",
            LogEventLevel.Debug => "dbg",
            LogEventLevel.Information => "inf",
            LogEventLevel.Warning => "WRN",
            LogEventLevel.Error => "ERR",
            _ => "CRT",
        };
}
