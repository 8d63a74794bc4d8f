using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>Brings a database to the schema of this build: numbered files once, in order, and the doors when they changed.</summary>
/// <remarks>
/// Runs as the database's owner under an advisory lock, so that replicas may start together. Makes the two roles:
/// <c>chancery_owner</c> owns everything and cannot log in; <c>chancery_app</c> owns nothing, cannot bypass policies,
/// and is what the server connects as.
/// </remarks>
public sealed class Migrator(string ownerConnectionString, string appPassword, ILogger logger)
{
    private const long AdvisoryLock = 0x6368616e63657279; // "chancery"
    private const string AppRole = "chancery_app";
    private const string DoorsResource = "migrations/Doors.sql";

    private static readonly string[] Extensions = ["vector", "btree_gin"];

    /// <summary>The migrations that a database of this build always has: all that wait for no extension.</summary>
    public static IReadOnlyList<string> Required { get; } =
    [.. Embedded().Where(migration => RequiredExtension(migration.Sql) is null).Select(migration => migration.Name)];

    /// <summary>Every migration of this build, in order.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. Embedded().Select(migration => migration.Name)];

    /// <summary>Makes the roles and extensions that a restored schema names, in a database that has none of it yet.</summary>
    /// <returns>The extensions that are there.</returns>
    /// <exception cref="MigrationException">They cannot be made; says what to do.</exception>
    public async Task<IReadOnlySet<string>> PrepareAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        return await PrepareAsync(connection, cancellationToken);
    }

    /// <summary>The migrations that <see cref="ApplyAsync"/> would apply; changes nothing.</summary>
    /// <exception cref="MigrationException">A newer build was here.</exception>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        if (!await ExistsAsync(connection, "pg_tables", "tablename", "migrations", cancellationToken))
        {
            return [.. Known, DoorsResource];
        }

        var applied = await AppliedAsync(connection, cancellationToken);
        RefuseNewer(applied.Keys);
        var pending = new List<string>();
        foreach (var (name, sql) in Embedded().Where(migration => !applied.ContainsKey(migration.Name)))
        {
            if (
                RequiredExtension(sql) is not { } extension
                || await ExistsAsync(connection, "pg_available_extensions", "name", extension, cancellationToken)
            )
            {
                pending.Add(name);
            }
        }

        var doors = SHA256.HashData(Encoding.UTF8.GetBytes(ReadResource(DoorsResource)));
        if (!applied.TryGetValue(DoorsResource, out var before) || !before.AsSpan().SequenceEqual(doors))
        {
            pending.Add(DoorsResource);
        }

        return pending;
    }

    /// <summary>Applies what is missing and answers the names of the migrations that were applied.</summary>
    /// <exception cref="MigrationException">The database cannot be brought to this build's schema; says what to do.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        var extensions = await PrepareAsync(connection, cancellationToken);
        await ExecuteAsync(connection, "SET ROLE chancery_owner", cancellationToken);
        await ExecuteAsync(
            connection,
            """
            CREATE TABLE IF NOT EXISTS migrations (
              name text NOT NULL PRIMARY KEY, sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
            """,
            cancellationToken
        );

        var applied = await AppliedAsync(connection, cancellationToken);
        RefuseNewer(applied.Keys);

        var done = new List<string>();
        foreach (var (name, sql) in Embedded())
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(sql));
            if (applied.TryGetValue(name, out var before))
            {
                if (!before.AsSpan().SequenceEqual(hash))
                {
                    throw new MigrationException(
                        $"Migration {name} was applied with another text. Migrations are forward only: add a new one."
                    );
                }

                continue;
            }

            if (RequiredExtension(sql) is { } required && !extensions.Contains(required))
            {
                Log.MigrationWaitsForExtension(logger, name, required);
                continue;
            }

            await ApplyOneAsync(connection, name, sql, hash, cancellationToken);
            done.Add(name);
            Log.MigrationApplied(logger, name);
        }

        await ApplyDoorsAsync(connection, applied, cancellationToken);
        return done;
    }

    /// <summary>A migration that this build does not know, among the names that a database or a backup has; null when all are known.</summary>
    public static string? NewerAmong(IEnumerable<string> names) =>
        names.FirstOrDefault(name => name != DoorsResource && !Known.Contains(name));

    private static void RefuseNewer(IEnumerable<string> applied)
    {
        if (NewerAmong(applied) is { } newer)
        {
            throw new MigrationException(
                $"This database was migrated by a newer Chancery (it has {newer}). Start that version, or restore a backup."
            );
        }
    }

    /// <summary>A connection of the owner that holds the lock of all migrations until it is closed.</summary>
    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ownerConnectionString) { Pooling = false }.ConnectionString
        );
        try
        {
            await connection.OpenAsync(cancellationToken);
            await LockAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Holds off every start and migration until the connection is closed.</summary>
    internal static Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"SELECT pg_advisory_lock({AdvisoryLock})", cancellationToken);

    private async Task<HashSet<string>> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await RefuseForeignRoleAsync(connection, cancellationToken);
        await EnsureRolesAsync(connection, cancellationToken);
        return await EnsureExtensionsAsync(connection, cancellationToken);
    }

    private static async Task ApplyDoorsAsync(
        NpgsqlConnection connection,
        Dictionary<string, byte[]> applied,
        CancellationToken cancellationToken
    )
    {
        var sql = ReadResource(DoorsResource);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(sql));
        if (applied.TryGetValue(DoorsResource, out var before) && before.AsSpan().SequenceEqual(hash))
        {
            return;
        }

        // A changed result type cannot be replaced, so the doors are taken out and hung again.
        const string dropSql = """
            DO $$
            DECLARE door record;
            BEGIN
              FOR door IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE proname LIKE 'door\_%' LOOP
                EXECUTE format('DROP FUNCTION %s', door.signature);
              END LOOP;
            END
            $$;
            """;
        const string grantSql = """
            DO $$
            DECLARE door record;
            BEGIN
              FOR door IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE proname LIKE 'door\_%' LOOP
                EXECUTE format('REVOKE ALL ON FUNCTION %s FROM public', door.signature);
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO chancery_app', door.signature);
              END LOOP;
            END
            $$;
            """;
        await ApplyOneAsync(connection, DoorsResource, dropSql + sql + grantSql, hash, cancellationToken);
    }

    private static async Task ApplyOneAsync(
        NpgsqlConnection connection,
        string name,
        string sql,
        byte[] hash,
        CancellationToken cancellationToken
    )
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await ExecuteAsync(connection, sql, cancellationToken);
        }
        catch (PostgresException exception)
        {
            throw new MigrationException($"Migration {name} failed: {exception.MessageText}", exception);
        }

        await using var record = new NpgsqlCommand(
            """
            INSERT INTO migrations (name, sha256) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()
            """,
            connection
        );
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        record.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        await record.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// Roles belong to the whole cluster. A second installation with another master key would change the password of the
    /// first one's role, and lock it out.
    /// </summary>
    private async Task RefuseForeignRoleAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(connection, "pg_roles", "rolname", AppRole, cancellationToken))
        {
            // Nobody's: trying its password would only alarm whoever reads PostgreSQL's log.
            return;
        }

        var app = new NpgsqlConnectionStringBuilder(ownerConnectionString)
        {
            Username = AppRole,
            Password = appPassword,
            Pooling = false,
        };
        try
        {
            await using var asRole = new NpgsqlConnection(app.ConnectionString);
            await asRole.OpenAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new MigrationException(
                $"The role {AppRole} of this PostgreSQL belongs to an installation with another master key. Give that key "
                    + $"(CHANCERY_MASTER_KEY), or another PostgreSQL; to take the role over: DROP OWNED BY {AppRole}; "
                    + $"DROP ROLE {AppRole};",
                exception
            );
        }
        catch (PostgresException)
        {
            // The role may not connect yet for other reasons, such as no CONNECT: given below.
        }
    }

    private async Task EnsureRolesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // format() with %L quotes the password; DDL takes no parameters. Roles belong to the whole cluster, so a second
        // database finds them there, and two servers that start together must not trip over each other.
        const string rolesSql = """
            DO $$
            BEGIN
              PERFORM pg_advisory_xact_lock(7238263591);
              IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chancery_owner') THEN
                CREATE ROLE chancery_owner NOLOGIN NOSUPERUSER NOBYPASSRLS;
              END IF;
              IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chancery_app') THEN
                CREATE ROLE chancery_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
              END IF;
              EXECUTE format('ALTER ROLE chancery_app PASSWORD %L', current_setting('chancery.app_password'));
              EXECUTE 'ALTER ROLE chancery_app SET idle_in_transaction_session_timeout = ''5s''';
              EXECUTE 'ALTER ROLE chancery_app SET statement_timeout = ''30s''';
              EXECUTE 'GRANT chancery_owner TO CURRENT_USER';
              EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO chancery_app', current_database());
              EXECUTE format('GRANT CREATE ON DATABASE %I TO chancery_owner', current_database());
              EXECUTE 'GRANT USAGE, CREATE ON SCHEMA public TO chancery_owner';
              EXECUTE 'REVOKE CREATE ON SCHEMA public FROM public';
              EXECUTE 'GRANT USAGE ON SCHEMA public TO chancery_app';
            END
            $$;
            """;
        try
        {
            await using var password = new NpgsqlCommand(
                "SELECT set_config('chancery.app_password', $1, false)",
                connection
            );
            password.Parameters.Add(new NpgsqlParameter<string> { TypedValue = appPassword });
            await password.ExecuteNonQueryAsync(cancellationToken);
            await ExecuteAsync(connection, rolesSql, cancellationToken);
            await ExecuteAsync(connection, "SELECT set_config('chancery.app_password', '', false)", cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new MigrationException(
                "The user of DATABASE_URL may not create roles. Give it CREATEROLE, or run the statements of "
                    + "docs/architecture.md, \"Roles\", as a superuser once.",
                exception
            );
        }
    }

    private async Task<HashSet<string>> EnsureExtensionsAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        foreach (var extension in Extensions)
        {
            if (!await ExistsAsync(connection, "pg_available_extensions", "name", extension, cancellationToken))
            {
                Log.ExtensionNotInstalled(logger, extension);
                continue;
            }

            try
            {
                await ExecuteAsync(connection, $"CREATE EXTENSION IF NOT EXISTS {extension}", cancellationToken);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                throw new MigrationException(
                    $"The user of DATABASE_URL may not create the extension {extension}. As a superuser, run once: "
                        + $"CREATE EXTENSION {extension};",
                    exception
                );
            }
        }

        await using var command = new NpgsqlCommand("SELECT extname::text FROM pg_extension", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var present = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            present.Add(reader.GetString(0));
        }

        return present.Contains("btree_gin")
            ? present
            : throw new MigrationException(
                "PostgreSQL's contrib extension btree_gin is missing. Install the server's contrib package."
            );
    }

    private static async Task<bool> ExistsAsync(
        NpgsqlConnection connection,
        string catalogue,
        string column,
        string value,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(
            $"SELECT EXISTS (SELECT 1 FROM {catalogue} WHERE {column} = $1)",
            connection
        );
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<Dictionary<string, byte[]>> AppliedAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand("SELECT name, sha256 FROM migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add(reader.GetString(0), (byte[])reader.GetValue(1));
        }

        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static IEnumerable<(string Name, string Sql)> Embedded() =>
        Assembly
            .GetExecutingAssembly()
            .GetManifestResourceNames()
            .Where(name => name.StartsWith("migrations/", StringComparison.Ordinal) && name != DoorsResource)
            .Order(StringComparer.Ordinal)
            .Select(name => (name, ReadResource(name)));

    private static string? RequiredExtension(string sql)
    {
        const string mark = "-- requires: extension ";
        return sql.StartsWith(mark, StringComparison.Ordinal) ? sql[mark.Length..sql.IndexOf('\n')].Trim() : null;
    }

    private static string ReadResource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}

/// <summary>The database cannot be brought to this build's schema. The message tells an operator what to do.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
