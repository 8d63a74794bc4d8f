using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Platform.Engines;

/// <summary>Where everything of one data directory is.</summary>
/// <param name="DataDirectory">Canonical, without links.</param>
/// <param name="EngineDirectory">Holds <c>postgres/</c> and <c>redis/</c>.</param>
/// <param name="Name">Short name of the data directory that no other one on the machine shares.</param>
internal sealed record EngineLayout(string DataDirectory, string EngineDirectory, string Name)
{
    /// <summary>Most bytes in the path of a unix socket; the kernel's field has 108 with the closing zero.</summary>
    private const int LongestSocketPath = 107;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string PostgresDirectory => Path.Combine(EngineDirectory, "postgres");

    public string RedisDirectory => Path.Combine(EngineDirectory, "redis");

    public string KeysDirectory => Path.Combine(DataDirectory, "keys");

    public string LogsDirectory => Path.Combine(DataDirectory, "logs");

    /// <summary>True when the engines' files had to leave the data directory.</summary>
    public bool IsElsewhere => !EngineDirectory.StartsWith(DataDirectory, StringComparison.Ordinal);

    /// <summary>Makes what is missing of the data directory and says where it is, without links.</summary>
    /// <param name="passable">Whether engines that run as other users have to reach what is in it.</param>
    public static string Prepare(string dataDirectory, bool passable = true)
    {
        var path = Path.GetFullPath(dataDirectory);

        if (!Directory.Exists(path))
        {
            // Root's engines run as other users: they pass through, they do not look around.
            var passing =
                passable && Posix.IsRoot ? UnixFileMode.OtherExecute | UnixFileMode.GroupExecute : UnixFileMode.None;
            Directory.CreateDirectory(path, OwnerOnly | passing);
            // The mode above is cut by the umask.
            File.SetUnixFileMode(path, OwnerOnly | passing);
        }

        path = Posix.RealPath(path);
        Directory.CreateDirectory(Path.Combine(path, "keys"), OwnerOnly);
        Directory.CreateDirectory(Path.Combine(path, "logs"), OwnerOnly);
        Directory.CreateDirectory(Path.Combine(path, "blobs"), OwnerOnly);
        return path;
    }

    /// <summary>Decides where the engines' files are; makes no engine's directory.</summary>
    /// <param name="dataDirectory">As <see cref="Prepare"/> gave it.</param>
    /// <param name="fallbackRoot">See <see cref="EngineOptions.FallbackRoot"/>.</param>
    public static EngineLayout Resolve(string dataDirectory, string fallbackRoot)
    {
        var name = NameOf(dataDirectory);
        var inside = new EngineLayout(dataDirectory, dataDirectory, name);

        if (!Posix.IsRoot)
        {
            return inside;
        }

        var outside = inside with { EngineDirectory = Path.Combine(fallbackRoot, name) };
        var wall = FirstClosedAncestor(dataDirectory);

        if (HasCluster(inside.PostgresDirectory))
        {
            return wall is null
                ? inside.LetEnginesPass()
                : throw new EngineException(
                    $"The data in {inside.PostgresDirectory} cannot be reached by the engines' user, because {wall} is closed "
                        + $"to others: chmod o+x {wall}, or move the data directory elsewhere and name it with --data"
                );
        }

        return wall is null && !HasCluster(outside.PostgresDirectory) ? inside.LetEnginesPass() : outside.MakeOutside();
    }

    /// <summary>Where the engines' files of a data directory are, if it has any; changes nothing.</summary>
    public static string WhereEnginesAre(string dataDirectory)
    {
        var path = Posix.RealPath(dataDirectory);
        var outside = Path.Combine(new EngineOptions(path).FallbackRoot, NameOf(path));
        return !HasCluster(Path.Combine(path, "postgres")) && HasCluster(Path.Combine(outside, "postgres"))
            ? outside
            : path;
    }

    /// <summary>
    /// Makes a directory for PostgreSQL's socket that only <paramref name="user"/> (and root) may enter and whose socket
    /// fits the kernel's limit: in <paramref name="preferredRoot"/>, <c>/run</c>, <c>$XDG_RUNTIME_DIR</c> or <c>/tmp</c>.
    /// </summary>
    public string MakeSocketDirectory(EngineUser user, string? preferredRoot)
    {
        string?[] roots =
        [
            preferredRoot,
            Posix.IsRoot ? "/run" : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"),
            Path.GetTempPath(),
            "/tmp",
        ];

        foreach (var root in roots.OfType<string>().Where(Directory.Exists))
        {
            // A second name is tried because anybody may have taken the first one in /tmp.
            foreach (var suffix in new[] { "", "-" + RandomNumberGenerator.GetHexString(6, lowercase: true) })
            {
                var path = Path.Combine(root, $"chancery-{user.UserId}-{Name}{suffix}");

                if (Encoding.UTF8.GetByteCount(path + "/.s.PGSQL.5432.lock") <= LongestSocketPath && Claim(path, user))
                {
                    return path;
                }
            }
        }

        throw new EngineException(
            $"No directory for PostgreSQL's socket can be made in {string.Join(", ", roots.OfType<string>().Distinct())}: "
                + "one of them must be writable, with a path that is not too long for a socket"
        );
    }

    private static bool Claim(string path, EngineUser user)
    {
        try
        {
            if (Posix.MakePrivateDirectory(path))
            {
                if (user.IsOther)
                {
                    Posix.Give(path, user.UserId, user.GroupId);
                }

                return true;
            }
        }
        catch (IOException)
        {
            return false;
        }

        return Posix.OwnerOf(path) is { IsDirectory: true, IsPrivate: true } owner && owner.UserId == user.UserId;
    }

    private EngineLayout LetEnginesPass()
    {
        if (Posix.OwnerOf(DataDirectory) is { OthersMayPass: false })
        {
            File.SetUnixFileMode(DataDirectory, File.GetUnixFileMode(DataDirectory) | UnixFileMode.OtherExecute);
        }

        return this;
    }

    private EngineLayout MakeOutside()
    {
        if (FirstClosedAncestor(EngineDirectory) is { } wall)
        {
            throw new EngineException(
                $"The engines' user can reach neither {DataDirectory} nor {EngineDirectory}, because {wall} is closed to "
                    + "others: name a data directory outside of it with --data"
            );
        }

        Directory.CreateDirectory(EngineDirectory);

        foreach (var directory in new[] { Path.GetDirectoryName(EngineDirectory)!, EngineDirectory })
        {
            File.SetUnixFileMode(directory, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        PrivateFile.Write(Path.Combine(EngineDirectory, "data-directory"), DataDirectory + "\n");
        return this;
    }

    private static string NameOf(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12];

    private static bool HasCluster(string postgresDirectory) =>
        File.Exists(Path.Combine(postgresDirectory, "PG_VERSION"));

    /// <summary>The first directory above <paramref name="path"/> that lets no stranger pass, from the root down.</summary>
    public static string? FirstClosedAncestor(string path)
    {
        var ancestors = new List<string>();

        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            ancestors.Add(parent);
        }

        return Enumerable
            .Reverse(ancestors)
            .FirstOrDefault(ancestor => Posix.OwnerOf(ancestor) is { OthersMayPass: false });
    }
}
