using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Chancery.Bench;

/// <summary>
/// How long do people wait for a search and for the first words of an extractive answer, alone and in company? Beside an
/// empty round trip of the same client, which is the least that anything can take.
/// </summary>
internal static class Load
{
    private static readonly string[] Questions =
    [
        "What were total net revenues?",
        "How many employees does the company have?",
        "What is the effective tax rate?",
        "How much cash was used for share repurchases?",
        "What are the main risk factors for the business?",
        "How many paid memberships were there at the end of the year?",
        "What was operating income?",
        "Who audits the financial statements?",
    ];

    public static async Task<int> RunAsync()
    {
        var data = ServerProcess.NewDirectory();
        await using (var server = await ServerProcess.StartAsync(Path.Combine(data, "data")))
        {
            using var client = await server.SignUpAsync();
            string[] files = ["NETFLIX_2017_10K.pdf", "JOHNSON_JOHNSON_2022_10K.pdf", "BESTBUY_2024Q2_10Q.pdf"];
            var ids = await Task.WhenAll(
                files.Select(file =>
                    ServerProcess.UploadAsync(client, TestData.PathOf("qa", "financebench", "pdfs", file))
                )
            );
            await Task.WhenAll(ids.Select(id => ServerProcess.WaitReadyAsync(client, id)));

            Console.WriteLine("| What | Users | Requests/s | p50 ms | p95 ms | p99 ms |");
            Console.WriteLine("|---|---|---|---|---|---|");
            foreach (var users in (int[])[1, 16, 64])
            {
                var health = new Uri("/health/live", UriKind.Relative);
                await MeasureAsync(
                    "empty round trip",
                    users,
                    2000,
                    async _ => [await TimeAsync(() => client.GetAsync(health))]
                );
                await MeasureAsync("search", users, 400, async i => [await TimeAsync(() => SearchAsync(client, i))]);
                await MeasureAsync(
                    "first retrieval event",
                    users,
                    400,
                    async i => [(await AskAsync(client, i)).Retrieval]
                );
                await MeasureAsync("first text event", users, 400, async i => [(await AskAsync(client, i)).Text]);
            }
        }

        Directory.Delete(data, recursive: true);
        return 0;
    }

    /// <summary>Cold start (initdb and all), warm start, and what the process holds idle and after 1,000 documents.</summary>
    public static async Task<int> StartAsync()
    {
        var data = ServerProcess.NewDirectory();
        var directory = Path.Combine(data, "data");
        Console.WriteLine("| What | Figure |");
        Console.WriteLine("|---|---|");
        await using (var cold = await ServerProcess.StartAsync(directory))
        {
            Print("cold start, s", cold.StartedIn.TotalSeconds);
        }

        await using (var warm = await ServerProcess.StartAsync(directory))
        {
            Print("warm start, s", warm.StartedIn.TotalSeconds);
            await Task.Delay(TimeSpan.FromSeconds(5));
            Print("server process idle, MB resident", warm.ServerBytes / 1e6);
            using var client = await warm.SignUpAsync();
            var texts = Directory.GetFiles(TestData.PathOf("contracts", "cuad"), "*.txt", SearchOption.AllDirectories);
            var clock = Stopwatch.StartNew();
            var copies = Enumerable.Range(0, 1000).Select(i => (Index: i, File: texts[i % texts.Length])).ToArray();
            foreach (var chunk in copies.Chunk(16))
            {
                var ids = await Task.WhenAll(chunk.Select(c => UploadCopyAsync(client, c.File, c.Index)));
                await Task.WhenAll(ids.Select(id => ServerProcess.WaitReadyAsync(client, id)));
            }

            Print("1,000 contracts searchable after, s", clock.Elapsed.TotalSeconds);
            await Task.Delay(TimeSpan.FromSeconds(10));
            Print("server process after 1,000 documents, MB resident", warm.ServerBytes / 1e6);
            Print("its peak, MB", warm.PeakServerBytes / 1e6);
        }

        Directory.Delete(data, recursive: true);
        return 0;
    }

    private static async Task<string> UploadCopyAsync(HttpClient client, string file, int index)
    {
        var path = Path.Combine(Path.GetTempPath(), $"chancery-bench-{index}.txt");
        await File.WriteAllTextAsync(path, $"Copy {index}\n\n{await File.ReadAllTextAsync(file)}");
        var id = await ServerProcess.UploadAsync(client, path);
        File.Delete(path);
        return id;
    }

    private static void Print(string what, double figure) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {figure:0.00} |"));

    private static async Task MeasureAsync(string what, int users, int requests, Func<int, Task<double[]>> run)
    {
        await Task.WhenAll(Enumerable.Range(0, Math.Min(users, 8)).Select(run));
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
                        var times = await run(i);
                        lock (samples)
                        {
                            samples.AddRange(times);
                        }
                    }
                })
        );
        var seconds = clock.Elapsed.TotalSeconds;
        samples.Sort();
        double At(double share) => samples[Math.Min(samples.Count - 1, (int)(share * samples.Count))];
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {users} | {requests / seconds:0} | {At(0.5):0.0} | {At(0.95):0.0} | {At(0.99):0.0} |"
            )
        );
    }

    private static async Task<double> TimeAsync(Func<Task<HttpResponseMessage>> call)
    {
        var clock = Stopwatch.StartNew();
        using var response = await call();
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
        return clock.Elapsed.TotalMilliseconds;
    }

    private static Task<HttpResponseMessage> SearchAsync(HttpClient client, int i) =>
        client.PostAsJsonAsync(
            new Uri("/api/v1/search", UriKind.Relative),
            new { query = Questions[i % Questions.Length] }
        );

    private static async Task<(double Retrieval, double Text)> AskAsync(HttpClient client, int i)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/chat", UriKind.Relative));
        request.Content = JsonContent.Create(
            new
            {
                question = Questions[i % Questions.Length],
                session_id = $"bench-{i}",
                stream = true,
                model = "extractive",
            }
        );
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var clock = Stopwatch.StartNew();
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        double retrieval = 0;
        double text = 0;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (retrieval == 0 && line == "event: retrieval")
            {
                retrieval = clock.Elapsed.TotalMilliseconds;
            }
            else if (text == 0 && line == "event: text")
            {
                text = clock.Elapsed.TotalMilliseconds;
            }
        }

        return (retrieval, text);
    }
}
