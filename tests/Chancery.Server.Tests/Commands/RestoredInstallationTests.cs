using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Npgsql;

namespace Chancery.Server.Tests.Commands;

/// <summary>The whole way, with the program itself: a server that is busy, its archive, and another server made of it.</summary>
public sealed class RestoredInstallationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_busy_server_is_backed_up_and_comes_back_row_by_row_and_file_by_file()
    {
        var root = ServerProcess.NewDirectory();
        var (data, copy) = (Path.Combine(root, "data"), Path.Combine(root, "srv", "chancery"));
        var archive = Path.Combine(root, "backups", "monday.tar");
        Directory.CreateDirectory(Path.GetDirectoryName(archive)!);
        // The page's own commands.
        var page = Assert
            .Single(DocsScript.Blocks("docs/backup.md"))
            .Replace("/safe/master.key", Path.Combine(data, "keys", "master.key"), StringComparison.Ordinal)
            .Replace("/backups/", Path.GetDirectoryName(archive) + "/", StringComparison.Ordinal)
            .Replace("/srv/", root + "/srv/", StringComparison.Ordinal)
            .Replace("./run", $"dotnet '{ChanceryProgram.Assembly}'", StringComparison.Ordinal)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] quietRows;
        TestUser quiet;
        TestUser busy;
        HashSet<(Guid, long, Guid)> before;
        await using (var server = await ServerProcess.StartAsync(data))
        {
            quiet = await server.SignUpAsync();
            busy = await server.SignUpAsync();
            await FillAsync(quiet);
            await LinkedAsync(data, quiet.TenantId);
            quietRows = await RowsAsync(data, quiet.TenantId);

            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var uploads = UploadAsync(busy, stop.Token);
            await Task.Delay(300, Cancel);
            var backup = await TypeAsync(page[0], root);
            await stop.CancelAsync();
            await uploads;
            Assert.Contains("nobody can read it without", backup, StringComparison.Ordinal);

            // The server goes on after the backup: what it did then is lost, and must not be taken for what comes back.
            await quiet.ReadyTextAsync("# After\n\nThis was written after the backup.", "after.md");
            before = await RevisionsAsync(data);
        }

        Assert.Contains("is whole", await TypeAsync(page[1], root), StringComparison.Ordinal);
        var verify = await ChanceryProgram.RunAsync(["verify", archive, "--json"]);
        Assert.True(verify.Code == 0, verify.ToString());
        before.UnionWith(
            verify
                .Json.GetProperty("revisions")
                .EnumerateArray()
                .Select(r =>
                    (
                        r.GetProperty("tenant_id").GetGuid(),
                        r.GetProperty("revision").GetInt64(),
                        r.GetProperty("token").GetGuid()
                    )
                )
        );

        Assert.Contains("Restored", await TypeAsync(page[2], root), StringComparison.Ordinal);

        await using (var server = await ServerProcess.StartAsync(copy))
        {
            Assert.Equal(quietRows, await RowsAsync(copy, quiet.TenantId));
            Assert.Empty((await RevisionsAsync(copy)).Intersect(before));
            Assert.True(before.Count > 6, $"Only {before.Count} revisions were compared.");

            // The session survives with its refresh token; people sign in as before.
            var again = await server.SignInAsync(quiet.Email, quiet.Password);
            var found = await again.SearchAsync("lapwing ringing");
            Assert.Contains("lapwing", found.Results()[0].ToString(), StringComparison.Ordinal);

            // Every document that the snapshot saw is whole: its file opens, and what was being read is read again.
            var busyAgain = await server.SignInAsync(busy.Email, busy.Password);
            var documents = (await busyAgain.GetAsync("/api/v1/docs?limit=100")).Items();
            Assert.NotEmpty(documents);
            foreach (var document in documents)
            {
                await busyAgain.SettledAsync(document.Id());
                var content = await busyAgain.Http.GetByteArrayAsync(
                    $"/api/v1/docs/{document.Id()}/versions/1/content",
                    Cancel
                );
                Assert.Equal(ContentOf(document.Text("path")), content);
            }
        }

        Directory.Delete(root, recursive: true);
    }

    /// <summary>Runs a line of the page in the directory that holds the data.</summary>
    private static async Task<string> TypeAsync(string line, string folder)
    {
        using var bash = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("bash", ["-c", line])
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DOTNET_ENVIRONMENT"] = "Local" },
            }
        )!;
        var run = await ChanceryProgram.FinishAsync(bash);
        Assert.True(run.Code == 0, $"{line}: {run}");
        return run.Output;
    }

    private static async Task FillAsync(TestUser user)
    {
        await user.ReadyTextAsync(
            "# Birds\n\nThe lapwing is ringed in May, when lapwing ringing is quiet.",
            "birds.md"
        );
        await user.ReadyAsync(
            await File.ReadAllBytesAsync(
                Path.Combine(AppContext.BaseDirectory, "Demo", "Documents", "employee-handbook.pdf"),
                Cancel
            ),
            "handbook.pdf",
            ("tags", "people")
        );
        var second = await user.ReadyTextAsync("# Prices\n\nA stay costs 40.", "prices.md");
        await user.ReplaceAsync(second.Id(), "# Prices\n\nA stay costs 44."u8.ToArray(), "prices.md");
        await user.SettledAsync(second.Id());
        await user.PostAsync("/api/v1/chat", new { question = "When is the lapwing ringed?" });
        await user.DraftAsync();
        await user.PostAsync(
            "/api/v1/keys",
            new { name = "robot", role = "viewer" },
            System.Net.HttpStatusCode.Created
        );
    }

    /// <summary>Uploads one document after the other until it is told to stop.</summary>
    private static async Task UploadAsync(TestUser user, CancellationToken stop)
    {
        for (var number = 0; number < 40 && !stop.IsCancellationRequested; number++)
        {
            var path = $"busy-{number}.md";
            await user.UploadAsync(ContentOf(path), path);
            await Task.Delay(100, Cancel);
        }
    }

    private static byte[] ContentOf(string path) =>
        Encoding.UTF8.GetBytes(
            $"# {path}\n\n" + string.Concat(Enumerable.Repeat($"The plover of {path} is here. ", 50))
        );

    /// <summary>Every row of every table that is a tenant's, and the digest of each of its stored files.</summary>
    /// <summary>Waits until all that was recorded so far is in its chain.</summary>
    private static async Task LinkedAsync(string data, Guid tenant)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        while (
            await connection.ExecuteScalarAsync<bool>(
                "SELECT EXISTS (SELECT 1 FROM audit_inbox WHERE tenant_id = @tenant)",
                new { tenant }
            )
        )
        {
            await Task.Delay(50, Cancel);
        }
    }

    private static async Task<string[]> RowsAsync(string data, Guid tenant)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        var tables = (
            await connection.QueryAsync<string>(
                """
                SELECT table_name::text FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'tenant_id'
                  -- Tokens are new after a restore, and signing in again opens a session: both are looked at by themselves.
                  AND table_name NOT IN ('knowledge_revisions', 'knowledge_changes', 'contract_change_log')
                  -- The end of the record is signed by the clock; its entries are compared.
                  AND table_name NOT IN ('audit_chains', 'audit_heads')
                ORDER BY 1
                """
            )
        ).AsList();
        Assert.True(tables.Count > 12, "The tables were not found.");
        var rows = new List<string>();
        foreach (var table in tables)
        {
            var found = await connection.QueryAsync<string>(
                $"SELECT t::text FROM {table} AS t WHERE tenant_id = @tenant ORDER BY 1",
                new { tenant }
            );
            rows.AddRange(found.Select(row => $"{table} {row}"));
        }

        rows.AddRange(
            await connection.QueryAsync<string>(
                """
                SELECT 'change ' || (to_jsonb(c) - 'token')::text FROM knowledge_changes AS c
                WHERE tenant_id = @tenant ORDER BY revision
                """,
                new { tenant }
            )
        );
        rows.AddRange(
            await connection.QueryAsync<string>("SELECT 'key ' || t::text FROM installation_keys AS t ORDER BY 1")
        );
        rows.AddRange(
            Directory
                .EnumerateFiles(Path.Combine(data, "blobs", $"{tenant}"), "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file =>
                    $"{Path.GetFileName(file)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}"
                )
        );
        return [.. rows];
    }

    private static async Task<HashSet<(Guid, long, Guid)>> RevisionsAsync(string data)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.OfRunning(data)!);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        return
        [
            .. await connection.QueryAsync<(Guid, long, Guid)>(
                """
                SELECT tenant_id, revision, token FROM knowledge_revisions
                UNION SELECT tenant_id, revision, token FROM knowledge_changes
                UNION SELECT tenant_id, change, token FROM contract_change_log
                """
            ),
        ];
    }
}
