using System.Diagnostics;
using System.Globalization;
using System.Text;
using Chancery.Server.Platform.Engines;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Bench.Peers;

/// <summary>
/// pgvector in a private PostgreSQL that the product's own code starts, through Npgsql and prepared statements. Questions lie in a
/// table beside the passages: reading 384 numbers from text is not what is compared.
/// </summary>
internal sealed class PostgresPeer : IAsyncDisposable
{
    public const string Hnsw = "pgvector:hnsw";
    public const string IvfFlat = "pgvector:ivfflat";

    private const int Hits = 10;
    private const int MostMilliseconds = 4000;
    private const double RecallOfThroughput = 0.99;

    private readonly RunningEngines _engines;

    private PostgresPeer(RunningEngines engines, string built)
    {
        _engines = engines;
        Built = built;
    }

    /// <summary>Which pgvector it is and how it was compiled.</summary>
    public string Built { get; }

    public static async Task<PostgresPeer> StartAsync()
    {
        var library = await CompileAsync();
        var engines = await StartEnginesAsync();
        await using (var first = await OpenAsync(engines))
        {
            if (await ScalarAsync(first, "SHOW shared_buffers") != "2GB")
            {
                // What is measured lies in its memory, as it does for the others.
                await RunAsync(first, "ALTER SYSTEM SET shared_buffers = '2GB'");
                await engines.DisposeAsync();
                engines = await StartEnginesAsync();
            }
        }

        await using var connection = await OpenAsync(engines);
        await RunAsync(connection, "CREATE EXTENSION IF NOT EXISTS vector");
        // The extension's functions, from the library that knows this processor.
        if (library is not null)
        {
            await RunAsync(connection, $"UPDATE pg_proc SET probin = '{library}' WHERE probin = '$libdir/vector'");
        }

        var version = await ScalarAsync(connection, "SELECT extversion FROM pg_extension WHERE extname = 'vector'");
        var server = await ScalarAsync(connection, "SHOW server_version");
        return new PostgresPeer(
            engines,
            $"pgvector {version} in PostgreSQL {server}, {(library is null ? "as it is installed (it could not be compiled with this processor's instructions)" : "compiled with -march=native")}, shared_buffers 2 GB"
        );
    }

    public ValueTask DisposeAsync() => _engines.DisposeAsync();

    public async Task<Measured> MeasureAsync(PeerSet set, PeerTruth truth, string peer, bool isRebuilt)
    {
        var isHnsw = peer == Hnsw;
        var table = $"{(isHnsw ? "hnsw" : "ivfflat")}_{set.Name.Replace('-', '_')}";
        await using var connection = await OpenAsync(_engines);
        var build = await BuildAsync(connection, set, table, isHnsw, isRebuilt);
        var backend = int.Parse(
            await ScalarAsync(connection, "SELECT pg_backend_pid()::text"),
            CultureInfo.InvariantCulture
        );
        var lists = Lists(set);
        string[] settings = isHnsw
            ? ["ef_search 10", "ef_search 20", "ef_search 40", "ef_search 100", "ef_search 200", "ef_search 400"]
            :
            [
                .. new[] { 1, lists / 32, lists / 16, lists / 8, lists / 4, lists / 2, lists }
                    .Where(probes => probes > 0)
                    .Distinct()
                    .Select(probes => $"probes {probes}"),
            ];
        var timings = new List<Timing>();
        var load = Stopwatch.GetTimestamp();
        await AskOnceAsync(connection, table);
        var loaded = Stopwatch.GetElapsedTime(load).TotalSeconds;
        foreach (var filter in PeerSet.Filters)
        {
            foreach (var setting in filter is null ? settings : [settings[settings.Length / 2], settings[^1]])
            {
                await SetAsync(connection, setting, isHnsw);
                timings.Add(await TimeAsync(connection, backend, set, truth, table, setting, filter, loaded));
            }
        }

        var counted =
            timings.Find(timing => timing is { Filter: null, Recall: >= RecallOfThroughput })
            ?? timings.Last(timing => timing.Filter is null);
        var (one, othersAtOne) = await CountAsync(set, table, counted.Setting, isHnsw, 1);
        var (two, othersAtTwo) = await CountAsync(set, table, counted.Setting, isHnsw, 2);
        return new Measured(
            peer,
            null,
            build,
            timings,
            new Throughput(counted.Setting, one, othersAtOne, two, othersAtTwo)
        );
    }

    private static async Task<Timing> TimeAsync(
        NpgsqlConnection connection,
        int backend,
        PeerSet set,
        PeerTruth truth,
        string table,
        string setting,
        int? filter,
        double load
    )
    {
        await using var ask = await AskerAsync(connection, table, filter);
        for (var i = 0; i < 50; i++)
            await AnswerAsync(ask, i);
        var (times, found) = (new List<double>(), new List<IReadOnlyList<int>>());
        var watch = new Watch(backend);
        for (var i = 0; i < set.QueryCount && (i < 20 || watch.Seconds * 1000 < MostMilliseconds); i++)
        {
            var began = Stopwatch.GetTimestamp();
            var rows = await AnswerAsync(ask, i);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            found.Add(rows);
        }

        double[] sorted = [.. times.Order()];
        return new Timing(
            setting,
            filter,
            load,
            Timing.Percentile(sorted, 50),
            Timing.Percentile(sorted, 95),
            Timing.Percentile(sorted, 99),
            watch.Processor * 1000 / times.Count,
            null,
            watch.Others,
            truth.Recall(filter, found)
        );
    }

    private static async Task<NpgsqlCommand> AskerAsync(NpgsqlConnection connection, string table, int? filter)
    {
        var where = filter is null ? "" : string.Create(CultureInfo.InvariantCulture, $"WHERE percent < {filter}");
        var command = new NpgsqlCommand(
            $"SELECT id FROM {table} {where} ORDER BY embedding <#> (SELECT embedding FROM {table}_queries WHERE id = $1) LIMIT {Hits}",
            connection
        );
        command.Parameters.Add(new NpgsqlParameter<int>());
        await command.PrepareAsync();
        return command;
    }

    private static async Task<List<int>> AnswerAsync(NpgsqlCommand ask, int query)
    {
        ((NpgsqlParameter<int>)ask.Parameters[0]).TypedValue = query;
        var rows = new List<int>(Hits);
        await using var reader = await ask.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            rows.Add(reader.GetInt32(0));
        return rows;
    }

    private static async Task AskOnceAsync(NpgsqlConnection connection, string table)
    {
        await using var ask = await AskerAsync(connection, table, null);
        await AnswerAsync(ask, 0);
    }

    private static async Task SetAsync(NpgsqlConnection connection, string setting, bool isHnsw)
    {
        var value = setting.Split(' ')[1];
        await RunAsync(
            connection,
            isHnsw
                ? $"SET hnsw.ef_search = {value}; SET hnsw.iterative_scan = strict_order"
                : $"SET ivfflat.probes = {value}; SET ivfflat.iterative_scan = relaxed_order"
        );
    }

    /// <summary>What pgvector's manual says.</summary>
    private static int Lists(PeerSet set) => Math.Max(10, set.Count / 1000);

    private static async Task<BuildCost> BuildAsync(
        NpgsqlConnection connection,
        PeerSet set,
        string table,
        bool isHnsw,
        bool isRebuilt
    )
    {
        var place = Path.Combine(set.Folder, table);
        var isThere =
            await ScalarAsync(connection, $"SELECT to_regclass('{table}_embedding')::text") is { Length: > 0 };
        if (!isRebuilt && isThere && KeptCost.Read(place) is { } kept)
            return kept;

        await RunAsync(
            connection,
            $"""
            DROP TABLE IF EXISTS {table}, {table}_queries;
            CREATE TABLE {table} (id int PRIMARY KEY, percent smallint NOT NULL, embedding vector({set.Dimensions}) NOT NULL);
            CREATE TABLE {table}_queries (id int PRIMARY KEY, embedding vector({set.Dimensions}) NOT NULL);
            """
        );
        await CopyAsync(connection, $"{table} (id, percent, embedding)", set, set.Count, isPassages: true);
        await CopyAsync(connection, $"{table}_queries (id, embedding)", set, set.QueryCount, isPassages: false);
        var watch = new Watch();
        var all = Stopwatch.GetTimestamp();
        var before = await BusyAsync(connection);
        await RunAsync(
            connection,
            $"""
            SET maintenance_work_mem = '2GB';
            SET max_parallel_maintenance_workers = 0;
            CREATE INDEX {table}_percent ON {table} (percent);
            CREATE INDEX {table}_embedding ON {table} USING {(isHnsw
                ? "hnsw (embedding vector_ip_ops)"
                : $"ivfflat (embedding vector_ip_ops) WITH (lists = {Lists(set)})")};
            """
        );
        var seconds = Stopwatch.GetElapsedTime(all).TotalSeconds;
        var worked = await BusyAsync(connection) - before;
        var others = Math.Max(0, watch.Others - (worked / seconds));
        await RunAsync(connection, $"VACUUM ANALYZE {table}; ");
        var bytes = double.Parse(
            await ScalarAsync(connection, $"SELECT pg_total_relation_size('{table}')::text"),
            CultureInfo.InvariantCulture
        );
        var cost = new BuildCost(seconds, worked, others, bytes / set.Count);
        KeptCost.Write(place, cost);
        return cost;
    }

    /// <summary>Seconds that this session has worked.</summary>
    private static async Task<double> BusyAsync(NpgsqlConnection connection)
    {
        var backend = await ScalarAsync(connection, "SELECT pg_backend_pid()::text");
        return double.Parse(
                (await File.ReadAllTextAsync($"/proc/{backend}/schedstat")).Split(' ')[0],
                CultureInfo.InvariantCulture
            ) / 1e9;
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection,
        string columns,
        PeerSet set,
        int count,
        bool isPassages
    )
    {
        await using var writer = await connection.BeginTextImportAsync($"COPY {columns} FROM STDIN");
        var line = new StringBuilder();
        for (var row = 0; row < count; row++)
        {
            line.Clear().Append(CultureInfo.InvariantCulture, $"{row}\t");
            if (isPassages)
                line.Append(CultureInfo.InvariantCulture, $"{set.Percents[row]}\t");
            line.Append('[');
            foreach (var value in isPassages ? set.Vector(row) : set.Query(row))
                line.Append(CultureInfo.InvariantCulture, $"{value:R},");
            line[^1] = ']';
            await writer.WriteAsync(line.Append('\n'));
        }
    }

    private async Task<(double QueriesPerSecond, double Others)> CountAsync(
        PeerSet set,
        string table,
        string setting,
        bool isHnsw,
        int clients
    )
    {
        var connections = new NpgsqlConnection[clients];
        for (var i = 0; i < clients; i++)
        {
            connections[i] = await OpenAsync(_engines);
            await SetAsync(connections[i], setting, isHnsw);
            await AskOnceAsync(connections[i], table);
        }

        var done = 0;
        var watch = new Watch();
        await Task.WhenAll(
            connections.Select(
                (connection, client) =>
                    Task.Run(async () =>
                    {
                        await using var ask = await AskerAsync(connection, table, null);
                        var mine = 0;
                        for (; watch.Seconds < NodePeer.CountedMilliseconds / 1e3; mine++)
                            await AnswerAsync(ask, ((client * set.QueryCount / clients) + mine) % set.QueryCount);
                        Interlocked.Add(ref done, mine);
                    })
            )
        );
        var (seconds, others) = (watch.Seconds, Math.Max(0, watch.Others - clients));
        foreach (var connection in connections)
            await connection.DisposeAsync();
        return (done / seconds, others);
    }

    private static Task<RunningEngines> StartEnginesAsync()
    {
        var directory = Directory.CreateDirectory(Path.Combine(PeerFolders.Root, "postgres")).FullName;
        // Root's engines run as other users, who have to pass through.
        foreach (var path in new[] { PeerFolders.Root, directory })
        {
            File.SetUnixFileMode(
                path,
                File.GetUnixFileMode(path) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute
            );
        }

        return PrivateEngines.StartAsync(
            new EngineOptions(Path.Combine(directory, "data")) { Redis = false },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
    }

    private static async Task<NpgsqlConnection> OpenAsync(RunningEngines engines)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(engines.OwnerConnectionString)
            {
                Pooling = false,
                CommandTimeout = 0,
            }.ConnectionString
        );
        await connection.OpenAsync();
        return connection;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() as string ?? "";
    }

    /// <summary>The library as Debian's source package has it, for this processor; null where it cannot be had.</summary>
    private static async Task<string?> CompileAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(PeerFolders.Root, "pgvector")).FullName;
        var library = Path.Combine(folder, "vector.so");
        if (File.Exists(library))
            return library;
        var start = new ProcessStartInfo("bash", ["bench/Chancery.Bench/Peers/native-pgvector.sh", folder])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await Console.Error.WriteLineAsync(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        return File.Exists(library) ? library : null;
    }
}
