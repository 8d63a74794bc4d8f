using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Commands.Doctor;

/// <summary>The programs, the room, the port, the clock, and the data directory.</summary>
internal sealed class MachineChecks(
    IConfiguration configuration,
    string dataDirectory,
    int port,
    bool isLocal,
    TimeProvider time
)
{
    private const long LittleRoomBytes = 2_000_000_000;
    private const long NoRoomBytes = 200_000_000;

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken) =>
        [
            Runtime(),
            await ProgramAsync("pdftotext", "-v", "poppler-utils", cancellationToken),
            await ProgramAsync("pdfinfo", "-v", "poppler-utils", cancellationToken),
            await ProgramAsync("setpriv", "--version", "util-linux", cancellationToken),
            await ProgramAsync("setsid", "--version", "util-linux", cancellationToken),
            await ProgramAsync("unshare", "--version", "util-linux", cancellationToken),
            await ProgramAsync("prlimit", "--version", "util-linux", cancellationToken),
            await NamespacesAsync(cancellationToken),
            Room(),
            Port(),
            DataDirectory(),
            SearchIndexes(),
            MasterKey(),
            Clock(),
        ];

    private static Finding Runtime() =>
        Environment.Version.Major >= 10
            ? Finding.Good(".NET", Environment.Version.ToString())
            : Finding.Bad(".NET", Environment.Version.ToString(), "install the .NET SDK 10");

    private static async Task<Finding> ProgramAsync(
        string program,
        string versionOption,
        string package,
        CancellationToken cancellationToken
    ) =>
        await Probe.RunAsync(program, [versionOption], cancellationToken) is { } said
            ? Finding.Good(program, said.FirstLine)
            : Finding.Bad(program, "not installed", $"apt-get install {package}");

    /// <summary>The wall between a file's reader and the network.</summary>
    private static async Task<Finding> NamespacesAsync(CancellationToken cancellationToken)
    {
        string[] unprivileged = Posix.IsRoot ? ["--reuid=65534", "--regid=65534", "--clear-groups"] : [];
        string[] arguments = [.. unprivileged, "--no-new-privs", "unshare", "--user", "--net", "true"];

        return await Probe.RunAsync("setpriv", arguments, cancellationToken) is { ExitCode: 0 }
            ? Finding.Good("user namespaces", "readers of files run without a network")
            : Finding.Weak(
                "user namespaces",
                "refused: readers of files keep the network, the other walls stand",
                "sysctl kernel.unprivileged_userns_clone=1 (on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0)"
            );
    }

    private Finding Room()
    {
        var free = new DriveInfo(NearestDirectory(dataDirectory)).AvailableFreeSpace;
        var found = string.Create(CultureInfo.InvariantCulture, $"{free / 1e9:0.0} GB free for {dataDirectory}");

        return free switch
        {
            < NoRoomBytes => Finding.Bad("disk", found, "make room"),
            < LittleRoomBytes => Finding.Weak("disk", found, "make room before it is full"),
            _ => Finding.Good("disk", found),
        };
    }

    /// <summary>The words of documents can be read from them.</summary>
    private Finding SearchIndexes()
    {
        const string subject = "search indexes";
        var directory = IndexSnapshots.DirectoryIn(dataDirectory);
        try
        {
            var (files, bytes) = IndexSnapshots.In(dataDirectory);
            var found = string.Create(
                CultureInfo.InvariantCulture,
                $"{files} files, {bytes / 1e6:0.0} MB in {directory}; backups leave them out"
            );
            return Posix.OwnerOf(directory) switch
            {
                null => Finding.Good(subject, $"none in {directory} yet"),
                { IsPrivate: false } => Finding.Weak(
                    subject,
                    $"others may read {directory}, and documents' words in it",
                    $"chmod 700 {directory}"
                ),
                _ => Finding.Good(subject, found),
            };
        }
        catch (UnauthorizedAccessException)
        {
            return Finding.Good(subject, $"in {directory}, which only the server's user may read");
        }
    }

    private Finding Port()
    {
        if (DataDirectoryLock.HolderOf(dataDirectory) is { } holder)
        {
            return Finding.Good(
                "port",
                $"Chancery itself runs: process {holder.ProcessId}, {holder.Address ?? "still starting"}"
            );
        }

        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return Finding.Good("port", $"{port} is free");
        }
        catch (SocketException)
        {
            return Finding.Bad("port", $"{port} is taken", "stop the program that listens there, or start with --port");
        }
    }

    private Finding DataDirectory()
    {
        if (!Directory.Exists(dataDirectory))
        {
            return Finding.Good("data directory", $"{dataDirectory} will be made at the first start");
        }

        var owner = Posix.OwnerOf(dataDirectory) ?? default;
        var made = PostgresBinaries.MadeBy(Path.Combine(EngineLayout.WhereEnginesAre(dataDirectory), "postgres"));
        var mode = Convert.ToString(owner.Mode & 0xFFF, 8);
        var found =
            $"{dataDirectory}, owner {owner.UserId}, mode {mode}, "
            + (made is null ? "no private database yet" : $"database of PostgreSQL {made}");

        if (owner.UserId != Posix.UserId && !Posix.IsRoot)
        {
            return Finding.Bad("data directory", found, $"start as user {owner.UserId}, or name another with --data");
        }

        return (owner.Mode & 0x12) == 0
            ? Finding.Good("data directory", found)
            : Finding.Weak("data directory", found, $"others can write there: chmod go-w {dataDirectory}");
    }

    private Finding MasterKey()
    {
        const string subject = "master key";
        const string name = "CHANCERY_MASTER_KEY";

        if (!string.IsNullOrEmpty(configuration[name]))
        {
            return Finding.Good(subject, $"from {name}");
        }

        var given = configuration[name + "_FILE"];
        var path = string.IsNullOrEmpty(given) ? Path.Combine(dataDirectory, "keys", "master.key") : given;

        if (!File.Exists(path))
        {
            return isLocal && string.IsNullOrEmpty(given)
                ? Finding.Good(subject, "will be made at the first start; keep a copy of it then")
                : Finding.Bad(
                    subject,
                    $"there is no {path}",
                    $"give 32 random bytes as base64 in {name} or {name}_FILE"
                );
        }

        var mode = File.GetUnixFileMode(path);
        const UnixFileMode others =
            UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

        return (mode & others) == 0
            ? Finding.Good(subject, $"{path}, readable by its owner only; keep a copy elsewhere")
            : Finding.Bad(subject, $"{path} is open to other users", $"chmod 600 {path}");
    }

    /// <summary>A clock that lags makes sign-ins expire at once, or never.</summary>
    private Finding Clock()
    {
        var now = time.GetUtcNow();
        var built = File.GetLastWriteTimeUtc(typeof(MachineChecks).Assembly.Location);
        var found = now.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

        return now >= built.AddDays(-1) && now.Year < built.Year + 20
            ? Finding.Good("clock", found)
            : Finding.Bad(
                "clock",
                $"{found}, but this program was built on {built:yyyy-MM-dd}",
                "set the machine's clock"
            );
    }

    private static string NearestDirectory(string path)
    {
        while (!Directory.Exists(path))
        {
            path = Path.GetDirectoryName(path)!;
        }

        return path;
    }
}
