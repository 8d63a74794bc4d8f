using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Chancery.Documents.Tests;

public sealed class SandboxTests
{
    private static readonly SandboxLimits Limits = new(1_000_000_000, TimeSpan.FromSeconds(20), 16);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hostile_reader_gets_no_blob_no_socket_and_no_secret()
    {
        var sandbox = await Readers.SandboxAsync();
        var blobs = Directory.CreateTempSubdirectory("blobs");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Environment.SetEnvironmentVariable("CHANCERY_TEST_SECRET", "s3cret");
        try
        {
            var blob = Path.Combine(blobs.FullName, "blob");
            await File.WriteAllTextAsync(blob, "of another tenant", Cancel);
            File.SetUnixFileMode(
                blobs.FullName,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
            File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var script = $"""
                cat {blob} 2>/dev/null && echo GOT-BLOB
                (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo GOT-SOCKET
                env | grep -q s3cret && echo GOT-SECRET
                cat /proc/{Environment.ProcessId}/environ 2>/dev/null | grep -q PATH && echo GOT-PARENT
                for fd in /proc/self/fd/*; do case "$(readlink $fd)" in *{blobs.Name}*) echo GOT-DESCRIPTOR;; esac; done
                echo done
                """;
            await using var held = File.OpenRead(blob);

            var inside = await RunAsync(sandbox.Command("/bin/bash", ["-c", script], Limits));
            var outside = await RunAsync(Plain("/bin/bash", "-c", script));

            Assert.Equal("of another tenantGOT-BLOB\nGOT-SOCKET\nGOT-SECRET\nGOT-PARENT\ndone\n", outside);
            if (sandbox.HasOwnUser)
            {
                Assert.Equal("done\n", inside);
            }
            else
            {
                // Without root there is no other user to be; the rest must hold wherever its wall stands.
                Assert.DoesNotContain("GOT-SECRET\n", inside, StringComparison.Ordinal);
                Assert.True(
                    !sandbox.Walls.Single(wall => wall.Name == WallNames.Network).Stands
                        || !inside.Contains("GOT-SOCKET", StringComparison.Ordinal)
                );
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable("CHANCERY_TEST_SECRET", null);
            blobs.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Directories_that_are_hidden_stay_empty_for_a_reader_whatever_it_tries()
    {
        var hidden = Directory.CreateTempSubdirectory("hidden");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(hidden.FullName, "blob"), "of another tenant", Cancel);
            File.SetUnixFileMode(hidden.FullName, (UnixFileMode)0b111_101_101);
            var sandbox = await Sandbox.ProbeAsync(Readers.SearchPath, Cancel, [hidden.FullName]);
            var script = $"""
                cat {hidden.FullName}/blob
                umount {hidden.FullName} && cat {hidden.FullName}/blob
                unshare --user --map-root-user --mount sh -c 'umount {hidden.FullName}; cat {hidden.FullName}/blob'
                grep -E 'CapEff|CapBnd' /proc/self/status
                """;

            var output = await RunAsync(sandbox.Command("/bin/bash", ["-c", script], Limits));

            var stands = sandbox.Walls.Single(wall => wall.Name == WallNames.Files).Stands;
            Assert.Equal(sandbox.Walls.Single(wall => wall.Name == WallNames.Processes).Stands, stands);
            if (stands)
            {
                Assert.Equal("CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n", output);
            }
        }
        finally
        {
            hidden.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_reader_sees_neither_another_reader_nor_the_server()
    {
        var sandbox = await Readers.SandboxAsync();
        using var other = Process.Start(sandbox.Command("/bin/sleep", ["60"], Limits))!;
        try
        {
            const string Script = """
                for name in /proc/[0-9]*/comm; do read -r comm < $name; echo $comm; done
                """;

            var seen = await RunAsync(sandbox.Command("/bin/bash", ["-c", Script], Limits));

            if (sandbox.Walls.Single(wall => wall.Name == WallNames.Processes).Stands)
            {
                Assert.Equal(["bash", "sh"], seen.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
            }
        }
        finally
        {
            other.Kill();
            await other.WaitForExitAsync(Cancel);
        }
    }

    [Fact]
    public async Task A_reader_that_is_ended_leaves_nothing_running_behind_it()
    {
        var sandbox = await Readers.SandboxAsync();
        var start = sandbox.Command("/bin/bash", ["-c", "sleep 61 & echo started; exec sleep 62"], Limits);
        await using (var reader = SandboxedProcess.Start(start))
        {
            using var lines = new StreamReader(reader.Output, leaveOpen: true);
            Assert.Equal("started", await lines.ReadLineAsync(Cancel));
            // Said before either of them has become what it is to be.
            await UntilAsync(() => Sleepers().Any());
        }

        if (sandbox.Walls.Single(wall => wall.Name == WallNames.Processes).Stands)
        {
            await UntilAsync(() => !Sleepers().Any());
        }

        static async Task UntilAsync(Func<bool> holds)
        {
            for (var tries = 0; tries < 100 && !holds(); tries++)
            {
                await Task.Delay(50, Cancel);
            }

            Assert.True(holds());
        }

        static IEnumerable<string> Sleepers() =>
            Directory
                .EnumerateDirectories("/proc")
                .Select(directory => Path.Combine(directory, "cmdline"))
                .Where(File.Exists)
                .Select(ReadOrNothing)
                .Where(command => command is "sleep\0" + "61\0" or "sleep\0" + "62\0");

        static string ReadOrNothing(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (IOException)
            {
                // It ended while it was looked at.
                return "";
            }
        }
    }

    [Theory]
    [InlineData("kill -SEGV $$", 139)]
    [InlineData("kill -XCPU $$", 152)]
    [InlineData("ulimit -St 1; while :; do :; done", 152)]
    [InlineData("exit 7", 7)]
    public async Task A_readers_end_is_told_as_it_was(string script, int exitCode)
    {
        var sandbox = await Readers.SandboxAsync();
        await using var reader = SandboxedProcess.Start(sandbox.Command("/bin/bash", ["-c", script], Limits));

        var (seen, _) = await reader.WaitAsync(Cancel);

        Assert.Equal(exitCode, seen);
    }

    [Fact]
    public async Task A_reader_cannot_write_a_file_start_many_processes_or_become_root()
    {
        var sandbox = await Readers.SandboxAsync();
        const string Script = """
            (echo x > /tmp/chancery-hostile-$$) 2>/dev/null && [ -s /tmp/chancery-hostile-$$ ] && echo GOT-FILE
            rm -f /tmp/chancery-hostile-$$
            ulimit -u
            grep NoNewPrivs /proc/self/status
            """;

        var output = await RunAsync(sandbox.Command("/bin/bash", ["-c", Script], Limits));

        Assert.DoesNotContain("GOT-FILE", output, StringComparison.Ordinal);
        if (sandbox.HasOwnUser)
        {
            Assert.StartsWith("16\n", output, StringComparison.Ordinal);
        }

        if (sandbox.Walls.Single(wall => wall.Name == WallNames.Privileges).Stands)
        {
            Assert.Contains("NoNewPrivs:\t1", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Memory_beyond_the_limit_is_refused_to_a_reader()
    {
        var sandbox = await Readers.SandboxAsync();
        // Of a stream's end nothing can be let go.
        const string Script = "head -c 300000000 /dev/zero | tail -c 250000000 | wc -c";

        var within = await RunAsync(
            sandbox.Command("/bin/bash", ["-c", Script], Limits with { AddressSpaceBytes = 1_000_000_000 })
        );
        var beyond = await RunAsync(
            sandbox.Command("/bin/bash", ["-c", Script], Limits with { AddressSpaceBytes = 100_000_000 })
        );

        Assert.Contains("250000000", within, StringComparison.Ordinal);
        Assert.DoesNotContain("250000000", beyond, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Walls_that_do_not_stand_say_how_to_mend_them()
    {
        var empty = Directory.CreateTempSubdirectory();
        try
        {
            var sandbox = await Sandbox.ProbeAsync(empty.FullName, Cancel);

            Assert.All(sandbox.Walls, wall => Assert.False(wall.Stands));
            Assert.Contains(sandbox.Walls, wall => wall.Missing!.Contains("util-linux", StringComparison.Ordinal));
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Every_wall_stands_where_tests_run_as_root_with_namespaces()
    {
        var sandbox = await Readers.SandboxAsync();

        var names = sandbox.Walls.Where(wall => wall.Stands).Select(wall => wall.Name).ToHashSet();

        Assert.Contains(WallNames.Privileges, names);
        Assert.Contains(WallNames.Limits, names);
        Assert.Equal(Environment.IsPrivilegedProcess, names.Contains(WallNames.User));
    }

    private static ProcessStartInfo Plain(string program, params string[] arguments) =>
        new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    private static async Task<string> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await errors;
        await process.WaitForExitAsync(Cancel);
        return output;
    }
}
