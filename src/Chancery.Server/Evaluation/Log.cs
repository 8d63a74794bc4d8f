namespace Chancery.Server.Evaluation;

internal static partial class Log
{
    [LoggerMessage(
        6201,
        LogLevel.Warning,
        "Dataset {Dataset} does worse than the night before, in run {Run}: {Scores}"
    )]
    public static partial void Regressed(ILogger logger, Guid dataset, Guid run, string scores);

    [LoggerMessage(
        6202,
        LogLevel.Warning,
        "Dataset {Dataset} is not asked tonight: whoever had it asked may not any more"
    )]
    public static partial void NobodyAsks(ILogger logger, Guid dataset);

    [LoggerMessage(
        6203,
        LogLevel.Warning,
        "Dataset {Dataset} was not asked to its end tonight: run {Run} reached its cap on cost"
    )]
    public static partial void OverCap(ILogger logger, Guid dataset, Guid run);

    [LoggerMessage(6204, LogLevel.Warning, "An answer of a rollout could not be judged: {Run}")]
    public static partial void NotJudged(ILogger logger, Guid run, Exception exception);

    [LoggerMessage(
        6211,
        LogLevel.Warning,
        "Nothing of the rollout {Rollout} is judged: its cap of {Cap} dollars a day is under what one judgement by {Model} may cost, {Most} dollars"
    )]
    public static partial void CapTooLow(ILogger logger, Guid rollout, double cap, string model, double most);

    [LoggerMessage(6209, LogLevel.Warning, "What a judge said could not be kept for the next time")]
    public static partial void JudgementNotKept(ILogger logger, Exception exception);
}
