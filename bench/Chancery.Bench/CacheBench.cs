using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Bench.Gateway;

namespace Chancery.Bench;

/// <summary>How fast is an answer that was given before, and how often is there one while documents come in?</summary>
/// <remarks>The model answers at once: what is measured is the server's own.</remarks>
internal static class CacheBench
{
    private const int Requests = 1_000;
    private const int Clients = 10;
    private const int Questions = 200;
    private const int Documents = 20;

    // Five minutes of a document a minute, told in less time.
    private const int Commits = 5;

    private sealed record Asked(double Milliseconds, string Cache);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var seconds = arguments.Length > 0 ? double.Parse(arguments[0], CultureInfo.InvariantCulture) : 60;
        var data = ServerProcess.NewDirectory();
        var port = GatewayBench.FreePort();
        var upstream = $"http://localhost:{port}";
        using var model = GatewayBench.StartSelf("gateway-upstream", $"{port}");
        GatewayBench.Configure(data, upstream);
        // Its spans are of no matter here.
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", null);
        var server = await ServerProcess.StartAsync(Path.Combine(data, "data"));
        try
        {
            using var client = await server.SignUpAsync();
            var texts = Directory
                .GetFiles(TestData.PathOf("contracts", "cuad"), "*.txt", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .ToList();
            var ids = await Task.WhenAll(texts.Take(Documents).Select(text => ServerProcess.UploadAsync(client, text)));
            await Task.WhenAll(ids.Select(id => ServerProcess.WaitReadyAsync(client, id)));
            var questions = QuestionsOf(texts.Take(Documents));

            Console.WriteLine(
                $"{Machine.Describe()}. {Documents} contracts of CUAD; server, its PostgreSQL and Redis, the model and the clients share the cores."
            );
            Console.WriteLine();
            Console.WriteLine(
                $"| {Requests} requests of one question, {Clients} at a time | Requests/s | p50 ms | p95 ms | p99 ms | Hits |"
            );
            Console.WriteLine("|---|---|---|---|---|---|");
            await RepeatAsync(
                "`POST /api/v1/chat`, from the cache",
                i => ChatAsync(client, questions[0], control: null)
            );
            await RepeatAsync("the same, the model asked each time", i => ChatAsync(client, questions[0], "no-store"));
            await RepeatAsync("`POST /v1/chat/completions`, from the cache", i => CompleteAsync(client, "on"));
            await RepeatAsync("the same, the model asked each time", i => CompleteAsync(client, header: null));
            await StreamAsync(client, questions, texts.Skip(Documents).Take(Commits), seconds);
            await TellAsync(client);
        }
        finally
        {
            await server.DisposeAsync();
            model.Kill(entireProcessTree: true);
        }

        Directory.Delete(data, recursive: true);
        return 0;
    }

    private static async Task RepeatAsync(string what, Func<int, Task<Asked>> ask)
    {
        // Until the runtime has compiled what is called often.
        await ManyAsync(500, ask);
        var clock = Stopwatch.StartNew();
        var asked = await ManyAsync(Requests, ask);
        var took = clock.Elapsed.TotalSeconds;
        Print(what, asked, took);
    }

    private static async Task<List<Asked>> ManyAsync(int requests, Func<int, Task<Asked>> ask)
    {
        var asked = new ConcurrentBag<Asked>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, requests),
            new ParallelOptions { MaxDegreeOfParallelism = Clients },
            async (i, _) => asked.Add(await ask(i))
        );
        return [.. asked];
    }

    /// <summary>Questions as people ask them, few often and many seldom (Zipf), while documents are committed.</summary>
    private static async Task StreamAsync(
        HttpClient client,
        List<string> questions,
        IEnumerable<string> documents,
        double seconds
    )
    {
        var ranks = Enumerable.Range(1, questions.Count).Select(rank => 1.0 / rank).ToArray();
        var all = ranks.Sum();
        var asked = new ConcurrentBag<Asked>();
        var clock = Stopwatch.StartNew();
        var committing = Task.Run(async () =>
        {
            foreach (var document in documents)
            {
                await ServerProcess.WaitReadyAsync(client, await ServerProcess.UploadAsync(client, document));
                await Task.Delay(TimeSpan.FromSeconds(seconds / Commits));
            }
        });
        await Task.WhenAll(
            Enumerable
                .Range(0, Clients)
                .Select(number =>
                    Task.Run(async () =>
                    {
                        var random = new Random(number);
                        while (clock.Elapsed.TotalSeconds < seconds)
                        {
                            var at = random.NextDouble() * all;
                            var i = 0;
                            while (i < ranks.Length - 1 && (at -= ranks[i]) > 0)
                            {
                                i++;
                            }

                            asked.Add(await ChatAsync(client, questions[i], control: null));
                            // A person reads.
                            await Task.Delay(random.Next(100));
                        }
                    })
                )
        );
        var took = clock.Elapsed.TotalSeconds;
        await committing;
        Console.WriteLine();
        Console.WriteLine(
            $"| {Questions} questions by Zipf's law, {Clients} people, {Commits} contracts committed in {seconds:0} s | Requests/s | p50 ms | p95 ms | p99 ms | Hits |"
        );
        Console.WriteLine("|---|---|---|---|---|---|");
        Print("all", [.. asked], took);
        Print("those from the cache", [.. asked.Where(one => one.Cache == "hit")], took);
        Print("those of the model", [.. asked.Where(one => one.Cache != "hit")], took);
    }

    private static async Task TellAsync(HttpClient client)
    {
        await Task.Delay(TimeSpan.FromSeconds(2));
        var told = await client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/cache/statistics", UriKind.Relative));
        Console.WriteLine();
        Console.WriteLine($"`GET /api/v1/cache/statistics` tells `{told.GetRawText()}`.");
    }

    private static async Task<Asked> ChatAsync(HttpClient client, string question, string? control)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/chat", UriKind.Relative))
        {
            Content = JsonContent.Create(new { question, stream = false }),
        };
        request.Headers.CacheControl = control is null ? null : CacheControlHeaderValue.Parse(control);
        return await SendAsync(client, request);
    }

    private static async Task<Asked> CompleteAsync(HttpClient client, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative))
        {
            Content = JsonContent.Create(
                new
                {
                    model = "bench/m",
                    max_tokens = 100,
                    messages = new[] { new { role = "user", content = "What is the notice period?" } },
                }
            ),
        };
        if (header is not null)
        {
            request.Headers.Add("X-Chancery-Cache", header);
        }

        return await SendAsync(client, request);
    }

    private static async Task<Asked> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        var clock = Stopwatch.StartNew();
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var took = clock.Elapsed.TotalMilliseconds;
        return response.IsSuccessStatusCode
            ? new Asked(took, response.Headers.GetValues("X-Chancery-Cache").Single())
            : throw new InvalidOperationException($"{(int)response.StatusCode}: {body}");
    }

    /// <summary>About the words that stand in some of the documents but not in all.</summary>
    private static List<string> QuestionsOf(IEnumerable<string> files)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            var words = File.ReadAllText(file)
                .Split([' ', '\n', '\r', '\t', '.', ',', ';', '(', ')', '"'], StringSplitOptions.RemoveEmptyEntries)
                .Where(word => word.Length > 6 && word.All(char.IsAsciiLetterLower))
                .Distinct();
            foreach (var word in words)
            {
                seen[word] = seen.GetValueOrDefault(word) + 1;
            }
        }

        return
        [
            .. seen.Where(word => word.Value is > 2 and < Documents)
                .OrderByDescending(word => word.Value)
                .ThenBy(word => word.Key, StringComparer.Ordinal)
                .Take(Questions)
                .Select(word => $"What do the contracts say about {word.Key}?"),
        ];
    }

    private static void Print(string what, List<Asked> asked, double seconds)
    {
        if (asked.Count == 0)
        {
            Console.WriteLine($"| {what} | 0 | | | | |");
            return;
        }

        var sorted = asked.Select(one => one.Milliseconds).Order().ToArray();
        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
        var hits = asked.Count(one => one.Cache == "hit");
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {asked.Count / seconds:0} | {At(0.5):0.00} | {At(0.95):0.00} | {At(0.99):0.00} | {100.0 * hits / asked.Count:0.0} % of {asked.Count} |"
            )
        );
    }
}
