using System.Text.Json;

namespace Chancery.Server.Platform.Engines;

/// <summary>
/// Remembers which processes are this data directory's engines, so that the successor of a killed server can end them:
/// two PostgreSQLs on the same files destroy them.
/// </summary>
internal sealed class LeftoverEngines(string dataDirectory)
{
    private readonly string _path = Path.Combine(dataDirectory, "engines.json");
    private readonly Dictionary<string, ProcessIdentity> _running = [];
    private readonly Lock _gate = new();

    /// <summary>Notes that an engine runs as that process.</summary>
    public void Record(string name, ProcessIdentity? identity)
    {
        lock (_gate)
        {
            if (identity is null)
            {
                _running.Remove(name);
            }
            else
            {
                _running[name] = identity;
            }

            PrivateFile.Write(_path, JsonSerializer.Serialize(_running));
        }
    }

    /// <summary>Forgets them all: they were stopped in order.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _running.Clear();
            File.Delete(_path);
        }
    }

    /// <summary>Ends the recorded process of an engine, and the one that its pid file names, if they still run.</summary>
    /// <returns>The process that was ended; null when there was none.</returns>
    /// <exception cref="EngineException">It cannot be ended.</exception>
    public async Task<int?> StopAsync(EngineLaunch launch, string pidFile)
    {
        var leftover = Recorded(launch.Name) ?? FromPidFile(pidFile, launch.WorkingDirectory);

        if (leftover is null)
        {
            return null;
        }

        foreach (var (signal, patience) in EngineProcess.Steps(launch))
        {
            Posix.Signal(leftover.ProcessId, signal);

            if (await leftover.WaitForEndAsync(patience))
            {
                return leftover.ProcessId;
            }
        }

        throw new EngineException(
            $"A {launch.Name} that an earlier server left behind still uses {launch.WorkingDirectory} and does not stop: "
                + $"end process {leftover.ProcessId} and start again"
        );
    }

    private ProcessIdentity? Recorded(string name)
    {
        try
        {
            var recorded = JsonSerializer.Deserialize<Dictionary<string, ProcessIdentity>>(File.ReadAllText(_path));
            return recorded?.GetValueOrDefault(name) is { IsAlive: true } alive ? alive : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>For a server that was killed between starting an engine and recording it.</summary>
    private static ProcessIdentity? FromPidFile(string pidFile, string workingDirectory)
    {
        if (
            !File.Exists(pidFile)
            || !int.TryParse(File.ReadLines(pidFile).FirstOrDefault(), out var processId)
            || ProcessIdentity.Of(processId) is not { } identity
        )
        {
            return null;
        }

        // Both engines change into their data directory: a number that was given out again is somewhere else.
        if (new DirectoryInfo($"/proc/{processId}/cwd").LinkTarget == workingDirectory)
        {
            return identity;
        }

        // PostgreSQL does not start while the number in its pid file is another process of the same user.
        File.Delete(pidFile);
        return null;
    }
}
