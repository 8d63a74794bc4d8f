using System.Diagnostics;
using System.Globalization;
using Chancery.Server.Platform.Engines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Tests.Engines;

/// <summary>A directory of its own for one test, and ways to start engines on it; ends what is left and cleans up.</summary>
public sealed class EngineSandbox : IAsyncDisposable
{
    private readonly List<Process> _started = [];

    public string Root { get; } = Path.Combine("/tmp", "chancery-test-" + Guid.CreateVersion7().ToString("N")[^12..]);

    public string Data => Path.Combine(Root, "data");

    public string Fallback => Path.Combine(Root, "fallback");

    public EngineSandbox() => Directory.CreateDirectory(Root);

    public Task<RunningEngines> StartAsync(EngineOptions? options = null, ILoggerFactory? logging = null) =>
        PrivateEngines.StartAsync(
            options ?? new EngineOptions(Data) { FallbackRoot = Fallback },
            logging ?? NullLoggerFactory.Instance,
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );

    /// <summary>Starts a server in a process of its own and waits until its engines are up.</summary>
    public async Task<HostedEngines> StartHostAsync()
    {
        var host = Start("dotnet", Path.Combine(AppContext.BaseDirectory, "Chancery.EngineHost.dll"), Data);
        var said = await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("up ", said);
        var words = said!.Split(' ', 4);
        return new HostedEngines(
            host,
            int.Parse(words[1], CultureInfo.InvariantCulture),
            int.Parse(words[2], CultureInfo.InvariantCulture),
            words[3]
        );
    }

    /// <summary>Starts a program that the sandbox ends with itself.</summary>
    public Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
        _started.Add(process);
        return process;
    }

    public static async Task<T?> QueryAsync<T>(string? connectionString, string sql)
    {
        var quick = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(quick.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T?)await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for something that must become true soon.</summary>
    public static async Task<bool> SoonAsync(Func<bool> condition, int seconds = 60)
    {
        var clock = Stopwatch.StartNew();

        while (!condition())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(seconds))
            {
                return false;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return true;
    }

    /// <summary>False for a process that ended, reaped or not.</summary>
    public static bool IsAlive(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static async Task SignalAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", ["-" + signal, processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        // The engines of a killed host take a moment to end.
        await SoonAsync(() =>
            !Directory.EnumerateFiles(Root, "*.pid", SearchOption.AllDirectories).Any(IsPidFileAlive)
        );
        Directory.Delete(Root, recursive: true);
    }

    private static bool IsPidFileAlive(string path) =>
        int.TryParse(File.ReadLines(path).FirstOrDefault(), out var processId) && IsAlive(processId);
}

/// <summary>A server process and the engines it started.</summary>
public sealed record HostedEngines(Process Host, int Postgres, int Redis, string OwnerConnectionString);
