using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Chancery.Testing;
using Dapper;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>A whole server as a process of its own, with its readers, ended by SIGKILL in the middle of its work.</summary>
public sealed class KilledServerTests(IdleFixture chancery) : IClassFixture<IdleFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_is_killed_twice_loses_nothing_and_doubles_nothing()
    {
        var files = Files();
        var disturbed = await chancery.SignUpAsync();
        var calm = await chancery.SignUpAsync();
        var ids = await UploadAsync(disturbed, files);

        foreach (var settled in new[] { files.Count / 4, files.Count / 2 })
        {
            using var doomed = await StartAsync();
            await WaitSettledAsync(disturbed, settled);
            doomed.Kill();
            await doomed.WaitForExitAsync(Cancel);
        }

        using var last = await StartAsync();
        try
        {
            await WaitSettledAsync(disturbed, files.Count);
            var calmIds = await UploadAsync(calm, files);
            await WaitSettledAsync(calm, files.Count);

            for (var i = 0; i < files.Count; i++)
            {
                Assert.Equal(
                    await Snapshot.OfAsync(chancery.Owner, calmIds[i]),
                    await Snapshot.OfAsync(chancery.Owner, ids[i])
                );
            }
        }
        finally
        {
            last.Kill();
            await last.WaitForExitAsync(Cancel);
        }

        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        Assert.Equal(
            files.Count,
            await connection.ExecuteScalarAsync<long>(
                "SELECT count(*) FROM documents WHERE tenant_id = @tenant",
                new { tenant = disturbed.TenantId }
            )
        );
    }

    /// <summary>Contracts, small PDFs, and what ends with a reason.</summary>
    private static List<(string Name, byte[] Content)> Files()
    {
        var contracts = Directory
            .GetFiles(Path.Combine(TestData.Root, "contracts", "cuad", "full_contract_txt"))
            .Where(path => new FileInfo(path).Length is > 10_000 and < 40_000)
            .Order(StringComparer.Ordinal)
            .Take(8);
        var pdfs = Directory
            .GetFiles(
                Path.Combine(TestData.Root, "documents", "pypdf-sample-files"),
                "*.pdf",
                SearchOption.AllDirectories
            )
            .Where(path => new FileInfo(path).Length < 60_000)
            .Order(StringComparer.Ordinal)
            .Take(4);
        return
        [
            .. contracts.Concat(pdfs).Select((path, i) => ($"{i}-{Path.GetFileName(path)}", File.ReadAllBytes(path))),
            ("broken.pdf", Encoding.ASCII.GetBytes("%PDF-1.7\nnot a PDF after all")),
            ("blank.txt", "  \n\n  \n"u8.ToArray()),
        ];
    }

    private static async Task<List<Guid>> UploadAsync(TestUser user, IEnumerable<(string Name, byte[] Content)> files)
    {
        var ids = new List<Guid>();
        foreach (var (name, content) in files)
        {
            ids.Add((await user.UploadAsync(content, name)).Id());
        }

        return ids;
    }

    private static async Task WaitSettledAsync(TestUser user, int count)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(3);
        while (true)
        {
            var documents = (await user.GetAsync("/api/v1/docs?limit=100")).Items();
            if (documents.Count(document => document.Text("state") is "ready" or "failed") >= count)
            {
                return;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, JsonSerializer.Serialize(documents));
            await Task.Delay(20, Cancel);
        }
    }

    private async Task<Process> StartAsync()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "chancery.dll"),
            "serve",
            "--data",
            chancery.Storage.DataDirectory,
            "--port",
            "0",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_ENVIRONMENT"] = "Local";
        start.Environment["DATABASE_URL"] = chancery.OwnerConnectionString;
        start.Environment["REDIS_URL"] = chancery.Storage.RedisConfiguration;
        start.Environment["CHANCERY_MASTER_KEY"] = ChanceryFixture.MasterKeyText;
        start.Environment["WORK_LEASE_SECONDS"] = "1";
        start.Environment["SCHEDULER"] = "off";
        start.Environment["EMBEDDING_LOCAL"] = "off";
        start.Environment["LOG_TO_FILE"] = "false";
        start.Environment["LOG_LEVEL"] = "Critical";
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line)
        {
            if (line.StartsWith("Chancery is ready", StringComparison.Ordinal))
            {
                return process;
            }
        }

        throw new InvalidOperationException("The server ended before it was ready.");
    }
}
