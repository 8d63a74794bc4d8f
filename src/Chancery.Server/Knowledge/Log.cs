namespace Chancery.Server.Knowledge;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Warning, "The embedding endpoint refused passages of document {DocumentId}")]
    public static partial void EmbeddingRefused(ILogger logger, Guid documentId, Exception exception);

    [LoggerMessage(3002, LogLevel.Warning, "Searching by words only: the query could not be embedded")]
    public static partial void QueryNotEmbedded(ILogger logger, Exception exception);

    [LoggerMessage(3003, LogLevel.Warning, "Progress is not announced by Redis and is polled every second")]
    public static partial void ProgressIsPolled(ILogger logger, Exception exception);
}
