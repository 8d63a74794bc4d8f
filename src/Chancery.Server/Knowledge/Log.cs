namespace Chancery.Server.Knowledge;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Warning, "Passages of document {DocumentId} get their vectors later")]
    public static partial void EmbeddingPutOff(ILogger logger, Guid documentId, Exception exception);

    [LoggerMessage(3008, LogLevel.Warning, "Passages without a vector were not looked for at the start")]
    public static partial void VectorsNotChecked(ILogger logger, Exception exception);

    [LoggerMessage(
        3021,
        LogLevel.Information,
        "The words of {Passages} passages were written again for a newer analysis"
    )]
    public static partial void AnalysedAgain(ILogger logger, int passages);

    [LoggerMessage(3022, LogLevel.Warning, "Passages of an older analysis were not looked for at the start")]
    public static partial void AnalysisNotChecked(ILogger logger, Exception exception);

    [LoggerMessage(
        3007,
        LogLevel.Warning,
        "The embedding model accepts none of {Passages} passages; they stay without a vector"
    )]
    public static partial void PassagesRefused(ILogger logger, int passages);

    [LoggerMessage(3009, LogLevel.Information, "Search is by words and by meaning, of the model {Model}")]
    public static partial void SearchesByMeaning(ILogger logger, string model);

    [LoggerMessage(
        3010,
        LogLevel.Warning,
        "Search is by words only: there is no embedding model; see chancery models pull, or EMBEDDING_URL"
    )]
    public static partial void SearchesByWords(ILogger logger);

    [LoggerMessage(3002, LogLevel.Warning, "Searching by words only: the query could not be embedded")]
    public static partial void QueryNotEmbedded(ILogger logger, Exception exception);

    [LoggerMessage(3003, LogLevel.Warning, "Progress is not announced by Redis and is polled every second")]
    public static partial void ProgressIsPolled(ILogger logger, Exception exception);

    [LoggerMessage(3004, LogLevel.Information, "Readers of files stand behind these walls: {Walls}")]
    public static partial void WallsStand(ILogger logger, string walls);

    [LoggerMessage(3005, LogLevel.Warning, "Readers of files lack the wall {Wall}: {Missing}")]
    public static partial void WallMissing(ILogger logger, string wall, string missing);

    [LoggerMessage(
        3006,
        LogLevel.Error,
        "Files are not read because their readers lack the wall {Wall}; see chancery doctor, or set READERS_WITHOUT_WALLS=true"
    )]
    public static partial void ReadingRefused(ILogger logger, string wall);
}
