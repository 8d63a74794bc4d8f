namespace Chancery.Server.Platform.Work;

internal static partial class Log
{
    [LoggerMessage(1101, LogLevel.Warning, "Workers are not woken by Redis and look every second")]
    public static partial void NobodyWakesWorkers(ILogger logger, Exception exception);

    [LoggerMessage(1102, LogLevel.Error, "A worker cannot reach its queue")]
    public static partial void WorkerStumbled(ILogger logger, Exception exception);

    [LoggerMessage(1103, LogLevel.Warning, "Lost the lease of {Kind} {WorkId}; another worker goes on")]
    public static partial void LeaseLost(ILogger logger, string kind, Guid workId);

    [LoggerMessage(1104, LogLevel.Warning, "Cannot renew the lease of {Kind} {WorkId}")]
    public static partial void LeaseNotRenewed(ILogger logger, string kind, Guid workId, Exception exception);

    [LoggerMessage(1105, LogLevel.Warning, "{Kind} {WorkId} failed at try {Attempt}; again in {Pause}")]
    public static partial void WorkFaulted(
        ILogger logger,
        string kind,
        Guid workId,
        int attempt,
        TimeSpan pause,
        Exception exception
    );

    [LoggerMessage(1107, LogLevel.Information, "{Kind} {WorkId} waits; again in {Pause}")]
    public static partial void WorkPostponed(
        ILogger logger,
        string kind,
        Guid workId,
        TimeSpan pause,
        Exception? exception
    );

    [LoggerMessage(1106, LogLevel.Error, "Gave {Kind} {WorkId} up")]
    public static partial void WorkGivenUp(ILogger logger, string kind, Guid workId, Exception? exception);
}
