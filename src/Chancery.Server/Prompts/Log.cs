namespace Chancery.Server.Prompts;

internal static partial class Log
{
    [LoggerMessage(6200, LogLevel.Warning, "A use of prompt {Prompt} could not be written down.")]
    public static partial void RunNotRecorded(ILogger logger, string prompt, Exception exception);

    [LoggerMessage(6201, LogLevel.Warning, "The rollouts that are running could not be read.")]
    public static partial void RolloutsNotSeen(ILogger logger, Exception exception);

    [LoggerMessage(6202, LogLevel.Warning, "Rollout {Rollout} could not be looked at.")]
    public static partial void RolloutNotSeen(ILogger logger, Guid rollout, Exception exception);
}
