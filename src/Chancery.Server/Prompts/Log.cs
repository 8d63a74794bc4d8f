namespace Chancery.Server.Prompts;

internal static partial class Log
{
    [LoggerMessage(6200, LogLevel.Warning, "A use of prompt {Prompt} could not be written down.")]
    public static partial void RunNotRecorded(ILogger logger, string prompt, Exception exception);

    [LoggerMessage(6201, LogLevel.Warning, "The rollouts that are running could not be read.")]
    public static partial void RolloutsNotSeen(ILogger logger, Exception exception);

    [LoggerMessage(6202, LogLevel.Warning, "Rollout {Rollout} could not be looked at.")]
    public static partial void RolloutNotSeen(ILogger logger, Guid rollout, Exception exception);

    [LoggerMessage(
        6203,
        LogLevel.Information,
        "This server ships other words of prompt {Prompt}: release {Release} is {State}."
    )]
    public static partial void ReleaseShipped(ILogger logger, string prompt, Guid release, string state);

    [LoggerMessage(6204, LogLevel.Information, "Release {Release} of prompt {Prompt} goes to {Percent} % from now on.")]
    public static partial void ReleaseMoved(ILogger logger, string prompt, Guid release, double percent);

    [LoggerMessage(
        6205,
        LogLevel.Warning,
        "Release {Release} of prompt {Prompt} was turned back, and everybody has the former words again. {Why}"
    )]
    public static partial void ReleaseTurnedBack(ILogger logger, string prompt, Guid release, string why);

    [LoggerMessage(
        6206,
        LogLevel.Warning,
        "Release {Release} of prompt {Prompt} waits for the operator: it is not clear whether its words do harm. See GET /operator/prompts/releases."
    )]
    public static partial void ReleaseAsks(ILogger logger, string prompt, Guid release);

    [LoggerMessage(
        6207,
        LogLevel.Warning,
        "The releases of prompts that are rolled out could not be looked at: {Which}."
    )]
    public static partial void ReleasesNotSeen(ILogger logger, string which, Exception exception);
}
