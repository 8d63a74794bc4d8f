using System.Diagnostics;
using System.Globalization;

namespace Chancery.Documents;

/// <summary>One protection around a reader.</summary>
/// <param name="Name">What it keeps in, such as "network".</param>
/// <param name="Missing">Null when it stands, else what is missing and how to mend it.</param>
public sealed record SandboxWall(string Name, string? Missing)
{
    public bool Stands => Missing is null;
}

/// <summary>
/// Starts programs behind walls: no environment, no network, no new privileges, no sight of other processes, a user of
/// their own where the server is root, limits on memory, processor time, file size and processes. Safe for concurrent use.
/// </summary>
public sealed class Sandbox
{
    /// <summary>"nobody": owns nothing, and is what an unmapped user looks like anyway.</summary>
    internal const int Nobody = 65534;

    private readonly string _searchPath;
    private readonly IReadOnlyList<string> _prefix;
    private readonly string? _prlimit;

    internal Sandbox(string searchPath, IReadOnlyList<string> prefix, string? prlimit, IReadOnlyList<SandboxWall> walls)
    {
        _searchPath = searchPath;
        _prefix = prefix;
        _prlimit = prlimit;
        Walls = walls;
    }

    /// <summary>All walls, standing or not, for <c>doctor</c>.</summary>
    public IReadOnlyList<SandboxWall> Walls { get; }

    /// <summary>Whether a reader runs as a user of its own, who can open only what everybody can.</summary>
    public bool HasOwnUser => Walls.Any(wall => wall is { Name: WallNames.User, Stands: true });

    /// <summary>Tries which walls this machine permits; some 20 ms. For the start and for <c>doctor</c>.</summary>
    /// <param name="searchPath">Directories of programs, separated by colons.</param>
    /// <param name="hidden">Directories that readers shall see empty; for a server that is not root.</param>
    public static Task<Sandbox> ProbeAsync(
        string searchPath,
        CancellationToken cancellationToken,
        IReadOnlyList<string>? hidden = null
    ) => SandboxProbe.RunAsync(searchPath, hidden ?? [], cancellationToken);

    /// <summary>The full path of a program, or null.</summary>
    public string? Find(string program) => Find(_searchPath, program);

    /// <summary>How to start <paramref name="program"/> inside: streams redirected, nothing inherited but them.</summary>
    /// <param name="environment">All that the program will see.</param>
    public ProcessStartInfo Command(
        string program,
        IEnumerable<string> arguments,
        SandboxLimits limits,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        ArgumentNullException.ThrowIfNull(limits);

        var command = new List<string>(_prefix);
        if (_prlimit is not null)
        {
            var cpuSeconds = (long)Math.Ceiling(limits.CpuTime.TotalSeconds);
            command.AddRange([
                _prlimit,
                Limit("as", limits.AddressSpaceBytes),
                // At the hard limit the kernel kills without a word; at the soft one the exit code says why.
                string.Create(CultureInfo.InvariantCulture, $"--cpu={cpuSeconds}:{cpuSeconds + 5}"),
                Limit("fsize", 0),
                Limit("core", 0),
                Limit("nofile", limits.OpenFiles),
            ]);
            // Outside a user namespace the kernel counts all of the user's processes, the server's own threads too.
            if (Walls.Any(wall => wall is { Name: WallNames.Namespace, Stands: true }) || HasOwnUser)
            {
                command.Add(Limit("nproc", limits.Processes));
            }

            command.Add("--");
        }

        command.Add(program);
        command.AddRange(arguments);

        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = _searchPath;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    internal static string? Find(string searchPath, string program) =>
        Path.IsPathRooted(program)
            ? (File.Exists(program) ? program : null)
            : searchPath
                .Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(directory => Path.Combine(directory, program))
                .FirstOrDefault(File.Exists);

    private static string Limit(string name, long value) =>
        string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");
}

/// <summary>The walls' names, as <c>doctor</c> prints them.</summary>
public static class WallNames
{
    public const string User = "own user";
    public const string Namespace = "user namespace";
    public const string Network = "no network";
    public const string Files = "server's files hidden";
    public const string Processes = "own processes";
    public const string Privileges = "no new privileges";
    public const string Limits = "limits";
}
