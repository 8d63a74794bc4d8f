using Chancery.Server.Platform.Settings;
using Serilog.Events;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>What is logged, how, and whether to files too.</summary>
/// <param name="Level">The least level that is written.</param>
/// <param name="Json">Lines of JSON on the console instead of lines for a person.</param>
/// <param name="ToFile">Whether lines also go to <c>logs/</c> in the data directory.</param>
/// <param name="KeepDays">Files older than this are removed, 1 to 3650.</param>
public sealed record LogSettings(LogEventLevel Level, bool Json, bool ToFile, int KeepDays)
{
    /// <param name="configuration">Reads LOG_LEVEL, LOG_JSON, LOG_TO_FILE and LOG_KEEP_DAYS.</param>
    /// <param name="isTerminal">Whether a person watches the console: then LOG_JSON is false unless it is set.</param>
    /// <exception cref="SettingException">A value is none of those that are taken.</exception>
    public static LogSettings Read(IConfiguration configuration, bool isTerminal) =>
        new(
            LevelOf(configuration["LOG_LEVEL"]),
            Numbers.Flag(configuration, "LOG_JSON") ?? !isTerminal,
            Numbers.Flag(configuration, "LOG_TO_FILE") ?? true,
            Days(configuration["LOG_KEEP_DAYS"])
        );

    // The names of .NET, of Serilog and of Python: operators come with any of them.
    private static LogEventLevel LevelOf(string? value) =>
        value?.Trim().ToUpperInvariant() switch
        {
            null or "" or "INFO" or "INFORMATION" => LogEventLevel.Information,
            "TRACE" or "VERBOSE" => LogEventLevel.Verbose,
            "DEBUG" => LogEventLevel.Debug,
            "WARN" or "WARNING" => LogEventLevel.Warning,
            "ERROR" => LogEventLevel.Error,
            "CRITICAL" or "FATAL" => LogEventLevel.Fatal,
            _ => throw new SettingException(
                "LOG_LEVEL",
                "takes Trace, Debug, Information, Warning, Error or Critical."
            ),
        };

    private static int Days(string? value) =>
        string.IsNullOrWhiteSpace(value) ? 30
        : int.TryParse(value, out var days) && days is >= 1 and <= 3650 ? days
        : throw new SettingException("LOG_KEEP_DAYS", "takes a whole number of days, 1 to 3650.");
}
