namespace Chancery.Server.Platform.Engines;

/// <summary>Turns what an engine said when it failed into one line for the person in front of it.</summary>
internal static class EngineFailure
{
    /// <summary>ENOSPC, as <see cref="IOException"/> carries it.</summary>
    public const int DiskFull = 28;

    public static EngineException Explain(EngineLaunch launch, string words) =>
        IsDiskFull(words) ? FullDisk(launch.WorkingDirectory)
        : words.Contains("Address already in use", StringComparison.OrdinalIgnoreCase)
            ? new PortTakenException(launch.Name)
        : new EngineException($"{launch.Name} ended at once: {LastLine(words)} (more in {launch.LogPath})");

    public static bool IsDiskFull(string words) =>
        words.Contains("No space left on device", StringComparison.Ordinal)
        // What PostgreSQL says when a part of the last page still fitted.
        || words.Contains("Check free disk space", StringComparison.Ordinal)
        || words.Contains("wrote only", StringComparison.Ordinal);

    public static EngineException FullDisk(string directory)
    {
        var drive = new DriveInfo(directory);
        return new EngineException(
            $"The disk is full: {drive.AvailableFreeSpace / 1_000_000} MB are free on the disk of {directory}, and the "
                + "engines need 100 MB and your documents' room. Make some and start again; nothing was lost"
        );
    }

    /// <summary>The line that names the cause, without its time stamp; the engines put the cause before its consequences.</summary>
    public static string LastLine(string words)
    {
        var lines = words.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        return lines.FirstOrDefault(line =>
                line.Contains("FATAL:", StringComparison.Ordinal)
                || line.Contains("PANIC:", StringComparison.Ordinal)
                || line.Contains("error:", StringComparison.OrdinalIgnoreCase)
            )
            ?? lines.LastOrDefault()
            ?? "it said nothing";
    }
}

/// <summary>Another program took the port between our choice and the engine's start.</summary>
internal sealed class PortTakenException(string engine) : EngineException($"The port chosen for {engine} was taken");
