namespace Chancery.Server.Platform.Engines;

internal static partial class Log
{
    [LoggerMessage(
        1100,
        LogLevel.Information,
        "Private engines are up in {Milliseconds} ms; their files are in {Directory}"
    )]
    public static partial void EnginesUp(ILogger logger, long milliseconds, string directory);

    [LoggerMessage(
        1101,
        LogLevel.Warning,
        "The engines' user cannot reach {DataDirectory}, so the database is in {EngineDirectory}: back up both"
    )]
    public static partial void EnginesElsewhere(ILogger logger, string dataDirectory, string engineDirectory);

    [LoggerMessage(
        1102,
        LogLevel.Warning,
        "Stopped {Engine}, process {ProcessId}, that a killed server had left behind"
    )]
    public static partial void LeftoverStopped(ILogger logger, string engine, int processId);

    [LoggerMessage(
        1103,
        LogLevel.Error,
        "{Engine}, process {ProcessId}, ended by itself and is started again: {Words}"
    )]
    public static partial void EngineCrashed(ILogger logger, string engine, int processId, string words);

    [LoggerMessage(1104, LogLevel.Warning, "{Engine} runs again as process {ProcessId}")]
    public static partial void EngineRestarted(ILogger logger, string engine, int processId);

    [LoggerMessage(1105, LogLevel.Error, "{Engine} does not start: {Reason}")]
    public static partial void EngineStaysDown(ILogger logger, string engine, string reason);

    [LoggerMessage(1106, LogLevel.Information, "Making a new PostgreSQL {Version} database in {Directory}")]
    public static partial void MakingCluster(ILogger logger, int version, string directory);

    [LoggerMessage(1107, LogLevel.Information, "Private engines are stopped")]
    public static partial void EnginesStopped(ILogger logger);
}
