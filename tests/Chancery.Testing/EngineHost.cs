using System.Globalization;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Secrets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Testing;

/// <summary>
/// One PostgreSQL and one Redis for all classes of a test assembly, started by the product's own code on first use.
/// <c>CHANCERY_TEST_DATABASE</c> (Npgsql form, a superuser) and <c>CHANCERY_TEST_REDIS</c> name others instead.
/// </summary>
public static class EngineHost
{
    private const string MemoryPath = "/dev/shm";
    private const long EnoughBytes = 6L << 30;

    private static readonly Lazy<Task<Engines>> Started = new(StartAsync);

    /// <summary>One for all, because the application role's password is derived from it and roles belong to the cluster.</summary>
    public static readonly string MasterKeyText = Convert.ToBase64String([
        .. Enumerable.Range(0, MasterKey.SizeBytes).Select(i => (byte)i),
    ]);

    public static readonly MasterKey MasterKey = MasterKey.Parse(MasterKeyText);

    public static Task<Engines> GetAsync() => Started.Value;

    /// <summary>Makes a database with the schema of this build, from a template that was migrated once.</summary>
    public static async Task<(string Owner, string App)> CreateDatabaseAsync(string name)
    {
        var engines = await GetAsync();
        await using var source = NpgsqlDataSource.Create(engines.Owner);
        // Copied as files: written to the log page by page, it takes three times as long.
        await using var create = source.CreateCommand(
            string.Create(
                CultureInfo.InvariantCulture,
                $"CREATE DATABASE {name} TEMPLATE {engines.Template} STRATEGY FILE_COPY"
            )
        );
        await create.ExecuteNonQueryAsync();
        var owner = new NpgsqlConnectionStringBuilder(engines.Owner) { Database = name }.ConnectionString;
        return (owner, new NpgsqlConnectionStringBuilder(engines.TemplateApp) { Database = name }.ConnectionString);
    }

    public static async Task DropDatabaseAsync(string name)
    {
        var engines = await GetAsync();
        await using var source = NpgsqlDataSource.Create(engines.Owner);
        await using var drop = source.CreateCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        await drop.ExecuteNonQueryAsync();
    }

    private static async Task<Engines> StartAsync()
    {
        var owner = Environment.GetEnvironmentVariable("CHANCERY_TEST_DATABASE");
        var redis = Environment.GetEnvironmentVariable("CHANCERY_TEST_REDIS");
        if (owner is null || redis is null)
        {
            var directory = NewDirectory();
            // Root's engines run as other users, who have to pass through.
            File.SetUnixFileMode(
                directory,
                File.GetUnixFileMode(directory) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute
            );
            var engines = await PrivateEngines.StartAsync(
                new EngineOptions(Path.Combine(directory, "data")),
                NullLoggerFactory.Instance,
                TimeProvider.System,
                CancellationToken.None
            );
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop(engines, directory);
            owner = engines.OwnerConnectionString!;
            await ForgetAtPowerLossAsync(owner);
            redis = $"{engines.RedisEndpoint},password={engines.RedisPassword}";
        }

        var template = $"template_{Guid.CreateVersion7():n}";
        await using (var source = NpgsqlDataSource.Create(owner))
        {
            await using var create = source.CreateCommand($"CREATE DATABASE {template}");
            await create.ExecuteNonQueryAsync();
        }

        var templateOwner = new NpgsqlConnectionStringBuilder(owner) { Database = template, Pooling = false };
        var app = await StorageStart.MigrateAsync(
            templateOwner.ConnectionString,
            MasterKey,
            NullLogger.Instance,
            CancellationToken.None
        );
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DropQuietly(owner, template);
        var pooled = new NpgsqlConnectionStringBuilder(app) { Pooling = true }.ConnectionString;
        return new Engines(owner, redis, template, pooled);
    }

    /// <summary>
    /// In memory where there is plenty of it: each class makes a database and drops it again, a thousand files each time, over which a
    /// disk's file system takes longer than PostgreSQL.
    /// </summary>
    private static string NewDirectory()
    {
        const string prefix = "chancery-test-";
        var isRoomy =
            Directory.Exists(MemoryPath)
            && new DriveInfo(MemoryPath) is { DriveFormat: "tmpfs", AvailableFreeSpace: > EnoughBytes }
            && AvailableBytes() > EnoughBytes;
        if (!isRoomy)
        {
            return Directory.CreateTempSubdirectory(prefix).FullName;
        }

        // What a killed run left there would take memory until the machine restarts.
        foreach (var left in Directory.GetDirectories(MemoryPath, prefix + "*"))
        {
            var owner = Path.GetFileName(left).Split('-')[2];
            if (!Directory.Exists($"/proc/{owner}"))
            {
                Directory.Delete(left, recursive: true);
            }
        }

        return Directory
            .CreateDirectory(
                Path.Combine(MemoryPath, $"{prefix}{Environment.ProcessId}-{Guid.CreateVersion7():n}"),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            )
            .FullName;
    }

    private static long AvailableBytes()
    {
        const string name = "MemAvailable:";
        var line = File.ReadLines("/proc/meminfo")
            .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[name.Length..^"kB".Length], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>No test cuts the power, so nothing waits for the disk; what a killed process leaves is as whole as ever.</summary>
    private static async Task ForgetAtPowerLossAsync(string owner)
    {
        await using var source = NpgsqlDataSource.Create(owner);
        string[] statements =
        [
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        ];
        foreach (var statement in statements)
        {
            await using var command = source.CreateCommand(statement);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static void DropQuietly(string owner, string template)
    {
        try
        {
            using var source = NpgsqlDataSource.Create(owner);
            using var drop = source.CreateCommand($"DROP DATABASE IF EXISTS {template} WITH (FORCE)");
            drop.ExecuteNonQuery();
        }
        catch (NpgsqlException)
        {
            // The engines may be gone already, and the template with them.
        }
    }

    private static void Stop(RunningEngines engines, string directory)
    {
        engines.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(20));
        Directory.Delete(directory, recursive: true);
    }

    public sealed record Engines(string Owner, string Redis, string Template, string TemplateApp);
}
