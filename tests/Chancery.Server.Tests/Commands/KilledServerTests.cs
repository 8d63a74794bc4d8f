using System.Net;
using System.Net.Sockets;
using Chancery.Server.Tests.Knowledge;

namespace Chancery.Server.Tests.Commands;

/// <summary>A server that dies while somebody uploads, and comes back.</summary>
public sealed class KilledServerTests
{
    [Fact]
    public async Task An_ingest_outlives_a_server_that_is_killed_and_nothing_is_lost_or_doubled()
    {
        var root = ServerProcess.NewDirectory();
        var data = Path.Combine(root, "data");
        var port = FreePort();
        var first = await ServerProcess.StartAsync(data, port);
        using var desk = await Desk.NewAsync(first);
        foreach (var number in Enumerable.Range(0, 30))
        {
            desk.Write($"in/{number}.md", $"# Number {number}\n\nThe file of number {number}.");
        }

        using var ingest = ChanceryProgram.Start(
            ["ingest", "in", "--jobs", "2", "--patience", "600", "--json"],
            desk.Environment,
            desk.Folder
        );
        while ((await desk.User.GetAsync("/api/v1/docs?limit=100")).Items().Length < 3)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        first.Process.Kill();
        await first.DisposeAsync();
        await using (var second = await ServerProcess.StartAsync(data, port))
        {
            var run = await ChanceryProgram.FinishAsync(ingest);

            Assert.True(run.Code == 0, run.ToString());
            var again = await second.SignInAsync(desk.User.Email, desk.User.Password);
            var documents = (await again.GetAsync("/api/v1/docs?limit=100")).Items();
            Assert.Equal(30, documents.Length);
            Assert.Equal(30, documents.Select(d => d.Text("path")).Distinct().Count());
            Assert.All(documents, d => Assert.Equal("ready", d.Text("state")));
        }

        Directory.Delete(root, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
