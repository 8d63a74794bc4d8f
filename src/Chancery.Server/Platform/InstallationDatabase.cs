using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform;

/// <summary>
/// The database of an installation for a command beside the server: the operator's, or the private one, which is started
/// for as long as the command needs it when no server runs.
/// </summary>
public sealed class InstallationDatabase : IAsyncDisposable
{
    private readonly RunningEngines? _engines;

    private InstallationDatabase(string dataDirectory, string ownerConnectionString, RunningEngines? engines)
    {
        DataDirectory = dataDirectory;
        OwnerConnectionString = ownerConnectionString;
        _engines = engines;
    }

    /// <summary>Absolute.</summary>
    public string DataDirectory { get; }

    public string OwnerConnectionString { get; }

    /// <exception cref="EngineException">There is no installation, or its database cannot be reached; says why.</exception>
    public static async Task<InstallationDatabase> OpenAsync(
        IConfiguration configuration,
        string dataDirectory,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var directory = Path.GetFullPath(dataDirectory);
        if (ConnectionSettings.Read(configuration).Postgres is { } given)
        {
            return new InstallationDatabase(directory, given, null);
        }

        if (
            !Directory.Exists(directory)
            || PostgresBinaries.MadeBy(Path.Combine(EngineLayout.WhereEnginesAre(directory), "postgres")) is null
        )
        {
            throw new EngineException(
                $"There is no installation in {directory}: name its directory with --data, or its database in DATABASE_URL"
            );
        }

        if (DataDirectoryLock.HolderOf(directory) is { } holder)
        {
            return PostgresEngine.OfRunning(Posix.RealPath(directory)) is { } running
                ? new InstallationDatabase(directory, running, null)
                : throw new EngineException(
                    $"The server on {directory} (process {holder.ProcessId}) is just starting or stopping: try again in a moment"
                );
        }

        return await StartAsync(directory, loggers, cancellationToken);
    }

    /// <summary>Starts the private database of a directory, making it when there is none.</summary>
    internal static async Task<InstallationDatabase> StartAsync(
        string directory,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var engines = await PrivateEngines.StartAsync(
            new EngineOptions(directory) { Redis = false },
            loggers,
            TimeProvider.System,
            cancellationToken
        );
        return new InstallationDatabase(directory, engines.OwnerConnectionString!, engines);
    }

    public async ValueTask DisposeAsync()
    {
        if (_engines is not null)
        {
            await _engines.DisposeAsync();
        }
    }
}
