using System.Collections.Immutable;

namespace Chancery.Server.Platform.Engines;

/// <summary>
/// The engines of this server, up and answering. Dispose it last, after everything that uses a connection: it stops
/// PostgreSQL and Redis and releases the data directory. Safe for concurrent use.
/// </summary>
public sealed class RunningEngines : IAsyncDisposable
{
    private readonly DataDirectoryLock _held;
    private readonly ILogger _logger;
    private ImmutableList<SupervisedEngine> _engines = [];
    private int _disposed;

    internal RunningEngines(DataDirectoryLock held, LeftoverEngines leftovers, ILogger logger)
    {
        _held = held;
        _logger = logger;
        Leftovers = leftovers;
    }

    /// <summary>
    /// Npgsql connection string of the superuser, to the database <c>chancery</c>, over the unix socket. For migrations
    /// and for making roles and databases; null when PostgreSQL is not one of the private engines.
    /// </summary>
    public string? OwnerConnectionString { get; private set; }

    /// <summary>Holds PostgreSQL's socket; null without a private PostgreSQL.</summary>
    public string? SocketDirectory { get; private set; }

    /// <summary><c>127.0.0.1:port</c>; null without a private Redis. The port stays the same over a restart of Redis.</summary>
    public string? RedisEndpoint { get; private set; }

    /// <summary>Random, new with each start of the server; null without a private Redis.</summary>
    public string? RedisPassword { get; private set; }

    /// <summary>Where the engines' files are: the data directory, or a folder in <see cref="EngineOptions.FallbackRoot"/>.</summary>
    public string EngineDirectory { get; private set; } = "";

    /// <summary>Raised on a thread of the pool when an engine ended by itself; it is being started again.</summary>
    public event EventHandler<EngineState>? Failed;

    /// <summary>The engines as they are now.</summary>
    public IReadOnlyList<EngineState> States => [.. _engines.Select(engine => engine.State)];

    internal EngineThread Thread { get; } = new();

    internal LeftoverEngines Leftovers { get; }

    /// <summary>Records where the server listens, so that a second one on the same directory can say so.</summary>
    public void Announce(string address) => _held.Announce(address);

    /// <summary>Stops both engines side by side, then lets go of the data directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await Task.WhenAll(_engines.Select(engine => engine.DisposeAsync().AsTask()));
        Thread.Dispose();
        Leftovers.Clear();

        if (SocketDirectory is not null && Directory.Exists(SocketDirectory))
        {
            Directory.Delete(SocketDirectory, recursive: true);
        }

        _held.Dispose();
        Log.EnginesStopped(_logger);
    }

    /// <summary>Takes charge of the socket's directory, which goes when the engines go.</summary>
    internal void Own(string socketDirectory) => SocketDirectory = socketDirectory;

    internal void Describe(
        string engineDirectory,
        string? ownerConnectionString,
        string? redisEndpoint,
        string? redisPassword
    )
    {
        EngineDirectory = engineDirectory;
        OwnerConnectionString = ownerConnectionString;
        RedisEndpoint = redisEndpoint;
        RedisPassword = redisPassword;
    }

    /// <summary>Takes charge of an engine that is to be started.</summary>
    internal SupervisedEngine Adopt(
        EngineLaunch launch,
        Func<int, CancellationToken, Task<bool>> isReady,
        TimeSpan startTimeout,
        ILogger logger
    )
    {
        var engine = new SupervisedEngine(launch, isReady, startTimeout, Thread, Leftovers, logger);
        engine.Failed += (_, state) => Failed?.Invoke(this, state);
        ImmutableInterlocked.Update(ref _engines, (engines, added) => engines.Add(added), engine);
        return engine;
    }

    /// <summary>Gives up on an engine that did not start.</summary>
    internal async Task DropAsync(SupervisedEngine engine)
    {
        ImmutableInterlocked.Update(ref _engines, (engines, dropped) => engines.Remove(dropped), engine);
        await engine.DisposeAsync();
    }
}
