using Chancery.Server.Access;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;
using Npgsql;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>
/// What an import stands on beside the server: the database as the application's role, so that row-level security holds here as
/// everywhere, and the stored files.
/// </summary>
internal sealed class Importer : IAsyncDisposable
{
    private const string NamedSql = "SELECT tenant_id, owner_id FROM door_tenant_named(@name)";

    private const string LockSql = "SELECT pg_try_advisory_lock(hashtextextended('import:' || @tenant, 0))";

    private readonly NpgsqlDataSource _source;

    private Importer(NpgsqlDataSource source, string dataDirectory, MasterKey masterKey)
    {
        RowMapping.Use();
        _source = source;
        var database = new TenantDatabase(source);
        var storage = new Storage(source.ConnectionString, "", dataDirectory, masterKey);
        var blobs = new BlobStore(storage, new TenantKeys(database, masterKey, TimeProvider.System));
        Store = new ImportStore(
            database,
            blobs,
            new BlobSweep(database, blobs, [], TimeProvider.System),
            TimeProvider.System
        );
    }

    public ImportStore Store { get; }

    public static Importer Open(string appConnectionString, string dataDirectory, MasterKey masterKey) =>
        new(NpgsqlDataSource.Create(appConnectionString), dataDirectory, masterKey);

    /// <summary>The organisation of a name or id, and who its documents will be by.</summary>
    /// <exception cref="ImportException">There is none, or more than one.</exception>
    public async Task<(TenantId Tenant, Guid Owner)> FindAsync(string name, CancellationToken cancellationToken)
    {
        var found = await new Doors(_source).QueryAsync<NamedRow>(NamedSql, new { name }, cancellationToken);
        return found switch
        {
            [{ OwnerId: { } owner } only] => (new TenantId(only.TenantId), owner),
            [{ OwnerId: null }] => throw new ImportException($"The organisation {name} has no owner: make one first."),
            [] => throw new ImportException(
                $"There is no organisation {name}: give its name or id with --organization."
            ),
            _ => throw new ImportException(
                $"There are several organisations called {name}: give the id of one with --organization."
            ),
        };
    }

    /// <summary>One import of an organisation at a time; held until it is disposed of.</summary>
    /// <exception cref="ImportException">Another one is running.</exception>
    public async Task<IAsyncDisposable> HoldAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var connection = await _source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(LockSql, connection);
        command.Parameters.AddWithValue("tenant", tenant.ToString());
        if ((bool)(await command.ExecuteScalarAsync(cancellationToken))!)
        {
            return connection;
        }

        await connection.DisposeAsync();
        throw new ImportException("Another import into this organisation is running: wait until it has ended.");
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private sealed record NamedRow
    {
        public required Guid TenantId { get; init; }
        public Guid? OwnerId { get; init; }
    }
}
