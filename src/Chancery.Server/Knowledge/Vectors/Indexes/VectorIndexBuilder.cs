using System.Globalization;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chancery.Server.Knowledge.Vectors.Indexes;

/// <summary>An index that is there.</summary>
/// <param name="IsValid">False while it is being built, and where building it was cut off.</param>
internal sealed record ExistingIndex(string Name, bool IsValid);

/// <summary>
/// Builds and drops the indexes of vectors, beside all reading and writing. This is the one thing that a server does as the owner of
/// the tables: <c>CREATE INDEX CONCURRENTLY</c> runs in no function, and only an owner may. Safe for concurrent use, and between servers.
/// </summary>
internal sealed class VectorIndexBuilder(
    Storage storage,
    IOptions<VectorIndexOptions> options,
    ILogger<VectorIndexBuilder> logger
)
{
    // Indexes that go on searching where they stopped came with 0.8.
    private static readonly Version Oldest = new(0, 8);

    private const string VersionSql = "SELECT extversion FROM pg_extension WHERE extname = 'vector'";

    private const string ListSql = """
        SELECT c.relname::text, i.indisvalid
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = to_regclass('chunk_vectors') AND starts_with(c.relname, $1)
        ORDER BY c.relname
        """;

    private const string TryLockSql = "SELECT pg_try_advisory_lock(hashtextextended('hnsw:' || $1, 0))";

    // The server that runs it quotes names and values: a statement that defines something takes no parameters. The condition
    // on the length keeps vectors out that another model under the same name has made: they would break their own insertion.
    private const string CreateSql = """
        SELECT format(
          'CREATE INDEX CONCURRENTLY %I ON chunk_vectors USING hnsw ((embedding::%s) %s) WITH (m = %s, ef_construction = %s) '
          'WHERE tenant_id = %L AND model = %L AND vector_dims(embedding) = %s', $1, $2, $3, $4, $5, $6::uuid, $7, $8)
        """;

    // A plan made before PostgreSQL counted an organisation that has just come takes it for one row, and sorts all of it.
    private const string CountSql = "ANALYZE chunk_vectors (tenant_id, model)";

    private const string DropSql = "SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %I', $1)";

    /// <summary>Whether this server knows the owner, and PostgreSQL has a pgvector that is new enough.</summary>
    public async Task<bool> IsAbleAsync(CancellationToken cancellationToken)
    {
        if (storage.OwnerConnectionString is null)
        {
            return false;
        }

        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(VersionSql, connection);
        var said = await command.ExecuteScalarAsync(cancellationToken) as string;
        if (Version.TryParse(said, out var version) && version >= Oldest)
        {
            return true;
        }

        Log.VectorsNotIndexed(logger, said ?? "none");
        return false;
    }

    /// <summary>Those whose names begin so.</summary>
    public async Task<IReadOnlyList<ExistingIndex>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        return await ListAsync(connection, prefix, cancellationToken);
    }

    /// <summary>
    /// Builds an index where there is none that is whole, and drops those that it takes the place of once it is. Searches use
    /// the former one until then.
    /// </summary>
    /// <returns>False where another server is at it.</returns>
    public Task<bool> BuildAsync(VectorIndex index, CancellationToken cancellationToken) =>
        BuildAsync(index, null, cancellationToken);

    /// <param name="beside">Of another model, which stays; null where none does.</param>
    /// <returns>False where another server is at it.</returns>
    public async Task<bool> BuildAsync(VectorIndex index, VectorIndex? beside, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        if (!await LockAsync(connection, index.Tenant, cancellationToken))
        {
            return false;
        }

        var name = index.NameOf(options.Value);
        var existing = await ListAsync(connection, VectorIndex.PrefixOf(index.Tenant), cancellationToken);
        if (existing.All(one => one.Name != name || !one.IsValid))
        {
            await DropAsync(connection, name, cancellationToken);
            Log.VectorIndexBegun(logger, name, index.Tenant.Value);
            await ExecuteAsync(
                connection,
                CreateSql,
                cancellationToken,
                name,
                index.Type,
                index.OperatorClass,
                Text(options.Value.M),
                Text(options.Value.EfConstruction),
                index.Tenant.ToString(),
                index.Model,
                Text(index.Dimensions)
            );
            await using (var count = new NpgsqlCommand(CountSql, connection))
            {
                await count.ExecuteNonQueryAsync(cancellationToken);
            }

            Log.VectorIndexBuilt(logger, name, index.Tenant.Value);
        }

        foreach (var former in existing.Where(one => one.Name != name && !Stays(one)))
        {
            await DropAsync(connection, former.Name, cancellationToken);
        }

        return true;

        bool Stays(ExistingIndex other) =>
            beside is not null && other.Name.StartsWith(beside.Group, StringComparison.Ordinal);
    }

    /// <summary>Drops all that an organisation has; nothing while another server is building one.</summary>
    public async Task DropAllAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        var existing = await ListAsync(connection, VectorIndex.PrefixOf(tenant), cancellationToken);
        if (existing.Count == 0 || !await LockAsync(connection, tenant, cancellationToken))
        {
            return;
        }

        foreach (var one in existing)
        {
            await DropAsync(connection, one.Name, cancellationToken);
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(storage.OwnerConnectionString!)
            {
                Pooling = false,
                CommandTimeout = 0,
                KeepAlive = 30,
                ApplicationName = "chancery indexes",
            }.ConnectionString
        );
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var prepare = new NpgsqlCommand(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"SET ROLE chancery_owner; SET statement_timeout = 0; SET maintenance_work_mem = '{options.Value.BuildMemoryMegabytes}MB'"
                ),
                connection
            );
            await prepare.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // Held until the connection ends, also where the server is killed.
    private static async Task<bool> LockAsync(
        NpgsqlConnection connection,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(TryLockSql, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = tenant.ToString() });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<IReadOnlyList<ExistingIndex>> ListAsync(
        NpgsqlConnection connection,
        string prefix,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(ListSql, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = prefix });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<ExistingIndex>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new ExistingIndex(reader.GetString(0), reader.GetBoolean(1)));
        }

        return found;
    }

    private static Task DropAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, DropSql, cancellationToken, name);

    /// <summary>Has PostgreSQL write a statement, and runs it.</summary>
    private static async Task ExecuteAsync(
        NpgsqlConnection connection,
        string formatSql,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        await using var format = new NpgsqlCommand(formatSql, connection);
        foreach (var argument in arguments)
        {
            format.Parameters.Add(new NpgsqlParameter<string> { TypedValue = argument });
        }

        var sql = (string)(await format.ExecuteScalarAsync(cancellationToken))!;
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
