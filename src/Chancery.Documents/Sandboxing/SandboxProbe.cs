using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Chancery.Documents;

/// <summary>Finds the strongest way to start a reader that this machine permits, by trying from strongest to weakest.</summary>
internal static class SandboxProbe
{
    private const string LimitProbeBytes = "123456512";

    // A namespace's first process gets no signal it does not catch, not even the one for too much processor time. So a
    // shell is the first, and ends as the reader did: "exit" keeps it from becoming the reader.
    private static readonly string[] FirstProcess = ["/bin/sh", "-c", "unset PWD OLDPWD; \"$@\"; exit $?", "sh"];

    // An empty directory over each one that is to be hidden; the right to take it away again is given up before the reader.
    private static readonly string[] HidingProcess =
    [
        "/bin/sh",
        "-c",
        """
            while [ "$1" != -- ]; do mount -t tmpfs -o ro,size=0,nr_inodes=1,mode=0555 none "$1" || exit 126; shift; done
            shift
            unset PWD OLDPWD
            setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$@"
            exit $?
            """,
        "sh",
    ];

    private static readonly string[] OwnProcesses = ["--pid", "--fork", "--kill-child", "--mount-proc"];

    public static async Task<Sandbox> RunAsync(
        string searchPath,
        IReadOnlyList<string> hidden,
        CancellationToken cancellationToken
    )
    {
        var setpriv = Sandbox.Find(searchPath, "setpriv");
        var unshare = Sandbox.Find(searchPath, "unshare");
        var prlimit = Sandbox.Find(searchPath, "prlimit");
        var isRoot = Environment.IsPrivilegedProcess;

        if (hidden.Count > 0 && setpriv is not null && unshare is not null)
        {
            IReadOnlyList<string> hiding =
            [
                .. Privileges(setpriv, isRoot),
                unshare,
                "--user",
                "--map-current-user",
                "--keep-caps",
                "--net",
                "--ipc",
                .. OwnProcesses,
                "--",
                .. HidingProcess,
                .. hidden,
                "--",
            ];
            if (await TryAsync(searchPath, hiding, prlimit, cancellationToken) is { } seen)
            {
                return new Sandbox(
                    searchPath,
                    hiding,
                    prlimit,
                    [.. WallsOf(seen, setpriv, unshare, prlimit, isRoot), new SandboxWall(WallNames.Files, null)]
                );
            }
        }

        SandboxWall[] files =
            hidden.Count == 0
                ? []
                : [new(WallNames.Files, "the system refuses mounts: readers can open the files that the server can")];
        foreach (var prefix in Candidates(setpriv, unshare, isRoot))
        {
            if (await TryAsync(searchPath, prefix, prlimit, cancellationToken) is { } seen)
            {
                return new Sandbox(
                    searchPath,
                    prefix,
                    prlimit,
                    [.. WallsOf(seen, setpriv, unshare, prlimit, isRoot), .. files]
                );
            }
        }

        return new Sandbox(
            searchPath,
            [],
            null,
            [
                .. WallsOf(new Seen(false, false, false, false, false, false), setpriv, unshare, prlimit, isRoot),
                .. files,
            ]
        );
    }

    private static string[] Privileges(string? setpriv, bool isRoot)
    {
        var id = Sandbox.Nobody.ToString(CultureInfo.InvariantCulture);
        return setpriv is null ? []
            : isRoot ? [setpriv, "--reuid=" + id, "--regid=" + id, "--clear-groups", "--no-new-privs", "--"]
            : [setpriv, "--no-new-privs", "--"];
    }

    private static IEnumerable<IReadOnlyList<string>> Candidates(string? setpriv, string? unshare, bool isRoot)
    {
        var privileges = Privileges(setpriv, isRoot);

        if (unshare is not null)
        {
            yield return
            [
                .. privileges,
                unshare,
                "--user",
                "--map-current-user",
                "--net",
                "--ipc",
                .. OwnProcesses,
                "--",
                .. FirstProcess,
            ];
            if (isRoot)
            {
                // In this order: a process that changes its user is no longer ended with its parent.
                yield return [unshare, "--net", "--ipc", .. OwnProcesses, "--", .. FirstProcess, .. privileges];
            }

            yield return [.. privileges, unshare, "--user", "--net", "--ipc", "--"];
            yield return [.. privileges, unshare, "--user", "--net", "--"];
            if (isRoot)
            {
                // Where user namespaces are refused, root can still leave the network before it gives up being root.
                yield return [unshare, "--net", "--", .. privileges];
            }
        }

        yield return privileges;
        yield return [];
    }

    private static async Task<Seen?> TryAsync(
        string searchPath,
        IReadOnlyList<string> prefix,
        string? prlimit,
        CancellationToken cancellationToken
    )
    {
        if (prefix.Count == 0 && prlimit is null)
        {
            return null;
        }

        string[] command =
        [
            .. prefix,
            .. prlimit is null ? Array.Empty<string>() : [prlimit, "--as=" + LimitProbeBytes, "--"],
            "/bin/sh",
            "-c",
            "cat /proc/self/status /proc/self/limits; readlink /proc/self/ns/net /proc/self/ns/user /proc/self/ns/pid",
        ];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = searchPath;

        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await errors;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? Seen.From(output) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static List<SandboxWall> WallsOf(Seen seen, string? setpriv, string? unshare, string? prlimit, bool isRoot)
    {
        const string utilLinux = "install the package util-linux";
        var refused = unshare is null
            ? "unshare is missing: " + utilLinux
            : "the system refuses user namespaces: set kernel.unprivileged_userns_clone=1 (and, in a container, allow unshare)";
        return
        [
            new(
                WallNames.User,
                seen.User ? null
                    : isRoot ? "setpriv is missing or refused: " + utilLinux
                    : "only root can give a reader a user of its own: readers can open the files that the server can"
            ),
            new(WallNames.Namespace, seen.Namespace ? null : refused),
            new(WallNames.Network, seen.Network ? null : refused),
            new(
                WallNames.Processes,
                seen.Processes ? null
                    : unshare is null ? refused
                    : "the system refuses a reader processes of its own: readers can see each other and the server (in a container, allow unshare and mounts of /proc)"
            ),
            new(
                WallNames.Privileges,
                seen.Privileges ? null
                    : setpriv is null ? "setpriv is missing: " + utilLinux
                    : "the system refuses it"
            ),
            new(
                WallNames.Limits,
                seen.Limits ? null
                    : prlimit is null ? "prlimit is missing: " + utilLinux
                    : "refused"
            ),
        ];
    }

    private sealed record Seen(bool User, bool Namespace, bool Network, bool Processes, bool Privileges, bool Limits)
    {
        public static Seen From(string output)
        {
            // Inside a user namespace an unmapped root would look like "nobody" too, so the user counts only if it was
            // given up before: the prefix is tried in that order, and setpriv fails where it cannot.
            var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var nobody = Sandbox.Nobody.ToString(CultureInfo.InvariantCulture);
            return new Seen(
                Environment.IsPrivilegedProcess
                    && lines.Any(line =>
                        line.StartsWith("Uid:", StringComparison.Ordinal)
                        && line.Contains(nobody, StringComparison.Ordinal)
                    ),
                lines.Any(line => line.StartsWith("user:", StringComparison.Ordinal) && line != Own("user")),
                lines.Any(line => line.StartsWith("net:", StringComparison.Ordinal) && line != Own("net")),
                lines.Any(line => line.StartsWith("pid:", StringComparison.Ordinal) && line != Own("pid")),
                lines.Any(line => line.StartsWith("NoNewPrivs:\t1", StringComparison.Ordinal)),
                lines.Any(line =>
                    line.StartsWith("Max address space", StringComparison.Ordinal)
                    && line.Contains(LimitProbeBytes, StringComparison.Ordinal)
                )
            );
        }

        private static string? Own(string name) => new FileInfo("/proc/self/ns/" + name).LinkTarget;
    }
}
