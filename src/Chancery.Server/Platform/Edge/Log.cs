namespace Chancery.Server.Platform.Edge;

internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Information, "{Method} {Route} {Status} in {ElapsedMs} ms")]
    public static partial void Answered(ILogger logger, string method, string route, int status, double elapsedMs);

    [LoggerMessage(1101, LogLevel.Error, "{Method} {Route} {Status} in {ElapsedMs} ms")]
    public static partial void Failed(ILogger logger, string method, string route, int status, double elapsedMs);

    [LoggerMessage(1102, LogLevel.Debug, "{Method} {Route} {Status} in {ElapsedMs} ms")]
    public static partial void Probed(ILogger logger, string method, string route, int status, double elapsedMs);

    [LoggerMessage(1103, LogLevel.Information, "{Method} {Route}: the caller left after {ElapsedMs} ms")]
    public static partial void CallerLeft(ILogger logger, string method, string route, double elapsedMs);
}
