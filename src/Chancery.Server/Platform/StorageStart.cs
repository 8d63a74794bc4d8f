using System.Globalization;
using System.Security.Cryptography;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;
using Npgsql;

namespace Chancery.Server.Platform;

/// <summary>
/// Brings storage to where the product can stand on it: private engines where no connection string is given, the master
/// key, the schema. Disposed last, after everything that uses a connection.
/// </summary>
public sealed class StorageStart : IAsyncDisposable
{
    private const string KeepsOwnerName = "HNSW_BUILD";
    private const string MostPreparedName = "Max Auto Prepare";
    private const int MostPrepared = 100;
    private const int UsesUntilPrepared = 3;

    private StorageStart(Storage storage, RunningEngines? engines, bool masterKeyCreated)
    {
        Storage = storage;
        Engines = engines;
        MasterKeyCreated = masterKeyCreated;
    }

    public Storage Storage { get; }

    /// <summary>Null when both engines are the operator's.</summary>
    public RunningEngines? Engines { get; }

    /// <summary>Whether this start made the installation's master key, which a person should keep a copy of.</summary>
    public bool MasterKeyCreated { get; }

    /// <summary>Opens the storage of one data directory.</summary>
    /// <param name="configuration">DATABASE_URL, REDIS_URL, CHANCERY_MASTER_KEY and their <c>_FILE</c> forms.</param>
    /// <param name="dataDirectory">Made when missing.</param>
    /// <param name="mayCreateKey">Whether a missing master key is made, as in the environment Local.</param>
    /// <param name="loggers">For what the engines and the migrations have to say.</param>
    /// <param name="cancellationToken">Gives up; what was started is stopped again.</param>
    /// <exception cref="EngineException">An engine cannot start; one line that says why.</exception>
    /// <exception cref="MigrationException">The schema cannot be brought to this build's.</exception>
    /// <exception cref="SettingException">A setting cannot be understood.</exception>
    public static async Task<StorageStart> OpenAsync(
        IConfiguration configuration,
        string dataDirectory,
        bool mayCreateKey,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var directory = Path.GetFullPath(dataDirectory);
        RestoreMark.RefuseCutOff(directory);
        MasterKeyChange.RefuseCutOff(configuration, directory);
        var given = ConnectionSettings.Read(configuration);
        var engines = given is { Postgres: not null, Redis: not null }
            ? null
            : await PrivateEngines.StartAsync(
                new EngineOptions(directory) { Postgres = given.Postgres is null, Redis = given.Redis is null },
                loggers,
                TimeProvider.System,
                cancellationToken
            );
        if (engines is null)
        {
            EngineLayout.Prepare(directory, passable: false);
        }

        try
        {
            var masterKey = MasterKeyFile.Load(configuration, directory, mayCreateKey, out var created);
            var owner = given.Postgres ?? engines!.OwnerConnectionString!;
            var app = await ReachAsync(
                given,
                () => MigrateAsync(owner, masterKey, loggers.CreateLogger<Migrator>(), cancellationToken),
                cancellationToken
            );
            var redis = given.Redis is { } server
                ? ConfigurationOf(server)
                : $"{engines!.RedisEndpoint},password={engines.RedisPassword}";
            var storage = new Storage(app, redis, directory, masterKey)
            {
                OwnerConnectionString = KeepsOwner(configuration) ? owner : null,
                RedisTls = TlsOf(given.Redis),
            };
            return new StorageStart(storage, engines, created);
        }
        catch
        {
            if (engines is not null)
            {
                await engines.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Migrates as the owner and answers the connection string of the application's own role.</summary>
    public static async Task<string> MigrateAsync(
        string ownerConnectionString,
        MasterKey masterKey,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        await new Migrator(ownerConnectionString, AppPassword(masterKey), logger).ApplyAsync(cancellationToken);
        return AppConnectionString(ownerConnectionString, masterKey);
    }

    /// <summary>Says what is wrong with TLS to the operator's PostgreSQL, where that is what is wrong.</summary>
    private static async Task<string> ReachAsync(
        ConnectionSettings given,
        Func<Task<string>> reach,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await reach();
        }
        catch (Exception exception)
            when (given.Postgres is not null
                && exception is (NpgsqlException and not PostgresException) or CryptographicException
            )
        {
            if (await TlsProbe.OfPostgresAsync(given.Postgres, TimeProvider.System, cancellationToken) is { } why)
            {
                throw new SettingException(ConnectionSettings.PostgresName, why);
            }

            throw;
        }
    }

    /// <summary>Whether the owner is wanted after the start, for what <see cref="Storage.OwnerConnectionString"/> is for.</summary>
    private static bool KeepsOwner(IConfiguration configuration) =>
        configuration[KeepsOwnerName] switch
        {
            null or "" => true,
            var given when bool.TryParse(given, out var keeps) => keeps,
            _ => throw new SettingException(KeepsOwnerName, "it takes true or false"),
        };

    // Derived, so that every replica knows it and nobody stores it.
    internal static string AppPassword(MasterKey masterKey) =>
        Convert.ToHexStringLower(masterKey.Derive("postgres/chancery_app/v1"));

    internal static string AppConnectionString(string ownerConnectionString, MasterKey masterKey)
    {
        var address = new NpgsqlConnectionStringBuilder(ownerConnectionString)
        {
            Username = "chancery_app",
            Password = AppPassword(masterKey),
            MaxPoolSize = 20,
            ApplicationName = "chancery",
        };
        // Most statements take longer to parse and to plan than to run. A connection that keeps some is not emptied of the plans of
        // functions either, when it goes back to the pool. A pooler between may not stand that, so that what the address says counts.
        if (!address.ShouldSerialize(MostPreparedName))
        {
            address.MaxAutoPrepare = MostPrepared;
            address.AutoPrepareMinUsages = UsesUntilPrepared;
        }

        return address.ConnectionString;
    }

    internal static RedisTls? TlsOf(RedisSettings? redis) =>
        redis is { Tls: true } ? redis.Files ?? new RedisTls(null, null, null) : null;

    internal static string ConfigurationOf(RedisSettings redis) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{redis.Host}:{redis.Port},defaultDatabase={redis.Database},ssl={redis.Tls}"
        ) + (redis.Password is null ? "" : $",password={redis.Password}");

    public async ValueTask DisposeAsync()
    {
        if (Engines is not null)
        {
            await Engines.DisposeAsync();
        }
    }
}
