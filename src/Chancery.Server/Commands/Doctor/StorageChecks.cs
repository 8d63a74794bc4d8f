using System.Net.Sockets;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Commands.Doctor;

/// <summary>PostgreSQL with pgvector, and Redis: the operator's where they are named, else what is installed here.</summary>
internal sealed class StorageChecks(IConfiguration configuration, string dataDirectory)
{
    private const string ConnectionSubject = "connection settings";
    private const string TlsPage = "docs/tls.md shows a whole set";
    private const string NoVectors = "search is lexical, not by meaning";
    private const string VectorVersionSql = "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'";

    // As the server compares: the extension must be made in this database, and work.
    private const string MadeSql = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')";
    private const string CompareSql = "SELECT '[1,2,3]'::vector <=> '[4,5,6]'::vector";

    private static readonly Version IndexedFrom = new(0, 8);
    private static readonly Version VectorSetsFrom = new(8, 0);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        ConnectionSettings settings;

        try
        {
            settings = ConnectionSettings.Read(configuration);
        }
        catch (SettingException exception)
        {
            return [Finding.Bad(ConnectionSubject, exception.Message, $"correct or unset {exception.Name}")];
        }

        var postgres = settings.Postgres is { } given
            ? await GivenPostgresAsync(given, cancellationToken)
            : await InstalledPostgresAsync(cancellationToken);

        var redis = settings.Redis is { } address
            ? await GivenRedisAsync(address, cancellationToken)
            : await InstalledRedisAsync(cancellationToken);

        return [.. postgres, redis];
    }

    private static async Task<IReadOnlyList<Finding>> GivenPostgresAsync(
        string connectionString,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var quick = new NpgsqlConnectionStringBuilder(connectionString) { Timeout = 5, Pooling = false };
            await using var connection = new NpgsqlConnection(quick.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(VectorVersionSql, connection);
            var vector = await command.ExecuteScalarAsync(cancellationToken) as string;
            await using var made = new NpgsqlCommand(MadeSql, connection);
            await using var compare = new NpgsqlCommand(CompareSql, connection);
            var compares =
                await made.ExecuteScalarAsync(cancellationToken) is true
                && await compare.ExecuteScalarAsync(cancellationToken) is double;
            var version = connection.PostgreSqlVersion;

            return
            [
                .. WayToPostgres(quick) is { } way ? new[] { way } : [],
                version.Major >= PostgresBinaries.OldestMajor
                    ? Finding.Good("PostgreSQL", $"{version} at {quick.Host}")
                    : Finding.Bad(
                        "PostgreSQL",
                        $"{version} at {quick.Host}",
                        $"upgrade it to {PostgresBinaries.OldestMajor} or newer"
                    ),
                vector is not null
                    ? VectorFinding(vector, compares ? ", compares vectors" : ", made at the next start")
                    : Finding.Weak("pgvector", $"not on {quick.Host}; {NoVectors}", "install pgvector on that server"),
            ];
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or SocketException)
        {
            var why = await TlsProbe.OfPostgresAsync(connectionString, TimeProvider.System, cancellationToken);
            return
            [
                Finding.Bad(
                    "PostgreSQL",
                    why ?? $"does not let us in: {exception.Message}",
                    why is not null
                        ? $"give it a certificate of that authority, or name the right one; {TlsPage}"
                        : $"check {ConnectionSettings.PostgresName}, the server and the network between"
                ),
            ];
        }
    }

    /// <summary>How well whoever is between is kept out; nothing to say of a server on this machine.</summary>
    private static Finding? WayToPostgres(NpgsqlConnectionStringBuilder to)
    {
        const string subject = "way to PostgreSQL";
        var isHere = to.Host is not { } host || host[0] is '/' or '@' || Listening.IsLoopback(host);
        return to.SslMode switch
        {
            SslMode.VerifyFull or SslMode.VerifyCA => Finding.Good(
                subject,
                $"TLS, its certificate is checked{(to.SslMode == SslMode.VerifyFull ? " with its name" : ", but not its name")}"
            ),
            _ when isHere => null,
            SslMode.Require => Finding.Weak(
                subject,
                "TLS, but nobody checks whose",
                $"name its authority: sslmode=verify-full&sslrootcert=FILE; {TlsPage}"
            ),
            _ => Finding.Weak(
                subject,
                "without TLS where the server offers none",
                $"sslmode=verify-full&sslrootcert=FILE; {TlsPage}"
            ),
        };
    }

    private async Task<IReadOnlyList<Finding>> InstalledPostgresAsync(CancellationToken cancellationToken)
    {
        PostgresBinaries binaries;

        try
        {
            binaries = PostgresBinaries.Choose(Path.Combine(EngineLayout.WhereEnginesAre(dataDirectory), "postgres"));
        }
        catch (EngineException exception)
        {
            return [Finding.Bad("PostgreSQL", "none that fits", exception.Message)];
        }

        var version = await Probe.RunAsync(binaries.Postgres, ["--version"], cancellationToken);

        var share = await Probe.RunAsync(
            Path.Combine(binaries.Directory, "pg_config"),
            ["--sharedir"],
            cancellationToken
        );
        var control = Path.Combine(
            share is { ExitCode: 0 } said ? said.FirstLine : $"/usr/share/postgresql/{binaries.Major}",
            "extension",
            "vector.control"
        );

        return
        [
            version is { ExitCode: 0, FirstLine: var line }
                ? Finding.Good("PostgreSQL", $"{line}, in {binaries.Directory}")
                : Finding.Bad("PostgreSQL", $"{binaries.Postgres} does not run", "reinstall the postgresql package"),
            File.Exists(control)
                ? VectorFinding(VectorVersion(control), "")
                : Finding.Weak(
                    "pgvector",
                    $"not there for PostgreSQL {binaries.Major}; {NoVectors}",
                    $"./run builds it, or: apt-get install postgresql-{binaries.Major}-pgvector"
                ),
        ];
    }

    private static Finding VectorFinding(string version, string more) =>
        Version.TryParse(version, out var number) && number < IndexedFrom
            ? Finding.Weak(
                "pgvector",
                $"{version}{more}; large organisations are searched without an index",
                $"upgrade it to {IndexedFrom} or newer"
            )
            : Finding.Good("pgvector", version + more);

    private async Task<Finding> GivenRedisAsync(RedisSettings address, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);

        try
        {
            await client.ConnectAsync(address.Host, address.Port, patience.Token);
        }
        catch (Exception exception)
            when (exception is SocketException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return Finding.Bad(
                "Redis",
                $"does not answer at {address.Host}:{address.Port}",
                $"check {ConnectionSettings.RedisName}, the server and the network between"
            );
        }

        try
        {
            if (
                StorageStart.TlsOf(address) is { } tls
                && await TlsProbe.OfRedisAsync(
                    new RedisTransport(tls, address.Host, NullLogger.Instance, TimeProvider.System),
                    address.Host,
                    address.Port,
                    cancellationToken
                )
                    is { } why
            )
            {
                return Finding.Bad(
                    "Redis",
                    why,
                    $"give it a certificate of that authority, or name the right one in {RedisTls.AuthoritiesName}; {TlsPage}"
                );
            }

            await using var redis = Gateway(address);
            return await redis.PingAsync() is null
                    ? Finding.Bad(
                        "Redis",
                        $"answers at {address.Host}:{address.Port}, and does not let us in",
                        $"check the password and TLS in {ConnectionSettings.RedisName}"
                    )
                : WantsVectorSets && await redis.HasVectorSetsAsync() is false
                    ? WithoutVectorSets($"the one at {address.Host}:{address.Port}")
                : Finding.Good(
                    "Redis",
                    $"answers at {address.Host}:{address.Port}{(address.Tls ? " over TLS, its certificate and name are checked" : "")}"
                );
        }
        catch (SettingException exception)
        {
            return Finding.Bad(ConnectionSubject, exception.Message, $"correct or unset {exception.Name}");
        }
    }

    private bool WantsVectorSets => configuration["SEARCH_ENGINE"] is "redis";

    private static Finding WithoutVectorSets(string which) =>
        Finding.Weak(
            "Redis",
            $"{which} has no vector sets, which SEARCH_ENGINE=redis searches; PostgreSQL searches instead",
            $"name a Redis {VectorSetsFrom} or newer in {ConnectionSettings.RedisName}, or unset SEARCH_ENGINE"
        );

    private static RedisGateway Gateway(RedisSettings address) =>
        new(StorageStart.ConfigurationOf(address), NullLogger<RedisGateway>.Instance, tls: StorageStart.TlsOf(address))
        {
            Patience = Patience,
        };

    private async Task<Finding> InstalledRedisAsync(CancellationToken cancellationToken)
    {
        const string mend = "apt-get install redis-server; ./run does it";

        if (RedisEngine.Find() is not { } program)
        {
            return Finding.Bad("Redis", "not installed", mend);
        }

        var version = await Probe.RunAsync(program, ["--version"], cancellationToken);

        return version is { ExitCode: 0, FirstLine: var line }
            ? WantsVectorSets && RedisVersion(line) < VectorSetsFrom
                ? WithoutVectorSets(program)
                : Finding.Good("Redis", $"{line.Split(" sha=")[0]}, {program}")
            : Finding.Bad("Redis", $"{program} does not run", mend);
    }

    /// <summary>From <c>Redis server v=7.0.15 sha=…</c>; very old where it says none.</summary>
    private static Version RedisVersion(string line) =>
        Version.TryParse(line.Split("v=").ElementAtOrDefault(1)?.Split(' ')[0], out var version)
            ? version
            : new Version(0, 0);

    /// <summary>From the line <c>default_version = '0.8.0'</c>.</summary>
    private static string VectorVersion(string control) =>
        File.ReadLines(control)
            .FirstOrDefault(line => line.StartsWith("default_version", StringComparison.Ordinal))
            ?.Split('\'')
            .ElementAtOrDefault(1)
        ?? "installed";
}
