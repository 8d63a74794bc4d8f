namespace Chancery.Server.Audit;

internal static partial class Log
{
    [LoggerMessage(
        1501,
        LogLevel.Warning,
        "The audit record cannot be written just now; what happens meanwhile is kept"
    )]
    public static partial void RecordAway(ILogger logger, Exception exception);

    [LoggerMessage(1502, LogLevel.Information, "The audit record is written again: {Count} entries had waited")]
    public static partial void RecordBack(ILogger logger, long count);

    [LoggerMessage(1503, LogLevel.Error, "{Count} entries of the audit record were lost")]
    public static partial void EntriesLost(ILogger logger, long count);

    [LoggerMessage(1504, LogLevel.Error, "The audit record of {TenantId} did not take an entry: {Action}")]
    public static partial void EntryNotTaken(ILogger logger, Guid tenantId, string action, Exception exception);

    [LoggerMessage(1505, LogLevel.Warning, "Entries of the audit record were not linked; tried again in a moment")]
    public static partial void NotLinked(ILogger logger, Exception exception);

    [LoggerMessage(1506, LogLevel.Warning, "Heads of the audit record were not signed; tried again in a minute")]
    public static partial void NotSigned(ILogger logger, Exception exception);

    [LoggerMessage(
        1509,
        LogLevel.Warning,
        "Old entries of the installation's audit record were not let go of; tried again later"
    )]
    public static partial void NotExpired(ILogger logger, Exception exception);

    [LoggerMessage(1507, LogLevel.Error, "A signed head of the audit record could not be written to {File}")]
    public static partial void HeadNotWritten(ILogger logger, string file, Exception exception);

    [LoggerMessage(1508, LogLevel.Warning, "AUDIT_HEADS_WEBHOOK did not take a signed head ({What}); tried again")]
    public static partial void HeadNotSent(ILogger logger, string what);
}
