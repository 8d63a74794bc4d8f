using System.Diagnostics;

namespace Chancery.Server.Platform.Engines;

/// <summary>Starts the server's own PostgreSQL and Redis.</summary>
public static class PrivateEngines
{
    private const int PortAttempts = 3;

    /// <summary>
    /// Takes the data directory, stops what a killed predecessor left behind, and starts both engines side by side.
    /// </summary>
    /// <exception cref="EngineException">They cannot start; the message says why and how to mend it.</exception>
    public static async Task<RunningEngines> StartAsync(
        EngineOptions options,
        ILoggerFactory logging,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await TakeAndStartAsync(
                options,
                logging.CreateLogger(typeof(PrivateEngines)),
                time,
                cancellationToken
            );
        }
        catch (IOException exception) when (exception.HResult == EngineFailure.DiskFull)
        {
            throw EngineFailure.FullDisk(Path.GetFullPath(options.DataDirectory));
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new EngineException(
                $"{exception.Message.TrimEnd('.')}: the data directory must be writable for the user who starts the server",
                exception
            );
        }
    }

    private static async Task<RunningEngines> TakeAndStartAsync(
        EngineOptions options,
        ILogger logger,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        var dataDirectory = EngineLayout.Prepare(options.DataDirectory);
        var held = DataDirectoryLock.Take(dataDirectory, time);
        var running = new RunningEngines(held, new LeftoverEngines(dataDirectory), logger);

        try
        {
            var layout = EngineLayout.Resolve(dataDirectory, options.FallbackRoot);

            if (layout.IsElsewhere)
            {
                Log.EnginesElsewhere(logger, layout.DataDirectory, layout.EngineDirectory);
            }

            var postgres = options.Postgres ? new PostgresEngine(layout, options, running.Thread, logger) : null;
            var redis = options.Redis ? new RedisEngine(layout) : null;

            // Before either starts: starting one rewrites the record of both.
            await StopLeftoverAsync(running, postgres?.Launch, postgres?.PidFile, logger);
            await StopLeftoverAsync(running, redis?.Launch, redis?.PidFile, logger);

            await BothAsync(
                StartPostgresAsync(postgres, options, running, logger, cancellationToken),
                StartRedisAsync(redis, options, running, logger, cancellationToken)
            );

            running.Describe(
                layout.EngineDirectory,
                postgres?.OwnerConnectionString,
                redis is null ? null : $"127.0.0.1:{redis.Port}",
                redis?.Password
            );
            Log.EnginesUp(logger, clock.ElapsedMilliseconds, layout.EngineDirectory);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private static async Task StopLeftoverAsync(
        RunningEngines running,
        EngineLaunch? launch,
        string? pidFile,
        ILogger logger
    )
    {
        if (
            launch is not null
            && pidFile is not null
            && await running.Leftovers.StopAsync(launch, pidFile) is { } processId
        )
        {
            Log.LeftoverStopped(logger, launch.Name, processId);
        }
    }

    private static async Task StartPostgresAsync(
        PostgresEngine? postgres,
        EngineOptions options,
        RunningEngines running,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        if (postgres is null)
        {
            return;
        }

        await postgres.PrepareAsync(cancellationToken);
        running.Own(postgres.SocketDirectory);
        var engine = running.Adopt(postgres.Launch, postgres.IsReadyAsync, options.StartTimeout, logger);
        await engine.StartAsync(cancellationToken);
        await postgres.EnsureDatabaseAsync(cancellationToken);
    }

    private static async Task StartRedisAsync(
        RedisEngine? redis,
        EngineOptions options,
        RunningEngines running,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; redis is not null; attempt++)
        {
            redis.Prepare();
            var engine = running.Adopt(redis.Launch, redis.IsReadyAsync, options.StartTimeout, logger);

            try
            {
                await engine.StartAsync(cancellationToken);
                return;
            }
            catch (PortTakenException) when (attempt < PortAttempts)
            {
                await running.DropAsync(engine);
            }
        }
    }

    /// <summary>Waits for both even when one fails, so that neither is still starting while the other is cleaned up.</summary>
    private static async Task BothAsync(Task postgres, Task redis)
    {
        try
        {
            await redis;
        }
        finally
        {
            await postgres;
        }
    }
}
