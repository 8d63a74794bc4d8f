using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Npgsql;

namespace Chancery.Server.Tests.Commands;

/// <summary>An organisation is erased, its server dies in the middle of it, and every file of the installation is looked through.</summary>
public sealed class ErasedInstallationTests
{
    private const string Canary = "zugzwangkanarie";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_of_an_erased_organisation_is_left_anywhere_though_the_server_was_killed_meanwhile()
    {
        var root = ServerProcess.NewDirectory();
        var data = Path.Combine(root, "data");
        Guid gone;
        TestUser neighbour;
        string[] before;
        string order;
        var first = await ServerProcess.StartAsync(
            data,
            settings: new Dictionary<string, string?> { ["LOG_LEVEL"] = "Debug" }
        );
        await using (first)
        {
            var owner = await first.SignUpAsync();
            neighbour = await first.SignUpAsync();
            gone = owner.TenantId;
            await FillAsync(owner, Canary);
            await FillAsync(neighbour, "thewordofothers");
            await LinkedAsync(data);
            before = await RowsAsync(data, neighbour.TenantId);
            Assert.NotEmpty(await HoldingAsync(data, Canary));

            using var client = ChanceryFixture.Client(first.Address);
            using (await client.PostAsync($"/operator/tenants/{gone}/suspend", null, Cancel)) { }

            // Somebody holds a row, so that it cannot end before the server is killed.
            await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
            await using var holder = await source.OpenConnectionAsync(Cancel);
            await using var held = await holder.BeginTransactionAsync(Cancel);
            await holder.ExecuteAsync("SELECT 1 FROM documents WHERE tenant_id = @gone FOR UPDATE", new { gone }, held);
            var ordered = await (
                await client.PostAsync($"/operator/tenants/{gone}/erase", new { name = Canary })
            ).ReadAsync(HttpStatusCode.Accepted);
            order = ordered.Text("id");
            await AccessApi.EventuallyAsync(
                async () =>
                    await holder.ExecuteScalarAsync<bool>(
                        "SELECT state = 'erasing' AND counts -> 'tables' ? 'chunks' FROM erasure_receipts",
                        transaction: held
                    ),
                TimeSpan.FromSeconds(30)
            );
            first.Process.Kill();
            await first.Process.WaitForExitAsync(Cancel);
        }

        await using (var second = await ServerProcess.StartAsync(data))
        {
            using var client = ChanceryFixture.Client(second.Address);
            JsonElement erasure = default;
            await AccessApi.EventuallyAsync(
                async () =>
                {
                    // An address may ask so often only.
                    await Task.Delay(2000, Cancel);
                    erasure = await (await client.GetAsync($"/operator/erasures/{order}", Cancel)).ReadAsync();
                    return erasure.Text("state") == "done";
                },
                TimeSpan.FromMinutes(3)
            );

            Assert.True(erasure.GetProperty("tables").GetProperty("documents").GetInt64() >= 2);
            Assert.Equal(1, erasure.GetProperty("tables").GetProperty("users").GetInt64());
            Assert.True(erasure.GetProperty("stores").GetProperty("files").GetProperty("count").GetInt64() >= 2);
            Assert.True(erasure.GetProperty("stores").GetProperty("redis keys").GetProperty("count").GetInt64() >= 0);
            Assert.Equal(before, await RowsAsync(data, neighbour.TenantId));
            Assert.Empty(await LeftAsync(data, gone));

            await OverwriteAsync(data);
            Assert.Empty(await HoldingAsync(data, Canary));
            Assert.Empty(await HoldingAsync(data, gone.ToString(), besidesDatabase: true));
            Assert.Empty(await HoldingAsync(data, gone.ToString("n"), besidesDatabase: true));
            var redis = await RedisAsync(data);
            Assert.DoesNotContain(Canary, redis, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(gone.ToString(), redis, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(gone.ToString("n"), redis, StringComparison.OrdinalIgnoreCase);

            var again = await second.SignInAsync(neighbour.Email, neighbour.Password);
            Assert.NotEmpty((await again.SearchAsync("lapwing")).Results());
        }

        Directory.Delete(root, recursive: true);
    }

    private static async Task FillAsync(TestUser user, string word)
    {
        await SendAsync(user, HttpMethod.Patch, "/api/v1/organization", new { name = word });
        await SendAsync(user, HttpMethod.Patch, "/api/v1/me", new { name = word });
        await user.ReadyTextAsync($"# {word}\n\nThe lapwing of {word} is ringed in May.", $"{word}.md");
        var second = await user.ReadyTextAsync($"# Prices\n\nA stay at {word} costs 40.", "prices.md");
        await user.ReplaceAsync(second.Id(), Encoding.UTF8.GetBytes($"# Prices\n\n{word} costs 44."), "prices.md");
        await user.SettledAsync(second.Id());
        await user.SearchAsync($"lapwing {word}");
        await user.PostAsync("/api/v1/chat", new { question = $"When is the lapwing of {word} ringed?" });
        await user.DraftAsync($"A mutual NDA between {word} GmbH and Beta Ltd under German law for two years");
        await SendAsync(user, HttpMethod.Post, "/api/v1/collections", new { name = word });
        await SendAsync(user, HttpMethod.Post, "/api/v1/groups", new { name = word });
        await SendAsync(user, HttpMethod.Post, "/api/v1/keys", new { name = word, role = "viewer" });
        await SendAsync(user, HttpMethod.Post, "/api/v1/service-accounts", new { name = word, role = "viewer" });
        await SendAsync(
            user,
            HttpMethod.Post,
            "/api/v1/invitations",
            new { email = $"{word}@example.com", role = "viewer" }
        );
        await SendAsync(
            user,
            HttpMethod.Post,
            "/api/v1/clauses",
            new
            {
                type = "confidentiality",
                title = word,
                text = $"What {word} says stays between the parties.",
            }
        );
        await SendAsync(user, HttpMethod.Post, "/api/v1/upgrade", new { user_prompt = $"write something on {word}" });
    }

    private static async Task SendAsync(TestUser user, HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = JsonContent.Create(body, options: ChanceryFixture.Json),
        };
        using var response = await user.Http.SendAsync(request, Cancel);
        Assert.True(
            response.IsSuccessStatusCode,
            $"{path}: {response.StatusCode} {await response.Content.ReadAsStringAsync(Cancel)}"
        );
    }

    private static async Task LinkedAsync(string data)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        while (await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM audit_inbox)"))
        {
            await Task.Delay(50, Cancel);
        }
    }

    /// <summary>Every row and file of an organisation, but for what goes by the clock.</summary>
    private static async Task<string[]> RowsAsync(string data, Guid tenant)
    {
        var rows = (await LeftAsync(data, tenant))
            .Where(row =>
                !row.StartsWith("audit_chains ", StringComparison.Ordinal)
                && !row.StartsWith("audit_heads ", StringComparison.Ordinal)
                && !row.StartsWith("work_", StringComparison.Ordinal)
            )
            .ToList();
        Assert.True(rows.Count > 60, $"Only {rows.Count} rows were found.");
        rows.AddRange(
            Directory
                .EnumerateFiles(Path.Combine(data, "blobs", $"{tenant}"), "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file => $"{file} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}")
        );
        return [.. rows];
    }

    private static async Task<IReadOnlyList<string>> LeftAsync(string data, Guid tenant)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        var tables = (
            await connection.QueryAsync<string>(
                """
                SELECT table_name::text FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'tenant_id'
                ORDER BY 1
                """
            )
        ).AsList();
        Assert.True(tables.Count > 60, "The tables were not found.");
        var rows = new List<string>();
        foreach (var table in tables)
        {
            rows.AddRange(
                (
                    await connection.QueryAsync<string>(
                        $"SELECT t::text FROM {table} AS t WHERE tenant_id = @tenant ORDER BY 1",
                        new { tenant }
                    )
                ).Select(row => $"{table} {row}")
            );
        }

        return rows;
    }

    /// <summary>What docs/life-cycle.md says has to be done so that freed pages, and the log of writes, are overwritten.</summary>
    private static async Task OverwriteAsync(string data)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(new CommandDefinition("VACUUM (FULL, ANALYZE)", commandTimeout: 300));
        for (var round = 0; round < 3; round++)
        {
            await connection.ExecuteAsync("CHECKPOINT;");
            await connection.ExecuteAsync("SELECT pg_switch_wal()");
        }

        await connection.ExecuteAsync("CHECKPOINT;");
    }

    /// <summary>Files of the installation that have a word in them, in whatever case.</summary>
    private static async Task<IReadOnlyList<string>> HoldingAsync(
        string data,
        string word,
        bool besidesDatabase = false
    )
    {
        var found = new List<string>();
        var folders = new List<string> { data };
        // Where the database's user cannot reach the data directory it lies elsewhere.
        await using (var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!))
        await using (var connection = await source.OpenConnectionAsync(Cancel))
        {
            var database = (await connection.ExecuteScalarAsync<string>("SHOW data_directory"))!;
            if (!besidesDatabase && !database.StartsWith(data, StringComparison.Ordinal))
            {
                folders.Add(database);
            }

            await connection.ExecuteAsync("CHECKPOINT;");
            foreach (var file in folders.SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories)))
            {
                if (besidesDatabase && file.StartsWith(database, StringComparison.Ordinal))
                {
                    continue;
                }

                var bytes = await ReadAsync(file);
                if (Encoding.Latin1.GetString(bytes).Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    found.Add(file);
                }
            }
        }

        return found;
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        // By another program: some are locked against this one's way of opening them. What is gone meanwhile was temporary.
        var program = file.EndsWith(".gz", StringComparison.Ordinal) ? "zcat" : "cat";
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(program, ["--", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        using var memory = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(memory, Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(
            process.ExitCode == 0 || !File.Exists(file),
            $"{file}: {await process.StandardError.ReadToEndAsync(Cancel)}"
        );
        return memory.ToArray();
    }

    /// <summary>All keys of the private Redis and all that they hold, as text.</summary>
    private static async Task<string> RedisAsync(string data)
    {
        var configuration = Directory
            .EnumerateFiles(data, "*.conf", SearchOption.AllDirectories)
            .Select(File.ReadAllLines)
            .First(lines => lines.Any(line => line.StartsWith("requirepass ", StringComparison.Ordinal)));
        string Of(string name) =>
            configuration.First(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..];
        using var socket = new TcpClient();
        await socket.ConnectAsync(
            "127.0.0.1",
            int.Parse(Of("port"), System.Globalization.CultureInfo.InvariantCulture),
            Cancel
        );
        await using var stream = socket.GetStream();
        // The installation's own record says that it erased the organisation, by its id.
        const string dump = """
            local all = {} for _, k in ipairs(redis.call('KEYS', '*')) do
            local t = redis.call('TYPE', k).ok local v = ''
            if t == 'string' then v = redis.call('GET', k)
            elseif t == 'hash' then v = table.concat(redis.call('HGETALL', k), ' ')
            elseif t == 'set' then v = table.concat(redis.call('SMEMBERS', k), ' ')
            elseif t == 'zset' then v = table.concat(redis.call('ZRANGE', k, 0, -1), ' ')
            elseif t == 'list' then v = table.concat(redis.call('LRANGE', k, 0, -1), ' ')
            elseif t == 'stream' and not string.find(k, ':audit_log', 1, true) then v = cjson.encode(redis.call('XRANGE', k, '-', '+')) end
            all[#all + 1] = k .. '=' .. v end all[#all + 1] = 'end-of-dump' return table.concat(all, ' ')
            """;
        var flat = dump.ReplaceLineEndings(" ");
        var request = $"AUTH {Of("requirepass")}\r\n*3\r\n$4\r\nEVAL\r\n${flat.Length}\r\n{flat}\r\n$1\r\n0\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Cancel);
        var answer = new StringBuilder();
        var buffer = new byte[65536];
        while (!answer.ToString().Contains("end-of-dump", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, Cancel);
            Assert.True(read > 0, $"Redis said only: {answer}");
            answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            Assert.DoesNotContain("-ERR", answer.ToString(), StringComparison.Ordinal);
        }

        return answer.ToString();
    }
}
