using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Models;
using Npgsql;

namespace Chancery.Bench;

/// <summary>
/// What does a search cost when many tenants share one memory budget, and does anybody ever find a neighbour's passage? Through
/// <c>/api/v1/search</c>, with a word of its own in each tenant's passages, which its neighbours ask for.
/// </summary>
internal static class Tenants
{
    private const int BasePassages = 20_000;
    private const int PassagesPerDocument = 100;
    private const int Dimensions = 384;
    private const string Model = "hashed-words";

    private sealed record Tenant(Guid Id, string Canary, int Passages, HttpClient Http);

    private sealed record Asked(double Milliseconds, string Engine, int Foreign, int Found);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var numbers = arguments.Select(argument => int.Parse(argument, CultureInfo.InvariantCulture)).ToArray();
        int Number(int place, int otherwise) => numbers.Length > place ? numbers[place] : otherwise;
        var (small, smallPassages) = (Number(0, 1_000), Number(1, 1_000));
        var (large, largePassages) = (Number(2, 10), Number(3, 100_000));
        var queries = Number(4, 20_000);
        var megabytes = Number(5, 1_024);

        var texts = new PassageTexts(BasePassages);
        await using var model = await ScriptedModelServer.StartAsync(Dimensions);
        var (owner, server, data) = await StartAsync(model, megabytes);
        await using var source = NpgsqlDataSource.Create(owner);
        try
        {
            var tenants = await FillAsync(
                server,
                source,
                texts,
                [.. Enumerable.Repeat(smallPassages, small), .. Enumerable.Repeat(largePassages, large)]
            );
            Print(
                $"{small} tenants of {smallPassages} passages and {large} of {largePassages}, {Dimensions} dimensions; budget {megabytes} MB."
            );
            Print($"{Machine.Describe()}");
            Console.WriteLine();
            Console.WriteLine(
                "| Queries | Users | Number | Queries/s | p50 ms | p95 ms | p99 ms | Answered by | Without a hit | Foreign passages | Server MB |"
            );
            Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
            var foreign = 0;
            var random = new Random(7);
            var shuffled = tenants.OrderBy(_ => random.Next()).ToList();
            foreign += await MeasureAsync(
                "the first of each tenant",
                server,
                texts,
                tenants,
                1,
                shuffled.Count,
                i => shuffled[i]
            );
            // Indexes are loaded behind the first queries.
            await Task.Delay(TimeSpan.FromSeconds(10));
            var few = shuffled.Where(tenant => tenant.Passages == smallPassages).Take(50).ToList();
            await MeasureAsync(
                "50 small tenants (not counted: warms them)",
                server,
                texts,
                tenants,
                1,
                200,
                i => few[i % few.Count]
            );
            await Task.Delay(TimeSpan.FromSeconds(5));
            foreign += await MeasureAsync(
                "of 50 small tenants, warm",
                server,
                texts,
                tenants,
                1,
                Math.Min(queries, 5_000),
                i => few[i % few.Count]
            );
            if (large > 0)
            {
                var one = shuffled.First(tenant => tenant.Passages == largePassages);
                await MeasureAsync("one large tenant (not counted: warms it)", server, texts, tenants, 1, 20, _ => one);
                await Task.Delay(TimeSpan.FromSeconds(10));
                foreign += await MeasureAsync(
                    "of one large tenant, warm",
                    server,
                    texts,
                    tenants,
                    1,
                    Math.Min(queries, 2_000),
                    _ => one
                );
            }

            foreign += await MeasureAsync(
                "any tenant, all alike",
                server,
                texts,
                tenants,
                1,
                Math.Min(queries, 5_000),
                _ => tenants[random.Next(tenants.Count)]
            );
            foreign += await MeasureAsync(
                "any tenant, all alike",
                server,
                texts,
                tenants,
                8,
                queries,
                _ => tenants[Random.Shared.Next(tenants.Count)]
            );
            Console.WriteLine();
            Print($"Most that the server held: {server.PeakServerBytes / 1e6:0} MB. Foreign passages: {foreign}.");
            return foreign == 0 ? 0 : 1;
        }
        finally
        {
            await server.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<(string Owner, ServerProcess Server, string Data)> StartAsync(
        ScriptedModelServer model,
        int megabytes
    )
    {
        var engines = await EngineHost.GetAsync();
        var (owner, _) = await EngineHost.CreateDatabaseAsync($"bench_{Guid.CreateVersion7():n}");
        foreach (
            var (name, value) in new[]
            {
                ("DATABASE_URL", owner),
                ("REDIS_URL", engines.Redis),
                ("CHANCERY_MASTER_KEY", EngineHost.MasterKeyText),
                ("EMBEDDING_URL", model.BaseAddress.ToString()),
                ("EMBEDDING_MODEL", Model),
                ("SEARCH_INDEX_MEMORY", (megabytes * 1_000_000L).ToString(CultureInfo.InvariantCulture)),
            }
        )
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        var data = ServerProcess.NewDirectory();
        return (owner, await ServerProcess.StartAsync(Path.Combine(data, "data")), data);
    }

    private static async Task<IReadOnlyList<Tenant>> FillAsync(
        ServerProcess server,
        NpgsqlDataSource source,
        PassageTexts texts,
        int[] sizes
    )
    {
        await LoadBaseAsync(source, texts);
        var tenants = new ConcurrentBag<Tenant>();
        await Parallel.ForEachAsync(
            sizes.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            async (one, _) =>
            {
                var http = await server.SignUpAsync($"Tenant {one.Index}");
                var me = await http.GetFromJsonAsync<JsonElement>(
                    new Uri("/api/v1/me", UriKind.Relative),
                    CancellationToken.None
                );
                var id = me.GetProperty("user").GetProperty("tenant_id").GetGuid();
                var canary = $"canary{one.Index:00000}word";
                await InsertAsync(source, id, canary, one.Item, one.Index * 997 % BasePassages);
                tenants.Add(new Tenant(id, canary, one.Item, http));
            }
        );
        await ExecuteAsync(source, "ANALYZE");
        return [.. tenants.OrderBy(tenant => tenant.Canary, StringComparer.Ordinal)];
    }

    /// <summary>What every tenant's passages are copied from, in the database itself: two million by way of the API take a day.</summary>
    private static async Task LoadBaseAsync(NpgsqlDataSource source, PassageTexts texts)
    {
        await ExecuteAsync(
            source,
            "CREATE TABLE bench_base (n int PRIMARY KEY, body text, tokens tsvector, embedding vector)"
        );
        var vectors = texts.All.Select(text => HashedWords.Embed(text, Dimensions)).Select(Write).ToArray();
        for (var from = 0; from < texts.All.Count; from += 1_000)
        {
            await ExecuteAsync(
                source,
                "INSERT INTO bench_base SELECT n, body, tokens::tsvector, embedding::vector FROM unnest($1, $2, $3, $4) AS b(n, body, tokens, embedding)",
                Enumerable.Range(from, Math.Min(1_000, texts.All.Count - from)).ToArray(),
                texts.All.Skip(from).Take(1_000).ToArray(),
                texts
                    .All.Skip(from)
                    .Take(1_000)
                    .Select(text => Server.Knowledge.Search.TokenVector.OfChunk("", text))
                    .ToArray(),
                vectors.Skip(from).Take(1_000).ToArray()
            );
        }
    }

    private static async Task InsertAsync(NpgsqlDataSource source, Guid tenant, string canary, int passages, int offset)
    {
        // Ids are made of what they name, so that one statement can speak of what another inserted.
        string[] statements =
        [
            """
                INSERT INTO documents (tenant_id, document_id, collection_id, path, title, current_version, latest_version,
                                       created_by, created_at, updated_at)
                SELECT $1, md5($2 || 'd' || d)::uuid, (SELECT collection_id FROM collections WHERE tenant_id = $1 AND is_default),
                       'folder-' || d || '.txt', 'Folder ' || d, 1, 1, $1, now(), now()
                FROM generate_series(0, ($3 - 1) / $5) AS d WHERE $4 >= 0
                """,
            """
                INSERT INTO document_versions (tenant_id, document_id, version, blob_sha256, file_name, media_type, file_size,
                                               page_count, chunk_count, state, uploaded_by, uploaded_at, finished_at, current_from)
                SELECT $1, md5($2 || 'd' || d)::uuid, 1, sha256(($2 || d)::bytea), 'folder-' || d || '.txt', 'text/plain', 1000,
                       1, $5, 'ready', $1, now(), now(), now()
                FROM generate_series(0, ($3 - 1) / $5) AS d WHERE $4 >= 0
                """,
            """
                INSERT INTO chunks (tenant_id, chunk_id, document_id, hash, occurrence, heading, text, token_count, current, tokens)
                SELECT $1, md5($2 || 'c' || i)::uuid, md5($2 || 'd' || i / $5)::uuid, sha256(($2 || i)::bytea), 0, '',
                       $2 || ' ' || b.body, 100, true, b.tokens || ($2 || ':1')::tsvector
                FROM generate_series(0, $3 - 1) AS i
                JOIN bench_base AS b ON b.n = ($4 + i) % (SELECT count(*) FROM bench_base)
                """,
            """
                INSERT INTO chunk_places (tenant_id, document_id, version, ordinal, chunk_id, page, start_char, end_char)
                SELECT $1, md5($2 || 'd' || i / $5)::uuid, 1, i % $5, md5($2 || 'c' || i)::uuid, 1, 0, 1
                FROM generate_series(0, $3 - 1) AS i WHERE $4 >= 0
                """,
            $"""
                INSERT INTO chunk_vectors (tenant_id, model, chunk_id, embedding)
                SELECT $1, '{Model}', md5($2 || 'c' || i)::uuid, b.embedding
                FROM generate_series(0, $3 - 1) AS i
                JOIN bench_base AS b ON b.n = ($4 + i) % (SELECT count(*) FROM bench_base) WHERE $5 > 0
                """,
            """
                WITH raised AS (
                  UPDATE knowledge_revisions SET revision = revision + 1, token = gen_random_uuid() WHERE tenant_id = $1
                  RETURNING revision, token)
                INSERT INTO knowledge_changes (tenant_id, revision, token, kind, document_id, changed_at)
                SELECT $1, revision, token, 'version', md5($2 || 'd0')::uuid, now() FROM raised WHERE $3 + $4 + $5 > 0
                """,
        ];
        foreach (var statement in statements)
        {
            await ExecuteAsync(source, statement, tenant, canary, passages, offset, PassagesPerDocument);
        }
    }

    /// <summary>Answers how many passages were found that belong to somebody else.</summary>
    private static async Task<int> MeasureAsync(
        string what,
        ServerProcess server,
        PassageTexts texts,
        IReadOnlyList<Tenant> tenants,
        int users,
        int number,
        Func<int, Tenant> next
    )
    {
        var asked = new ConcurrentBag<Asked>();
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, number),
            new ParallelOptions { MaxDegreeOfParallelism = users },
            async (i, _) =>
            {
                var tenant = next(i);
                // Every second one asks for what only a neighbour has.
                var lure = i % 2 == 0 ? "" : tenants[(i * 31) % tenants.Count].Canary + " ";
                asked.Add(await AskAsync(tenant, lure + texts.Query(i)));
            }
        );
        var seconds = clock.Elapsed.TotalSeconds;
        var times = asked.Select(one => one.Milliseconds).Order().ToArray();
        var engines = string.Join(
            ", ",
            asked
                .GroupBy(one => one.Engine)
                .OrderByDescending(group => group.Count())
                .Select(group =>
                    string.Create(CultureInfo.InvariantCulture, $"{group.Key} {100.0 * group.Count() / number:0.#} %")
                )
        );
        var foreign = asked.Sum(one => one.Foreign);
        Print(
            $"| {what} | {users} | {number} | {number / seconds:0} | {times[times.Length / 2]:0.0} | {times[times.Length * 95 / 100]:0.0} | {times[times.Length * 99 / 100]:0.0} | {engines} | {asked.Count(one => one.Found == 0)} | {foreign} | {server.ServerBytes / 1e6:0} |"
        );
        return foreign;
    }

    private static async Task<Asked> AskAsync(Tenant tenant, string query)
    {
        var clock = Stopwatch.StartNew();
        using var response = await tenant.Http.PostAsJsonAsync(
            new Uri("/api/v1/search", UriKind.Relative),
            new { query, limit = 5 }
        );
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        var took = clock.Elapsed.TotalMilliseconds;
        response.EnsureSuccessStatusCode();
        var found = body.GetProperty("results")
            .EnumerateArray()
            .Select(hit => hit.GetProperty("text").GetString()!)
            .ToList();
        var foreign = found.Count(text => !text.StartsWith(tenant.Canary + " ", StringComparison.Ordinal));
        var engine = body.TryGetProperty("engine", out var name) ? name.GetString()! : "postgres";
        return new Asked(took, engine, foreign, found.Count);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql, params object[] arguments)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 3600;
        foreach (var argument in arguments)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = argument });
        }

        await command.ExecuteNonQueryAsync();
    }

    private static string Write(float[] vector) =>
        $"[{string.Join(',', vector.Select(part => part.ToString("0.#####", CultureInfo.InvariantCulture)))}]";

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>Pieces of contracts, and queries that are a few words of one of them.</summary>
    private sealed class PassageTexts
    {
        public PassageTexts(int number)
        {
            foreach (
                var path in Directory
                    .EnumerateFiles(TestData.PathOf("contracts", "cuad", "full_contract_txt"))
                    .Order(StringComparer.Ordinal)
            )
            {
                All.AddRange(
                    File.ReadAllText(path)
                        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                        .Chunk(100)
                        .Select(words => string.Join(' ', words).Replace("\0", "", StringComparison.Ordinal))
                );
                if (All.Count >= number)
                {
                    break;
                }
            }

            All.RemoveRange(Math.Min(number, All.Count), Math.Max(0, All.Count - number));
        }

        public List<string> All { get; } = [];

        public string Query(int i)
        {
            var random = new Random(i);
            var words = All[random.Next(All.Count)].Split(' ');
            var from = random.Next(Math.Max(1, words.Length - 6));
            return string.Join(' ', words.Skip(from).Take(6))
                .Replace("\"", "", StringComparison.Ordinal)
                .Replace(" -", " ", StringComparison.Ordinal);
        }
    }
}
