namespace Chancery.Server.Contracts;

internal static partial class Log
{
    [LoggerMessage(6100, LogLevel.Error, "Operation {Operation} on a contract failed.")]
    public static partial void OperationFailed(ILogger logger, Guid operation, Exception exception);

    [LoggerMessage(6101, LogLevel.Warning, "The end of operation {Operation} on a contract could not be stored.")]
    public static partial void OperationNotEnded(ILogger logger, Guid operation, Exception exception);

    [LoggerMessage(6102, LogLevel.Warning, "Operation {Operation} on a contract goes on without PostgreSQL.")]
    public static partial void OperationNotSeen(ILogger logger, Guid operation, Exception exception);
}
