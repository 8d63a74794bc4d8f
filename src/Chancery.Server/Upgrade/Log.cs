namespace Chancery.Server.Upgrade;

internal static partial class Log
{
    [LoggerMessage(6300, LogLevel.Warning, "A prompt was not upgraded, and what stands in for it is {Instead}: {Why}")]
    public static partial void NotUpgraded(ILogger logger, string instead, string why);

    [LoggerMessage(6301, LogLevel.Warning, "A history was not summed up; its newest messages are told instead: {Why}")]
    public static partial void NotSummarised(ILogger logger, string why);

    [LoggerMessage(
        6302,
        LogLevel.Warning,
        "Passages for a prompt could not be searched for; it is upgraded without them"
    )]
    public static partial void NotRetrieved(ILogger logger, Exception exception);
}
