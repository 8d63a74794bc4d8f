using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Server.Platform.Engines;

/// <summary>One installed PostgreSQL server.</summary>
/// <param name="Directory">Holds <c>postgres</c> and <c>initdb</c>; links are resolved.</param>
/// <param name="Major">Such as 15.</param>
public sealed partial record PostgresBinaries(string Directory, int Major)
{
    /// <summary>The oldest PostgreSQL that the product works with.</summary>
    public const int OldestMajor = 15;

    public string Postgres => Path.Combine(Directory, "postgres");

    public string Initdb => Path.Combine(Directory, "initdb");

    /// <summary>Every PostgreSQL server on this machine, newest first; too old ones as well.</summary>
    public static IReadOnlyList<PostgresBinaries> FindAll()
    {
        var packaged = Subdirectories("/usr/lib/postgresql").Concat(Subdirectories("/usr/local/lib/postgresql"));
        var searched =
            Environment.GetEnvironmentVariable("PATH")?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [];

        return packaged
            .Select(directory => Path.Combine(directory, "bin"))
            .Concat(
                Subdirectories("/usr")
                    .Where(directory => directory.Contains("/pgsql-", StringComparison.Ordinal))
                    .Select(directory => Path.Combine(directory, "bin"))
            )
            .Append("/usr/local/pgsql/bin")
            .Concat(searched)
            .Select(Resolve)
            .OfType<string>()
            .Distinct()
            .Select(directory => (Directory: directory, Major: MajorOf(directory)))
            .Where(found => found.Major is not null)
            .Select(found => new PostgresBinaries(found.Directory, found.Major!.Value))
            .OrderByDescending(found => found.Major)
            .ToList();
    }

    /// <summary>
    /// The installed PostgreSQL for a data directory: the one that made it, or the newest when it is still to be made.
    /// </summary>
    /// <exception cref="EngineException">None fits; the message names the package, or both versions.</exception>
    public static PostgresBinaries Choose(string clusterDirectory)
    {
        var installed = FindAll();
        var usable = installed.Where(found => found.Major >= OldestMajor).ToList();
        var made = MadeBy(clusterDirectory);

        if (made is not null)
        {
            return usable.FirstOrDefault(found => found.Major.ToString(CultureInfo.InvariantCulture) == made)
                ?? throw new EngineException(
                    $"{clusterDirectory} was made by PostgreSQL {made}, and this machine has "
                        + $"{(installed.Count == 0 ? "none" : string.Join(", ", installed.Select(found => found.Major)))}: "
                        + $"apt-get install postgresql-{made}, or start with another --data and restore a backup there. Nothing was changed"
                );
        }

        if (usable.Count > 0)
        {
            return usable[0];
        }

        throw new EngineException(
            installed.Count == 0
                ? "PostgreSQL is not installed: apt-get install postgresql, or name a server of your own in DATABASE_URL"
                : $"PostgreSQL {OldestMajor} or newer is needed and this machine has {installed[0].Major}: install a newer "
                    + "postgresql package, or name a server of your own in DATABASE_URL"
        );
    }

    /// <summary>Which major version made the data directory; null when nothing was made there yet.</summary>
    public static string? MadeBy(string clusterDirectory)
    {
        var path = Path.Combine(clusterDirectory, "PG_VERSION");
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    private static string[] Subdirectories(string path) =>
        System.IO.Directory.Exists(path) ? System.IO.Directory.GetDirectories(path) : [];

    /// <summary>
    /// The real home of the programs: a link in <c>/usr/local/bin</c> would hide the files that initdb looks for beside it.
    /// </summary>
    private static string? Resolve(string directory)
    {
        var postgres = Path.Combine(directory, "postgres");

        if (!File.Exists(postgres))
        {
            return null;
        }

        var home = Path.GetDirectoryName(Posix.RealPath(postgres))!;
        return File.Exists(Path.Combine(home, "initdb")) ? home : null;
    }

    private static int? MajorOf(string directory)
    {
        // Debian's path says it; asking the program takes 10 ms.
        if (PackagedVersion().Match(directory) is { Success: true } packaged)
        {
            return int.Parse(packaged.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        }

        using var process = Process.Start(
            new ProcessStartInfo(Path.Combine(directory, "postgres"), "--version") { RedirectStandardOutput = true }
        );

        // postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)
        var said = process?.StandardOutput.ReadToEnd() ?? "";
        return SaidVersion().Match(said) is { Success: true } version
            ? int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : null;
    }

    [GeneratedRegex(@"^/usr/lib/postgresql/(\d+)/bin$")]
    private static partial Regex PackagedVersion();

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex SaidVersion();
}
