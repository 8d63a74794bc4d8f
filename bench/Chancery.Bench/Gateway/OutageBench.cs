using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Chancery.Bench.Gateway;

/// <summary>
/// What do callers of the gateway see while Redis and PostgreSQL are killed, hang, and come back, second by second; and does the ledger
/// equal the provider's own record to the token when it is over?
/// </summary>
internal static class OutageBench
{
    private const int Callers = 16;
    private const int Seconds = 76;

    // A person's pace, so that a second of the table is not a second of the machine's noise.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        $$"""{"model":"bench/m",{{Upstream.Billed}},"messages":[{"role":"user","content":"What is the notice period?"}],"max_tokens":100}"""
    );

    private static readonly Step[] Plan =
    [
        new(8, "redis-server", "KILL", "Redis is killed; the server starts it anew, empty"),
        new(20, "redis-server", "STOP", "Redis hangs"),
        new(30, "redis-server", "CONT", "Redis goes on"),
        new(40, "postgres", "KILL", "PostgreSQL is killed; the server starts it anew"),
        new(54, "postgres", "STOP", "PostgreSQL hangs (its first process; no new connections)"),
        new(64, "postgres", "CONT", "PostgreSQL goes on"),
    ];

    private sealed record Step(int Second, string Engine, string Signal, string Says);

    private sealed record Seen(int Second, int Status, TimeSpan Took);

    public static async Task<int> RunAsync()
    {
        var data = ServerProcess.NewDirectory();
        var upstreamPort = GatewayBench.FreePort();
        var upstream = $"http://localhost:{upstreamPort}";
        using var provider = GatewayBench.StartSelf("gateway-upstream", $"{upstreamPort}");
        GatewayBench.Configure(data, upstream);
        var isEqual = false;
        await using (var server = await ServerProcess.StartAsync(Path.Combine(data, "data")))
        {
            var (key, owner) = await GatewayBench.PrepareAsync(server);
            using (owner)
            {
                var seen = await LoadAsync(server, key);
                Print(seen);
                isEqual = await CompareAsync(owner, upstream, seen);
            }
        }

        provider.Kill(entireProcessTree: true);
        Directory.Delete(data, recursive: true);
        return isEqual ? 0 : 1;
    }

    private static async Task<IReadOnlyCollection<Seen>> LoadAsync(ServerProcess server, string key)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Callers })
        {
            BaseAddress = server.Address,
            Timeout = TimeSpan.FromMinutes(1),
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        // What is called for the first time takes its time; that is no outage.
        await CallAsync(client);
        var seen = new ConcurrentQueue<Seen>();
        var clock = Stopwatch.StartNew();
        var breaking = Task.Run(async () =>
        {
            foreach (var step in Plan)
            {
                var wait = TimeSpan.FromSeconds(step.Second) - clock.Elapsed;
                await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
                Signal(server.EngineId(step.Engine), step.Signal);
            }
        });
        await Task.WhenAll(
            Enumerable
                .Range(0, Callers)
                .Select(async _ =>
                {
                    while (clock.Elapsed.TotalSeconds < Seconds)
                    {
                        var second = (int)clock.Elapsed.TotalSeconds;
                        var began = clock.Elapsed;
                        var status = await CallAsync(client);
                        seen.Enqueue(new Seen(second, status, clock.Elapsed - began));
                        await Task.Delay(Pause);
                    }
                })
        );
        await breaking;
        return seen;
    }

    /// <summary>The status; 0 where there was no answer.</summary>
    private static async Task<int> CallAsync(HttpClient client)
    {
        try
        {
            using var content = new ByteArrayContent(Body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
            await response.Content.ReadAsByteArrayAsync();
            return (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return 0;
        }
    }

    private static void Signal(int? process, string signal)
    {
        if (process is not { } id)
        {
            Console.WriteLine($"(no process to send {signal} to)");
            return;
        }

        using var kill = Process.Start("kill", [$"-{signal}", id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static void Print(IReadOnlyCollection<Seen> seen)
    {
        Console.WriteLine(
            $"{Machine.Describe()}. {Callers} callers with {Pause.TotalMilliseconds:0} ms between calls; a call counts in the second in which it began."
        );
        Console.WriteLine();
        Console.WriteLine("| Second | Answered | Refused or failed | p50 ms | Slowest ms | What happens |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var seconds = seen.GroupBy(call => call.Second).ToDictionary(second => second.Key, second => second.ToList());
        for (var second = 0; second < Seconds; second++)
        {
            var calls = seconds.GetValueOrDefault(second) ?? [];
            var times = calls.Select(call => call.Took.TotalMilliseconds).Order().ToList();
            var others = calls
                .Where(call => call.Status != 200)
                .GroupBy(call => call.Status)
                .Select(group => $"{group.Count()} × {(group.Key == 0 ? "no answer" : group.Key)}");
            var happens = string.Join("; ", Plan.Where(step => step.Second == second).Select(step => step.Says));
            Console.WriteLine(
                $"| {second} | {calls.Count(call => call.Status == 200)} | {string.Join(", ", others)} | {(times.Count > 0 ? times[times.Count / 2].ToString("0", CultureInfo.InvariantCulture) : "")} | {(times.Count > 0 ? times[^1].ToString("0", CultureInfo.InvariantCulture) : "")} | {happens} |"
            );
        }
    }

    private static async Task<bool> CompareAsync(HttpClient owner, string upstream, IReadOnlyCollection<Seen> seen)
    {
        using var provider = new HttpClient();
        var bill = (
            await provider.GetFromJsonAsync<Upstream.Bill>(new Uri($"{upstream}/bill"), JsonSerializerOptions.Web)
        )!;
        var total = default(JsonElement);
        // What was in the journal while PostgreSQL was away is copied within moments.
        for (var tries = 0; tries < 60; tries++)
        {
            var usage = await owner.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/usage", UriKind.Relative));
            total = usage.GetProperty("total");
            if (total.GetProperty("output_tokens").GetInt64() >= bill.Output)
            {
                break;
            }

            await Task.Delay(500);
        }

        var (input, output) = (
            total.GetProperty("input_tokens").GetInt64(),
            total.GetProperty("output_tokens").GetInt64()
        );
        Console.WriteLine();
        Console.WriteLine("| | Calls | Tokens in | Tokens out |");
        Console.WriteLine("|---|---|---|---|");
        Console.WriteLine($"| seen by the callers | {seen.Count(call => call.Status == 200) + 1} | | |");
        Console.WriteLine($"| the provider's own record | {bill.Answers} | {bill.Input} | {bill.Output} |");
        Console.WriteLine(
            $"| the ledger | {total.GetProperty("requests").GetInt64()} ({total.GetProperty("failed").GetInt64()} failed) | {input} | {output} |"
        );
        return (input, output) == (bill.Input, bill.Output);
    }
}
