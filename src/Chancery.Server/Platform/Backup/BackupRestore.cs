using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Settings;
using Npgsql;

namespace Chancery.Server.Platform.Backup;

/// <summary>What a restore came to.</summary>
/// <param name="Migrated">Migrations that the archive did not have yet.</param>
/// <param name="KeptKey">Where the master key was written; null when it stays where the operator keeps it.</param>
public sealed record RestoreResult(VerifiedBackup Backup, IReadOnlyList<string> Migrated, string? KeptKey);

/// <summary>Brings an archive back into an installation that is empty, and leaves that empty when it cannot.</summary>
public sealed class BackupRestore(
    IConfiguration configuration,
    string dataDirectory,
    bool keepKey,
    IReadOnlyList<BackupPart> parts,
    ILoggerFactory loggers
)
{
    private const UnixFileMode PrivateFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateDirectory = PrivateFileMode | UnixFileMode.UserExecute;

    private readonly string _directory = Path.GetFullPath(dataDirectory);
    private readonly string? _given = ConnectionSettings.Read(configuration).Postgres;

    // Whether the operator's database holds what must go again when the rest fails.
    private bool _poured;

    private string KeyPath => Path.Combine(_directory, "keys", "master.key");

    /// <summary>Checks the archive, the key and the target before anything is written.</summary>
    /// <exception cref="BackupException">It cannot be restored there; the target is as it was.</exception>
    public async Task<RestoreResult> RunAsync(
        string archive,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        await using var reader = await BackupReader.OpenAsync(archive, cancellationToken);
        RefuseNewer(reader);
        var masterKey = await MasterKeyAsync(reader, cancellationToken);
        using var keys = reader.KeysOf(masterKey) ?? throw ForeignKey();
        await RefuseFullAsync(cancellationToken);
        var verified = await reader.VerifyAsync(keys, progress, cancellationToken);

        var hadKey = File.Exists(KeyPath);
        EngineLayout.Prepare(_directory, passable: _given is null);
        using var mark = RestoreMark.Take(_directory);
        try
        {
            await BlobsAsync(reader, verified.Manifest, progress, cancellationToken);
            var migrated = await DatabaseAsync(reader, verified, keys, masterKey, progress, cancellationToken);
            var kept = keepKey && !hadKey ? await KeepKeyAsync(masterKey, cancellationToken) : null;
            mark.Lift();
            return new RestoreResult(verified, migrated, kept);
        }
        catch
        {
            await ClearAsync();
            throw;
        }
    }

    private static void RefuseNewer(BackupReader reader)
    {
        if (Migrator.NewerAmong(reader.Header.Migrations) is { } newer)
        {
            throw new BackupException(
                $"{reader.Path} was made by Chancery {reader.Header.Version}, which is newer than this one (it has {newer}). "
                    + "Restore it with that version, or a newer one. Nothing was changed."
            );
        }
    }

    /// <summary>The key that the operator gives, else the one that lies in the directory, else the archive's own.</summary>
    private async Task<MasterKey> MasterKeyAsync(BackupReader reader, CancellationToken cancellationToken)
    {
        var isGiven =
            configuration["CHANCERY_MASTER_KEY"] is { Length: > 0 }
            || configuration["CHANCERY_MASTER_KEY_FILE"] is { Length: > 0 };
        if (isGiven || File.Exists(KeyPath))
        {
            return MasterKeyFile.Load(configuration, _directory, mayCreate: false, out _);
        }

        return await reader.MasterKeyAsync(cancellationToken)
            ?? throw new BackupException(
                "The archive can be read only with the master key of the installation that it was taken of, which is not in it. "
                    + $"Name the file that holds it in CHANCERY_MASTER_KEY_FILE, or put a copy at {KeyPath}. Nothing was changed."
            );
    }

    private static BackupException ForeignKey() =>
        new(
            "The archive belongs to another master key than the one that was given. Give the key of the installation that it was "
                + "taken of (CHANCERY_MASTER_KEY_FILE). Nothing was changed."
        );

    private async Task RefuseFullAsync(CancellationToken cancellationToken)
    {
        if (RestoreMark.WasCutOff(_directory))
        {
            Clear();
        }

        var engines = EngineLayout.WhereEnginesAre(_directory);
        var there = Directory.Exists(_directory)
            ? Directory
                .EnumerateFiles(_directory, "*", SearchOption.AllDirectories)
                .Where(file => file != KeyPath)
                .FirstOrDefault()
            : null;
        if (there is not null || PostgresBinaries.MadeBy(Path.Combine(engines, "postgres")) is not null)
        {
            throw new BackupException(
                $"{_directory} is not empty (there is {there ?? engines}). A backup is restored into an empty directory only: name "
                    + "another one with --data, or move this one away. Nothing was changed."
            );
        }

        if (_given is not null)
        {
            await RefuseFullDatabaseAsync(_given, cancellationToken);
        }
    }

    private static async Task RefuseFullDatabaseAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(TableDigests.NamesSql, connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is string table)
        {
            throw new BackupException(
                $"The database of DATABASE_URL is not empty (it has a table {table}). A backup is restored into an empty one only: "
                    + "make a new database and name it there. Nothing was changed."
            );
        }
    }

    private async Task BlobsAsync(
        BackupReader reader,
        BackupManifest manifest,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        long count = 0;
        await foreach (var (name, content) in reader.MembersAsync(cancellationToken))
        {
            if (!name.StartsWith(BackupFormat.Blobs, StringComparison.Ordinal))
            {
                continue;
            }

            var fields = name.Split('/');
            var path = Path.Combine(_directory, "blobs", fields[1], fields[2][..2], fields[2]);
            foreach (
                var directory in new[]
                {
                    Path.GetDirectoryName(Path.GetDirectoryName(path)!)!,
                    Path.GetDirectoryName(path)!,
                }
            )
            {
                Directory.CreateDirectory(directory, PrivateDirectory);
            }

            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = PrivateFileMode,
                Options = FileOptions.Asynchronous,
                PreallocationSize = content.Length,
            };
            await using (var file = new FileStream(path, options))
            {
                await content.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            progress.Report(new BackupProgress("Stored files", ++count, manifest.Blobs, "files"));
        }
    }

    private async Task<IReadOnlyList<string>> DatabaseAsync(
        BackupReader reader,
        VerifiedBackup verified,
        BackupKeys keys,
        MasterKey masterKey,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        await using var database = _given is null
            ? await InstallationDatabase.StartAsync(_directory, loggers, cancellationToken)
            : null;
        var owner = database?.OwnerConnectionString ?? _given!;
        var migrator = new Migrator(owner, StorageStart.AppPassword(masterKey), loggers.CreateLogger<Migrator>());
        var extensions = await migrator.PrepareAsync(cancellationToken);
        if (reader.Header.Extensions.FirstOrDefault(name => !extensions.Contains(name)) is { } missing)
        {
            throw new BackupException(
                $"The archive needs PostgreSQL's extension {missing}, which this server does not have: install its package and "
                    + "restore again. Nothing was changed."
            );
        }

        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = false, CommandTimeout = 0 }.ConnectionString
        );
        await connection.OpenAsync(cancellationToken);
        var tools = await PostgresTools.FindAsync(
            Math.Max(connection.PostgreSqlVersion.Major, reader.Header.PostgresMajor),
            cancellationToken
        );
        await PourAsync(reader, verified.Manifest, tools, owner, keys, progress, cancellationToken);
        _poured = _given is not null;
        await CompareAsync(connection, verified, progress, cancellationToken);
        progress.Report(new BackupProgress("Migrating", 0, null, "tables"));
        var pending = await migrator.PendingAsync(cancellationToken);
        await migrator.ApplyAsync(cancellationToken);
        foreach (var sql in parts.Select(part => part.RestoredSql).OfType<string>().Append(WorkSql))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, "SET LOCAL ROLE chancery_owner", cancellationToken);
            await ExecuteAsync(connection, sql, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await ExecuteAsync(connection, "ANALYZE", cancellationToken);
        return pending;
    }

    // The workers that held these leases are gone.
    private const string WorkSql = """
        UPDATE work_items SET state = 'queued', lease_owner = NULL, lease_until = NULL WHERE state = 'running'
        """;

    /// <summary>Feeds the dump to pg_restore, which takes all of it in one transaction or nothing.</summary>
    private static async Task PourAsync(
        BackupReader reader,
        BackupManifest manifest,
        PostgresTools tools,
        string owner,
        BackupKeys keys,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var database = new NpgsqlConnectionStringBuilder(owner).Database!;
        using var restore = tools.Start(
            "pg_restore",
            owner,
            "--dbname=" + database,
            // What is in the schema: the schema itself is there.
            "--schema=public",
            "--single-transaction",
            "--exit-on-error",
            "--no-comments",
            "--no-tablespaces"
        );
        await using var guard = cancellationToken.UnsafeRegister(state => ToolProcess.Kill(state), restore);
        var said = restore.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = restore.StandardOutput.ReadToEndAsync(CancellationToken.None);
        try
        {
            long number = 0;
            var isWhole = false;
            await foreach (var (name, content) in reader.MembersAsync(cancellationToken))
            {
                if (!name.StartsWith(BackupFormat.Database, StringComparison.Ordinal))
                {
                    continue;
                }

                if (name != BackupFormat.PartName(number) || isWhole)
                {
                    throw reader.Damaged("the parts of its dump are not in their order");
                }

                var part = keys.Open(number++, await BackupReader.AllAsync(content, cancellationToken), out isWhole);
                await restore.StandardInput.BaseStream.WriteAsync(part, cancellationToken);
                progress.Report(new BackupProgress("Database", number, manifest.DatabaseParts, "parts"));
            }

            if (!isWhole)
            {
                throw reader.Damaged("the end of its dump is missing");
            }
        }
        catch (CryptographicException exception)
        {
            ToolProcess.Kill(restore);
            throw reader.Damaged("a part of its dump cannot be decrypted", exception);
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            // It stopped reading, and says why below.
        }
        catch
        {
            ToolProcess.Kill(restore);
            throw;
        }

        Finish(restore);
        await restore.WaitForExitAsync(cancellationToken);
        await output;
        if (restore.ExitCode != 0)
        {
            throw ToolProcess.Failed("pg_restore", await said);
        }
    }

    private static void Finish(Process restore)
    {
        try
        {
            restore.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it was told to.
        }
    }

    /// <summary>Every table must hold the rows that the snapshot had.</summary>
    private static async Task CompareAsync(
        NpgsqlConnection connection,
        VerifiedBackup verified,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        // PostgreSQL promises the same hashes within a major version only.
        var byDigest = connection.PostgreSqlVersion.Major == verified.Header.PostgresMajor;
        await ExecuteAsync(connection, "SET timezone = 'UTC'", cancellationToken);
        await ExecuteAsync(connection, OwnerSql, cancellationToken);
        long done = 0;
        foreach (var table in verified.Manifest.Tables)
        {
            await using var command = new NpgsqlCommand(TableDigests.DigestSql(table.Name), connection);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            if (row.GetInt64(0) != table.Rows || (byDigest && row.GetString(1) != table.Digest))
            {
                throw new BackupException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The table {table.Name} did not come back as it was ({row.GetInt64(0)} rows of {table.Rows}). The restore was given up."
                    )
                );
            }

            progress.Report(new BackupProgress("Comparing", ++done, verified.Manifest.Tables.Count, "tables"));
        }

        await ExecuteAsync(connection, "RESET ROLE", cancellationToken);
    }

    // Policies hide rows from a user who is neither superuser nor the owner.
    private const string OwnerSql = """
        SELECT set_config('role', CASE WHEN rolsuper OR rolbypassrls THEN 'none' ELSE 'chancery_owner' END, false)
        FROM pg_roles WHERE rolname = current_user
        """;

    /// <summary>Where the server makes its own key, it would make another one now: it is put where it looks.</summary>
    private async Task<string> KeepKeyAsync(MasterKey masterKey, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = PrivateFileMode,
        };
        await using var file = new FileStream(KeyPath, options);
        await file.WriteAsync(masterKey.Export(), cancellationToken);
        return KeyPath;
    }

    private async Task ClearAsync()
    {
        Clear();
        if (_poured)
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(_given!) { Pooling = false }.ConnectionString
            );
            await connection.OpenAsync(CancellationToken.None);
            await ExecuteAsync(connection, EmptySql, CancellationToken.None);
        }
    }

    // The database was empty before: what the owner's role has in it came from the archive.
    private const string EmptySql = """
        DO $$
        DECLARE made record;
        BEGIN
          SET LOCAL ROLE chancery_owner;
          FOR made IN SELECT oid::regclass AS name FROM pg_class
                      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                        AND relowner = 'chancery_owner'::regrole LOOP
            EXECUTE format('DROP TABLE %s CASCADE', made.name);
          END LOOP;
          FOR made IN SELECT oid::regprocedure AS name FROM pg_proc
                      WHERE pronamespace = 'public'::regnamespace AND proowner = 'chancery_owner'::regrole LOOP
            EXECUTE format('DROP ROUTINE %s CASCADE', made.name);
          END LOOP;
        END
        $$;
        """;

    /// <summary>Takes away what a restore wrote; the key that lay there before stays.</summary>
    private void Clear()
    {
        var engines = EngineLayout.WhereEnginesAre(_directory);
        string[] made = ["postgres", "postgres.new", "redis", "blobs", "logs"];
        foreach (var path in made.Select(name => Path.Combine(_directory, name)).Where(Directory.Exists))
        {
            Directory.Delete(path, recursive: true);
        }

        if (engines != Posix.RealPath(_directory) && Directory.Exists(engines))
        {
            Directory.Delete(engines, recursive: true);
        }

        var keys = Directory.CreateDirectory(Path.Combine(_directory, "keys")).FullName;
        foreach (var file in Directory.EnumerateFiles(keys).Where(file => file != KeyPath))
        {
            File.Delete(file);
        }

        foreach (var name in new[] { "server.lock", "server.json", "engines.json", RestoreMark.Name })
        {
            File.Delete(Path.Combine(_directory, name));
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
