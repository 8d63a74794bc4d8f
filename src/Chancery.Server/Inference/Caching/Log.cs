namespace Chancery.Server.Inference.Caching;

internal static partial class Log
{
    [LoggerMessage(4200, LogLevel.Warning, "An answer in the cache cannot be read; the model is asked instead")]
    public static partial void Unreadable(ILogger logger);

    [LoggerMessage(
        4201,
        LogLevel.Warning,
        "Redis is gone: cached answers that rest on deleted documents stay there, unreachable, until they end"
    )]
    public static partial void NotForgotten(ILogger logger);

    [LoggerMessage(4202, LogLevel.Warning, "An answer could not be kept")]
    public static partial void NotKept(ILogger logger, Exception exception);

    [LoggerMessage(4203, LogLevel.Warning, "A call whose asker left did not come to its end")]
    public static partial void Abandoned(ILogger logger, Exception exception);
}
