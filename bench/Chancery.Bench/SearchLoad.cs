using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Chancery.Bench;

/// <summary>
/// What does the index in memory give? The same searches of the same documents through <c>/api/v1/search</c>, ranked by PostgreSQL and
/// by the index, and how long an organisation waits for its index after a start.
/// </summary>
internal static class SearchLoad
{
    private const int Contracts = 200;

    private static readonly string[] Queries =
    [
        "governing law",
        "termination for convenience with thirty days notice",
        "who owns the intellectual property",
        "limitation of liability",
        "\"change of control\"",
        "exclusive territory of the distributor",
        "audit rights of books and records",
        "insurance coverage -vehicle",
        "renewal term unless either party gives notice",
        "most favored nation pricing",
        "warranty period for the products",
        "non-compete after the end of the agreement",
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args is [var given] ? int.Parse(given, CultureInfo.InvariantCulture) : Contracts;
        var data = ServerProcess.NewDirectory();
        var directory = Path.Combine(data, "data");
        const string email = "bench@example.com";
        await using (var server = await ServerProcess.StartAsync(directory))
        {
            using var client = await server.SignUpAsync(email, "Bench");
            var texts = Directory
                .GetFiles(TestData.PathOf("contracts", "cuad"), "*.txt", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Take(count);
            foreach (var files in texts.Chunk(16))
            {
                var ids = await Task.WhenAll(files.Select(file => ServerProcess.UploadAsync(client, file)));
                await Task.WhenAll(ids.Select(id => ServerProcess.WaitReadyAsync(client, id)));
            }
        }

        var rows = new List<string>();
        foreach (var engine in (string[])["postgres", "auto"])
        {
            Environment.SetEnvironmentVariable("SEARCH_ENGINE", engine);
            await using var server = await ServerProcess.StartAsync(directory);
            using var client = await server.SignInAsync(email);
            if (engine == "auto")
            {
                var clock = Stopwatch.StartNew();
                var first = await EngineAsync(client);
                while (await EngineAsync(client) != "memory")
                {
                    await Task.Delay(10);
                }

                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"First query answered by {first}; index in use after {clock.Elapsed.TotalSeconds:0.0} s; server {server.ServerBytes / 1e6:0} MB resident."
                    )
                );
            }

            foreach (var users in (int[])[1, 16])
            {
                rows.Add(await MeasureAsync(client, engine, users));
            }
        }

        Console.WriteLine();
        Console.WriteLine("| Ranked by | Users | Requests/s | p50 ms | p95 ms | p99 ms |");
        Console.WriteLine("|---|---|---|---|---|---|");
        rows.ForEach(Console.WriteLine);
        Directory.Delete(data, recursive: true);
        return 0;
    }

    private static async Task<string> EngineAsync(HttpClient client)
    {
        using var response = await SearchAsync(client, 0);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return body.GetProperty("engine").GetString()!;
    }

    private static async Task<string> MeasureAsync(HttpClient client, string engine, int users)
    {
        const int requests = 600;
        for (var i = 0; i < 2 * Queries.Length; i++)
        {
            (await SearchAsync(client, i)).Dispose();
        }

        var samples = new List<double>(requests);
        var next = -1;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable
                .Range(0, users)
                .Select(async _ =>
                {
                    for (int i; (i = Interlocked.Increment(ref next)) < requests; )
                    {
                        var own = Stopwatch.StartNew();
                        using var response = await SearchAsync(client, i);
                        response.EnsureSuccessStatusCode();
                        await response.Content.ReadAsByteArrayAsync();
                        lock (samples)
                        {
                            samples.Add(own.Elapsed.TotalMilliseconds);
                        }
                    }
                })
        );
        var seconds = clock.Elapsed.TotalSeconds;
        samples.Sort();
        double At(double share) => samples[Math.Min(samples.Count - 1, (int)(share * samples.Count))];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {(engine == "auto" ? "the index in memory" : "PostgreSQL")} | {users} | {requests / seconds:0} | {At(0.5):0.0} | {At(0.95):0.0} | {At(0.99):0.0} |"
        );
    }

    private static Task<HttpResponseMessage> SearchAsync(HttpClient client, int i) =>
        client.PostAsJsonAsync(
            new Uri("/api/v1/search", UriKind.Relative),
            new { query = Queries[i % Queries.Length] }
        );
}
