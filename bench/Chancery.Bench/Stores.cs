using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Chancery.Bench.SearchEngine;
using Chancery.Search.Engine;
using Chancery.Testing;
using Npgsql;
using StackExchange.Redis;

namespace Chancery.Bench;

/// <summary>
/// How fast is the nearest passage found in each place that can keep vectors, and what does each miss? The same vectors and
/// questions for all, one question after the other, ten answers to each; in PostgreSQL as the application's role under row-level
/// security, in a table made like the product's.
/// </summary>
internal static class Stores
{
    private const int Wanted = 10;
    private const int WarmUp = 50;
    private const int BatchRows = 1000;
    private const string Model = "bench";

    private static readonly Guid Tenant = EngineCorpus.Id(99);

    public static async Task<int> RunAsync(string[] args)
    {
        if (!TryRead(args, out var types, out var count))
        {
            await Console.Error.WriteLineAsync("Usage: ./run bench stores [--index-type hnsw|ivfflat] [--passages N]");
            return 2;
        }

        var corpus = new EngineCorpus(count, words: 120);
        var questions = Enumerable.Range(0, 500).Select(corpus.QueryVector).ToArray();
        var vectors = Enumerable.Range(0, corpus.Count).Select(corpus.VectorOf).ToArray();
        var exact = questions.Select(question => NearestOf(vectors, question)).ToArray();
        Console.WriteLine(
            $"{corpus.Count} passages of {EngineCorpus.Dimensions} numbers, {questions.Length} questions. {Machine.Describe()}."
        );
        Console.WriteLine(
            corpus.HasRealVectors
                ? $"{Math.Min(corpus.RealVectorCount, corpus.Count)} vectors are the local model's own; any beyond are each made of two."
                : "No vectors of the local model were found (`./run bench ranking` makes them): sums of a random direction for each word."
        );
        Console.WriteLine();
        Console.WriteLine("| | Average ms | p50 ms | p95 ms | p99 ms | Questions/s | recall@10 | Build s | MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");

        Jaccard(corpus);
        await PostgresAsync(vectors, questions, exact, types);
        await RedisAsync(vectors, questions, exact);
        await EngineAsync(corpus, questions, exact);
        return 0;
    }

    /// <summary>Word overlap with every passage, as systems without vectors did it; the words of passages are kept ready.</summary>
    private static void Jaccard(EngineCorpus corpus)
    {
        var began = Stopwatch.GetTimestamp();
        var passages = corpus.Passages().Select(passage => WordsOf(passage.Body)).ToArray();
        var build = Stopwatch.GetElapsedTime(began);
        var times = new List<double>();
        foreach (var text in corpus.Queries.Take(100))
        {
            began = Stopwatch.GetTimestamp();
            var asked = WordsOf(text);
            var best = new PriorityQueue<int, double>();
            for (var i = 0; i < passages.Length; i++)
            {
                var shared = asked.Count(passages[i].Contains);
                best.Enqueue(i, (double)shared / (asked.Count + passages[i].Count - shared));
                if (best.Count > Wanted)
                    best.Dequeue();
            }

            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        Row("Jaccard, word overlap in this process", times, null, build, null);
    }

    private static async Task PostgresAsync(
        float[][] vectors,
        float[][] questions,
        int[][] exact,
        IReadOnlyList<string> types
    )
    {
        var name = $"bench_{Guid.CreateVersion7():n}";
        var (ownerString, appString) = await EngineHost.CreateDatabaseAsync(name);
        try
        {
            await using var owner = NpgsqlDataSource.Create(ownerString + ";Command Timeout=0");
            await using var app = NpgsqlDataSource.Create(appString);
            await ExecuteAsync(
                owner,
                """
                SET ROLE chancery_owner;
                CREATE TABLE stored (LIKE chunk_vectors INCLUDING INDEXES);
                SELECT protect_tenant_table('stored');
                """
            );
            var build = await FillAsync(owner, vectors);
            await using (var connection = await app.OpenConnectionAsync())
            {
                await MeasureAsync(
                    connection,
                    "PostgreSQL, exact scan",
                    questions,
                    exact,
                    Sql("vector"),
                    build,
                    await SizeAsync(owner, "stored")
                );
            }

            foreach (var type in types)
            {
                var options = type == "hnsw" ? "m = 32, ef_construction = 64" : "lists = 100";
                var began = Stopwatch.GetTimestamp();
                await ExecuteAsync(
                    owner,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"""
                        SET maintenance_work_mem = '256MB';
                        CREATE INDEX stored_{type} ON stored USING {type} ((embedding::vector({EngineCorpus.Dimensions})) vector_cosine_ops)
                        WITH ({options}) WHERE tenant_id = '{Tenant}' AND model = '{Model}' AND vector_dims(embedding) = {EngineCorpus.Dimensions}
                        """
                    )
                );
                build = Stopwatch.GetElapsedTime(began);
                var size = await SizeAsync(owner, $"stored_{type}");
                foreach (var effort in type == "hnsw" ? new[] { 40, 100, 200 } : [1, 10, 20])
                {
                    await using var connection = await app.OpenConnectionAsync();
                    var setting =
                        type == "hnsw"
                            ? $"SET hnsw.ef_search = {effort}; SET hnsw.iterative_scan = strict_order"
                            : $"SET ivfflat.probes = {effort}";
                    await using (var set = new NpgsqlCommand(setting + "; SET enable_sort = off", connection))
                        await set.ExecuteNonQueryAsync();
                    var label =
                        type == "hnsw"
                            ? $"PostgreSQL, HNSW m 32, ef_construction 64, ef_search {effort}"
                            : $"PostgreSQL, IVFFlat lists 100, probes {effort}";
                    await MeasureAsync(
                        connection,
                        label,
                        questions,
                        exact,
                        Sql($"vector({EngineCorpus.Dimensions})"),
                        build,
                        size
                    );
                }

                await ExecuteAsync(owner, $"DROP INDEX stored_{type}");
            }
        }
        finally
        {
            await EngineHost.DropDatabaseAsync(name);
        }
    }

    private static async Task RedisAsync(float[][] vectors, float[][] questions, int[][] exact)
    {
        await using var server = await Redis8.StartAsync();
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        var redis = connection.GetDatabase();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < vectors.Length; i++)
        {
            await redis.ExecuteAsync(
                "VADD",
                "set",
                "FP32",
                (RedisValue)Bytes(vectors[i]),
                EngineCorpus.Id(i).ToString(),
                "Q8",
                "EF",
                "200",
                "M",
                "16"
            );
        }

        var build = Stopwatch.GetElapsedTime(began);
        var bytes = (long)await redis.ExecuteAsync("MEMORY", "USAGE", "set");
        foreach (var effort in new[] { 50, 200, 500 })
        {
            var (times, found) = await TimeAsync(
                questions,
                async question =>
                    [
                        .. (
                            (string[])
                                await redis.ExecuteAsync(
                                    "VSIM",
                                    "set",
                                    "FP32",
                                    (RedisValue)Bytes(question),
                                    "COUNT",
                                    Wanted,
                                    "EF",
                                    effort
                                )
                        ).Select(NumberOf),
                    ]
            );
            Row($"Redis 8 vector set, M 16, EF {effort}", times, RecallOf(found, exact), build, bytes);
        }
    }

    private static async Task EngineAsync(EngineCorpus corpus, float[][] questions, int[][] exact)
    {
        var began = Stopwatch.GetTimestamp();
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = EngineCorpus.Dimensions });
        index.Apply(new IndexChanges(new IndexRevision(1, EngineCorpus.Id(1))) { Passages = [.. corpus.Passages()] });
        index.Merge(everything: true);
        var build = Stopwatch.GetElapsedTime(began);
        var (times, found) = await TimeAsync(
            questions,
            question =>
                Task.FromResult<int[]>([
                    .. index
                        .Search(new SearchRequest { Vector = question, Limit = Wanted })
                        .Hits.Select(hit => NumberOf(hit.PassageId.ToString())),
                ])
        );
        Row(
            "Chancery's engine in this process, words included",
            times,
            RecallOf(found, exact),
            build,
            index.Statistics.Bytes
        );
    }

    private static string Sql(string type) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SELECT chunk_id FROM stored
            WHERE tenant_id = $2 AND model = $3 AND vector_dims(embedding) = {EngineCorpus.Dimensions}
            ORDER BY embedding::{type} <=> $1::{type} LIMIT {Wanted}
            """
        );

    private static async Task MeasureAsync(
        NpgsqlConnection connection,
        string label,
        float[][] questions,
        int[][] exact,
        string sql,
        TimeSpan build,
        long bytes
    )
    {
        await using (var bind = new NpgsqlCommand("SELECT set_config('chancery.tenant', $1, false)", connection))
        {
            bind.Parameters.Add(new NpgsqlParameter { Value = Tenant.ToString() });
            await bind.ExecuteNonQueryAsync();
        }

        var (times, found) = await TimeAsync(
            questions,
            async question =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                command.Parameters.Add(new NpgsqlParameter { Value = Text(question) });
                command.Parameters.Add(new NpgsqlParameter { Value = Tenant });
                command.Parameters.Add(new NpgsqlParameter { Value = Model });
                await using var reader = await command.ExecuteReaderAsync();
                var ids = new List<int>();
                while (await reader.ReadAsync())
                    ids.Add(NumberOf(reader.GetGuid(0).ToString()));
                return [.. ids];
            }
        );
        Row(label, times, RecallOf(found, exact), build, bytes);
    }

    private static async Task<(List<double> Times, List<int[]> Found)> TimeAsync(
        float[][] questions,
        Func<float[], Task<int[]>> ask
    )
    {
        foreach (var question in questions.Take(WarmUp))
            await ask(question);
        var (times, found) = (new List<double>(), new List<int[]>());
        foreach (var question in questions)
        {
            var began = Stopwatch.GetTimestamp();
            found.Add(await ask(question));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return (times, found);
    }

    private static async Task<TimeSpan> FillAsync(NpgsqlDataSource owner, float[][] vectors)
    {
        var began = Stopwatch.GetTimestamp();
        foreach (var batch in vectors.Index().Chunk(BatchRows))
        {
            await using var insert = owner.CreateCommand(
                "INSERT INTO stored SELECT $1, $2, n.id, n.v::vector FROM unnest($3, $4) AS n(id, v)"
            );
            insert.Parameters.Add(new NpgsqlParameter { Value = Tenant });
            insert.Parameters.Add(new NpgsqlParameter { Value = Model });
            insert.Parameters.Add(
                new NpgsqlParameter { Value = batch.Select(one => EngineCorpus.Id(one.Index)).ToArray() }
            );
            insert.Parameters.Add(new NpgsqlParameter { Value = batch.Select(one => Text(one.Item)).ToArray() });
            await insert.ExecuteNonQueryAsync();
        }

        var time = Stopwatch.GetElapsedTime(began);
        await ExecuteAsync(owner, "VACUUM ANALYZE stored");
        return time;
    }

    private static async Task<long> SizeAsync(NpgsqlDataSource owner, string relation)
    {
        await using var command = owner.CreateCommand("SELECT pg_table_size($1::regclass)");
        command.Parameters.Add(new NpgsqlParameter { Value = relation });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static void Row(string label, List<double> times, double? recall, TimeSpan build, long? bytes)
    {
        times.Sort();
        var average = times.Average();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {label} | {average:f2} | {times[times.Count / 2]:f2} | {times[times.Count * 95 / 100]:f2} | {times[times.Count * 99 / 100]:f2} | {1000 / average:f0} | {(recall is { } r ? r.ToString("f3", CultureInfo.InvariantCulture) : "–")} | {build.TotalSeconds:f1} | {(bytes is { } b ? (b / 1e6).ToString("f1", CultureInfo.InvariantCulture) : "–")} |"
            )
        );
    }

    private static double RecallOf(List<int[]> found, int[][] exact) =>
        found.Zip(exact).Average(pair => pair.First.Intersect(pair.Second).Count() / (double)Wanted);

    private static int[] NearestOf(float[][] vectors, float[] question) =>
        [
            .. vectors
                .Select((vector, number) => (Cosine: Cosine(vector, question), number))
                .OrderByDescending(one => one.Cosine)
                .Take(Wanted)
                .Select(one => one.number),
        ];

    private static double Cosine(float[] a, float[] b)
    {
        var (dot, x, y) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            x += (double)a[i] * a[i];
            y += (double)b[i] * b[i];
        }

        return dot / Math.Sqrt(x * y);
    }

    private static HashSet<string> WordsOf(string text) =>
        [
            .. text.ToLowerInvariant()
                .Split([' ', '\n', '\t', '.', ',', ';', ':'], StringSplitOptions.RemoveEmptyEntries),
        ];

    // The first eight digits of EngineCorpus.Id.
    private static int NumberOf(string id) =>
        int.Parse(id.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static byte[] Bytes(float[] vector) => MemoryMarshal.AsBytes(vector.AsSpan()).ToArray();

    private static string Text(float[] vector)
    {
        var text = new StringBuilder("[");
        foreach (var part in vector)
            text.Append(text.Length == 1 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{part}");
        return text.Append(']').ToString();
    }

    private static bool TryRead(string[] args, out IReadOnlyList<string> types, out int count)
    {
        (types, count) = (["hnsw", "ivfflat"], 10_000);
        for (var i = 0; i < args.Length; i += 2)
        {
            switch (args[i..])
            {
                case ["--index-type", "hnsw" or "ivfflat", ..]:
                    types = [args[i + 1]];
                    break;
                case ["--passages", var text, ..] when int.TryParse(text, CultureInfo.InvariantCulture, out count):
                    break;
                default:
                    return false;
            }
        }

        return count >= Wanted;
    }
}
