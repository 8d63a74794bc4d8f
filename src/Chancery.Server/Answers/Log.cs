namespace Chancery.Server.Answers;

internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Warning, "Model {Model} failed before it said anything; quotes take its place")]
    public static partial void ModelReplaced(ILogger logger, string model, Exception? exception);

    [LoggerMessage(5002, LogLevel.Warning, "Model {Model} broke off in the middle of an answer")]
    public static partial void ModelBrokeOff(ILogger logger, string model, Exception? exception);

    [LoggerMessage(5003, LogLevel.Error, "An answer could not be stored")]
    public static partial void AnswerNotStored(ILogger logger, Exception exception);

    [LoggerMessage(
        5005,
        LogLevel.Information,
        "A conversation could not be summed up; its beginnings are told instead"
    )]
    public static partial void SummaryFailed(ILogger logger, Exception? exception);

    [LoggerMessage(5006, LogLevel.Warning, "An answer of model {Model} was stopped: it held {Found}")]
    public static partial void AnswerBlocked(ILogger logger, string model, string found);

    [LoggerMessage(5004, LogLevel.Error, "Neither a model nor quotes gave an answer; an apology went out")]
    public static partial void Apologised(ILogger logger, Exception exception);

    [LoggerMessage(5007, LogLevel.Warning, "A question could not be kept for others that are alike")]
    public static partial void NotRemembered(ILogger logger, Exception exception);

    [LoggerMessage(5008, LogLevel.Warning, "A popular question could not be answered ahead of time")]
    public static partial void NotWarmedUp(ILogger logger, Exception exception);

    [LoggerMessage(5009, LogLevel.Information, "Something was taken out of an answer of model {Model}: {Found}")]
    public static partial void AnswerCleaned(ILogger logger, string model, string found);

    [LoggerMessage(5010, LogLevel.Warning, "Model {Model} did not write what was asked for: {Why}")]
    public static partial void UnusableAnswer(ILogger logger, string model, string why);

    [LoggerMessage(5011, LogLevel.Warning, "Model {Model} broke off while it wrote {Work}")]
    public static partial void WritingBrokeOff(ILogger logger, string model, string work, Exception? exception);
}
