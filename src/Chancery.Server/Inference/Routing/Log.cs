namespace Chancery.Server.Inference.Routing;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "The breaker of {Model} (credential {Credential}) is {State} now")]
    public static partial void BreakerChanged(ILogger logger, string model, string credential, string state);

    [LoggerMessage(LogLevel.Warning, "No model answered ({Kind}): {Attempts}")]
    public static partial void NobodyAnswered(
        ILogger logger,
        RoutingFailureKind kind,
        string attempts,
        Exception? exception
    );
}
