namespace Chancery.Server.Platform.Backup;

/// <summary>
/// Lies in a data directory while something is restored into it, so that nobody starts on half of an installation, and stays
/// when the restore is cut off. The kernel tells one from the other: the mark is locked as long as its process lives.
/// </summary>
internal sealed class RestoreMark : IDisposable
{
    public const string Name = "restoring";

    private readonly FileStream _held;
    private readonly string _path;

    private RestoreMark(FileStream held, string path)
    {
        _held = held;
        _path = path;
    }

    public static RestoreMark Take(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, Name);
        return new RestoreMark(Open(path, FileMode.OpenOrCreate), path);
    }

    /// <summary>Whether a restore into the directory was cut off.</summary>
    /// <exception cref="BackupException">One is running.</exception>
    public static bool WasCutOff(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, Name);
        if (!File.Exists(path))
        {
            return false;
        }

        using var free = Open(path, FileMode.Open);
        return true;
    }

    /// <exception cref="BackupException">A restore into the directory was cut off, or still runs.</exception>
    public static void RefuseCutOff(string dataDirectory)
    {
        if (WasCutOff(dataDirectory))
        {
            throw new BackupException(
                $"A restore into {dataDirectory} was cut off, and what is there is not whole: run chancery restore again."
            );
        }
    }

    /// <summary>Takes the mark away: what is there is whole.</summary>
    public void Lift() => File.Delete(_path);

    public void Dispose() => _held.Dispose();

    private static FileStream Open(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not FileNotFoundException && exception.HResult == 11)
        {
            throw new BackupException(
                $"Another chancery restore into {Path.GetDirectoryName(path)} is running: wait until it has ended.",
                exception
            );
        }
    }
}
