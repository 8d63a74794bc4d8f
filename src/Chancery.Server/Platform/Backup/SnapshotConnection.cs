using Npgsql;

namespace Chancery.Server.Platform.Backup;

/// <summary>One view of the whole database, held while everything is read from it, and nothing that it names is swept.</summary>
internal sealed class SnapshotConnection : IAsyncDisposable
{
    /// <summary>Held by a backup as long as it runs; the sweep of stored files waits for another day.</summary>
    public const long SweepGate = 0x6368616e62616b31;

    // Held beside the gate, so that a second backup can tell another backup from a sweep that ends in a moment.
    private const long OneBackup = 0x6368616e62616b32;

    private readonly NpgsqlConnection _connection;

    private SnapshotConnection(NpgsqlConnection connection) => _connection = connection;

    public string SnapshotId { get; private set; } = "";

    public int ServerMajor => _connection.PostgreSqlVersion.Major;

    /// <summary>Whether policies hold for this user, so that it must act as the owner, whom they let see everything.</summary>
    public bool ActsAsOwner { get; private set; }

    /// <summary>When the snapshot was taken, by the database's clock.</summary>
    public DateTimeOffset TakenAt { get; private set; }

    /// <exception cref="BackupException">Another backup of this database is running.</exception>
    public static async Task<SnapshotConnection> OpenAsync(
        string ownerConnectionString,
        CancellationToken cancellationToken
    )
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ownerConnectionString)
            {
                Pooling = false,
                CommandTimeout = 0,
                ApplicationName = "chancery backup",
                KeepAlive = 30,
            }.ConnectionString
        );
        try
        {
            await connection.OpenAsync(cancellationToken);
            var snapshot = new SnapshotConnection(connection);
            await snapshot.BeginAsync(cancellationToken);
            return snapshot;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async IAsyncEnumerable<NpgsqlDataReader> ReadAsync(
        string sql,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return reader;
        }
    }

    /// <summary>Rows and digest of each table, in the snapshot.</summary>
    public async Task<IReadOnlyList<BackedUpTable>> TablesAsync(
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var names = new List<string>();
        await foreach (var row in ReadAsync(TableDigests.NamesSql, cancellationToken))
        {
            names.Add(row.GetString(0));
        }

        var tables = new List<BackedUpTable>();
        foreach (var name in names)
        {
            progress.Report(new BackupProgress("Counting rows", tables.Count, names.Count, "tables"));
            await foreach (var row in ReadAsync(TableDigests.DigestSql(name), cancellationToken))
            {
                tables.Add(new BackedUpTable(name, row.GetInt64(0), row.GetString(1)));
            }
        }

        return tables;
    }

    /// <summary>Opens the gate at once: closed, the connection would do so a moment later.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ExecuteAsync("ROLLBACK; SELECT pg_advisory_unlock_all()", CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The connection is gone, and its locks with it.
        }

        await _connection.DisposeAsync();
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET timezone = 'UTC'",
            cancellationToken
        );
        if (!await ScalarAsync<bool>($"SELECT pg_try_advisory_lock({OneBackup})", cancellationToken))
        {
            throw new BackupException("Another backup of this installation is running. Wait until it has ended.");
        }

        await ExecuteAsync($"SELECT pg_advisory_lock({SweepGate})", cancellationToken);
        ActsAsOwner = !await ScalarAsync<bool>(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user",
            cancellationToken
        );
        if (ActsAsOwner)
        {
            await ExecuteAsync("SET ROLE chancery_owner", cancellationToken);
        }

        // After the gate: what this snapshot names is there until the gate opens.
        await ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", cancellationToken);
        SnapshotId = await ScalarAsync<string>("SELECT pg_export_snapshot()", cancellationToken);
        TakenAt = new DateTimeOffset(await ScalarAsync<DateTime>("SELECT now()", cancellationToken), TimeSpan.Zero);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
