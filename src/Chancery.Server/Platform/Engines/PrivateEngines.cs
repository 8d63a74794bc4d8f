namespace Chancery.Server.Platform.Engines;

/// <summary>Starts the server's own PostgreSQL and Redis.</summary>
public static class PrivateEngines
{
    /// <summary>
    /// Takes the data directory, stops what a killed predecessor left behind, and starts both engines side by side.
    /// </summary>
    /// <exception cref="EngineException">They cannot start; the message says why and how to mend it.</exception>
    public static Task<RunningEngines> StartAsync(
        EngineOptions options,
        ILoggerFactory logging,
        TimeProvider time,
        CancellationToken cancellationToken
    ) => throw new EngineException("Not yet");
}
