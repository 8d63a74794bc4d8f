using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Chancery.Testing;

/// <summary>
/// A Redis with vector sets in a process of its own, which keeps nothing on disk. The system's is older; <c>./test</c> builds
/// this one (<c>eng/install.sh</c>), or <c>CHANCERY_TEST_REDIS8</c> names the program.
/// </summary>
public sealed class Redis8 : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("chancery-redis-").FullName;
    private readonly int _port = FreePort();
    private Process? _process;

    private Redis8() { }

    public string Configuration => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port},password=test");

    public static async Task<Redis8> StartAsync()
    {
        var redis = new Redis8();
        await redis.RestartAsync();
        return redis;
    }

    /// <summary>Comes back at the same address with nothing in it.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        string[] arguments =
        [
            "--port",
            _port.ToString(CultureInfo.InvariantCulture),
            "--bind",
            "127.0.0.1",
            "--requirepass",
            "test",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            _directory,
        ];
        _process = Process.Start(
            new ProcessStartInfo(Program(), arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, _port);
                return;
            }
            catch (SocketException) when (attempt < 200)
            {
                await Task.Delay(50);
            }
        }
    }

    public async Task StopAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Why there is none here; null where there is one.</summary>
    public static string? Missing =>
        Find() is null
            ? "Redis 8 is missing: ./test builds it from Debian's source, or CHANCERY_TEST_REDIS8 names the program."
            : null;

    private static string Program() => Find() ?? throw new InvalidOperationException(Missing);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHANCERY_TEST_REDIS8") is { Length: > 0 } given)
        {
            return given;
        }

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var candidate = Path.Combine(at.FullName, "artifacts", "tools", "redis-8.0.2", "redis-server-8");
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
