using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace Chancery.Server.Platform.Engines;

/// <summary>The private PostgreSQL: makes its files at the first start, and says how it is launched and reached.</summary>
internal sealed class PostgresEngine(EngineLayout layout, EngineOptions options, EngineThread thread, ILogger logger)
{
    private const string Superuser = "chancery_super";
    private const string Database = "chancery";

    private readonly PostgresBinaries _binaries = PostgresBinaries.Choose(layout.PostgresDirectory);
    private readonly EngineUser _user = EngineUser.Choose(layout.PostgresDirectory, "postgres", "chancery");

    public string SocketDirectory { get; private set; } = "";

    public string PidFile => Path.Combine(layout.PostgresDirectory, "postmaster.pid");

    public string OwnerConnectionString => ConnectionString(SocketDirectory, ReadOrMakePassword());

    /// <summary>The superuser's way into the database that another process runs on a data directory; null when none does.</summary>
    public static string? OfRunning(string dataDirectory)
    {
        var pidFile = Path.Combine(EngineLayout.WhereEnginesAre(dataDirectory), "postgres", "postmaster.pid");
        var password = Path.Combine(dataDirectory, "keys", "postgres.password");
        if (!File.Exists(pidFile) || !File.Exists(password))
        {
            return null;
        }

        // Its lines: process, directory, start, port, directory of the socket, address, memory, state.
        var lines = File.ReadAllLines(pidFile);
        return lines.Length >= 8 && lines[7].StartsWith("ready", StringComparison.Ordinal)
            ? ConnectionString(lines[4], File.ReadAllText(password).Trim())
            : null;
    }

    private static string ConnectionString(string socketDirectory, string password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = socketDirectory,
            Username = Superuser,
            Password = password,
            Database = Database,
            MaxPoolSize = 4,
        }.ConnectionString;

    public EngineLaunch Launch =>
        new(
            "postgres",
            _binaries.Postgres,
            ["-D", layout.PostgresDirectory, "--config-file=" + ConfigurationPath],
            _user,
            layout.PostgresDirectory,
            Path.Combine(layout.LogsDirectory, "postgres.log"),
            // Fast shutdown: sessions end, a checkpoint is written.
            Posix.Interrupt,
            TimeSpan.FromSeconds(60)
        );

    private string ConfigurationPath => Path.Combine(layout.PostgresDirectory, "chancery.conf");

    /// <summary>Makes the files of a new database, once, and writes this version's configuration, each time.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (PostgresBinaries.MadeBy(layout.PostgresDirectory) is null)
        {
            await MakeClusterAsync(cancellationToken);
        }

        _user.MakePrivateDirectory(layout.PostgresDirectory);
        SocketDirectory = layout.MakeSocketDirectory(_user, options.SocketRoot);
        _user.WritePrivateFile(ConfigurationPath, Configuration());
    }

    /// <summary>PostgreSQL writes its state into the last line of its pid file, which is cheaper to ask than a connection.</summary>
    public async Task<bool> IsReadyAsync(int processId, CancellationToken cancellationToken)
    {
        try
        {
            var lines = await File.ReadAllLinesAsync(PidFile, cancellationToken);

            // The file of a run that crashed still says "ready", under that run's number.
            return lines.Length >= 8
                && lines[0] == processId.ToString(CultureInfo.InvariantCulture)
                && lines[7].StartsWith("ready", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // Not written yet.
            return false;
        }
    }

    /// <summary>Makes the product's database when it is not there, which also proves that the password fits.</summary>
    public async Task EnsureDatabaseAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(DatabaseMarker))
        {
            return;
        }

        var maintenance = new NpgsqlConnectionStringBuilder(OwnerConnectionString)
        {
            Database = "postgres",
            Pooling = false,
        };
        await using var connection = new NpgsqlConnection(maintenance.ConnectionString);

        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var create = new NpgsqlCommand($"CREATE DATABASE {Database}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // A start that was cut off before it left the mark.
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new EngineException(
                $"The password in {PasswordPath} does not fit the database in {layout.PostgresDirectory}: "
                    + "put back the keys directory that belongs to it",
                exception
            );
        }

        _user.WritePrivateFile(DatabaseMarker, Database + "\n");
    }

    private string DatabaseMarker => Path.Combine(layout.PostgresDirectory, "chancery.database");

    private string PasswordPath => Path.Combine(layout.KeysDirectory, "postgres.password");

    private string ReadOrMakePassword()
    {
        if (!File.Exists(PasswordPath))
        {
            PrivateFile.Write(PasswordPath, RandomNumberGenerator.GetHexString(48, lowercase: true));
        }

        return File.ReadAllText(PasswordPath).Trim();
    }

    private async Task MakeClusterAsync(CancellationToken cancellationToken)
    {
        // Made beside its place and moved there when whole: a start that is cut off leaves nothing half-made behind.
        var draft = layout.PostgresDirectory + ".new";
        var passwordFile = Path.Combine(layout.EngineDirectory, "postgres.new.password");

        if (
            Directory.Exists(layout.PostgresDirectory)
            && Directory.EnumerateFileSystemEntries(layout.PostgresDirectory).Any()
        )
        {
            throw new EngineException(
                $"{layout.PostgresDirectory} holds files but no PostgreSQL database: move them away and start again"
            );
        }

        if (Directory.Exists(draft))
        {
            Directory.Delete(draft, recursive: true);
        }

        Log.MakingCluster(logger, _binaries.Major, layout.PostgresDirectory);
        _user.MakePrivateDirectory(draft);
        _user.WritePrivateFile(passwordFile, ReadOrMakePassword());

        try
        {
            var said = await RunInitdbAsync(draft, passwordFile, cancellationToken);

            if (!File.Exists(Path.Combine(draft, "PG_VERSION")) || said is not null)
            {
                throw EngineFailure.IsDiskFull(said ?? "")
                    ? EngineFailure.FullDisk(layout.EngineDirectory)
                    : new EngineException(
                        $"PostgreSQL could not make its files in {draft}: {EngineFailure.LastLine(said ?? "")}"
                    );
            }
        }
        finally
        {
            File.Delete(passwordFile);
        }

        if (Directory.Exists(layout.PostgresDirectory))
        {
            Directory.Delete(layout.PostgresDirectory);
        }

        Directory.Move(draft, layout.PostgresDirectory);
    }

    /// <returns>Null when it succeeded, else what it said.</returns>
    private async Task<string?> RunInitdbAsync(
        string directory,
        string passwordFile,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo("setpriv")
        {
            WorkingDirectory = "/",
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

        string[] arguments =
        [
            .. _user.SetprivArguments("KILL"),
            "--",
            _binaries.Initdb,
            "--pgdata=" + directory,
            "--username=" + Superuser,
            "--pwfile=" + passwordFile,
            // Passwords only, and no network: other users of the machine are not trusted.
            "--auth-local=scram-sha-256",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
        ];

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        EngineProcess.ClearEnvironment(start);
        using var initdb = await thread.InvokeAsync(() => Process.Start(start)!);

        try
        {
            var output = initdb.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = await initdb.StandardError.ReadToEndAsync(cancellationToken);
            await output;
            await initdb.WaitForExitAsync(cancellationToken);
            return initdb.ExitCode == 0 ? null : errors;
        }
        catch (OperationCanceledException)
        {
            initdb.Kill(entireProcessTree: true);
            throw;
        }
    }

    private string Configuration() =>
        $"""
            # Written at each start; what you change here is lost. Your own settings go into postgresql.auto.conf
            # (ALTER SYSTEM), which is read after this file.
            include 'postgresql.conf'
            listen_addresses = ''
            unix_socket_directories = '{SocketDirectory.Replace("'", "''", StringComparison.Ordinal)}'
            unix_socket_permissions = 0700
            port = 5432
            password_encryption = 'scram-sha-256'
            max_connections = 200
            shared_buffers = '96MB'
            work_mem = '8MB'
            maintenance_work_mem = '64MB'
            max_wal_size = '512MB'
            checkpoint_timeout = '15min'
            fsync = on
            full_page_writes = on
            random_page_cost = 1.1
            jit = off
            timezone = 'UTC'
            log_timezone = 'UTC'
            logging_collector = off
            log_destination = 'stderr'
            log_line_prefix = '%m [%p] '
            # Statements and details can carry what people wrote, and passwords of roles: neither reaches the log.
            log_statement = 'none'
            log_min_error_statement = 'panic'
            log_error_verbosity = 'terse'
            cluster_name = 'chancery'

            """;
}
