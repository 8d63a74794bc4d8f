using System.Globalization;
using System.Text.Json;

namespace Chancery.Server.Platform.Engines;

/// <summary>Who holds a data directory.</summary>
/// <param name="ProcessId">The server's process.</param>
/// <param name="Since">When it took the directory.</param>
/// <param name="Address">Where it listens; null until it does.</param>
public sealed record DataDirectoryHolder(int ProcessId, DateTimeOffset Since, string? Address);

/// <summary>
/// Held by the one server that may use a data directory. The kernel lets go of it when the process ends, however it ends.
/// </summary>
public sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _holderPath;
    private DataDirectoryHolder _holder;

    private DataDirectoryLock(FileStream held, string holderPath, DataDirectoryHolder holder)
    {
        _lock = held;
        _holderPath = holderPath;
        _holder = holder;
        Write();
    }

    /// <summary>Takes the directory, which must exist.</summary>
    /// <exception cref="EngineException">Another server holds it; the message says which, since when and where.</exception>
    public static DataDirectoryLock Take(string dataDirectory, TimeProvider time)
    {
        FileStream held;

        try
        {
            held = new FileStream(
                Path.Combine(dataDirectory, "server.lock"),
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            );
        }
        catch (IOException exception) when (IsHeldElsewhere(exception))
        {
            throw new EngineException(Describe(dataDirectory), exception);
        }

        return new DataDirectoryLock(
            held,
            HolderPath(dataDirectory),
            new DataDirectoryHolder(Environment.ProcessId, time.GetUtcNow(), Address: null)
        );
    }

    /// <summary>Who holds the directory now, for a command that wants to talk to a running server; null when nobody does.</summary>
    public static DataDirectoryHolder? HolderOf(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, "server.lock");

        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var free = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return null;
        }
        catch (IOException exception) when (IsHeldElsewhere(exception))
        {
            return ReadHolder(dataDirectory);
        }
    }

    /// <summary>Records where the server listens.</summary>
    public void Announce(string address)
    {
        _holder = _holder with { Address = address };
        Write();
    }

    public void Dispose()
    {
        File.Delete(_holderPath);
        _lock.Dispose();
    }

    private void Write() => PrivateFile.Write(_holderPath, JsonSerializer.Serialize(_holder));

    private static string HolderPath(string dataDirectory) => Path.Combine(dataDirectory, "server.json");

    private static bool IsHeldElsewhere(IOException exception) =>
        exception is not FileNotFoundException
        // EWOULDBLOCK, from flock.
        && exception.HResult == 11;

    private static DataDirectoryHolder? ReadHolder(string dataDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize<DataDirectoryHolder>(File.ReadAllText(HolderPath(dataDirectory)));
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    private static string Describe(string dataDirectory) =>
        ReadHolder(dataDirectory) is { } holder
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The data directory {dataDirectory} is in use by another Chancery server: process {holder.ProcessId}, since {holder.Since:yyyy-MM-dd HH:mm:ss} UTC, {(holder.Address is { } address ? $"at {address}" : "still starting")}. Stop it, or give this one a directory of its own (--data)"
            )
            : $"The data directory {dataDirectory} is in use by another Chancery server that is just starting or stopping. "
                + "Stop it, or give this one a directory of its own (--data)";
}
