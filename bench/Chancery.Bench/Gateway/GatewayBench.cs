using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Chancery.Bench.Gateway;

/// <summary>
/// What does the gateway add to a call to a model, with authentication, budgets, ledger and tracing on? Beside the same Kestrel and
/// HttpClient as a bare pass-through and, where npm installs it, beside Portkey's gateway; same upstream, same minute.
/// </summary>
/// <remarks>Whatever is measured runs alone on one core; the upstream and the clients on the others.</remarks>
internal static class GatewayBench
{
    // Long, and on all cores: the runtime compiles what is called often again, and begins with that only when nothing new is called.
    private const double WarmUpSeconds = 20;

    private static readonly int[] Clients = [1, 16, 64, 256];

    private static readonly byte[] Whole = Encoding.UTF8.GetBytes(
        """{"model":"bench/m","messages":[{"role":"user","content":"What is the notice period?"}],"max_tokens":100}"""
    );

    private static readonly byte[] Streamed = Encoding.UTF8.GetBytes(
        """{"model":"bench/m","messages":[{"role":"user","content":"What is the notice period?"}],"max_tokens":100,"stream":true}"""
    );

    private static readonly byte[] Slow = Encoding.UTF8.GetBytes(
        """{"model":"bench/m","messages":[{"role":"user","content":"What is the notice period?"}],"max_tokens":100,"stream":true,"temperature":2}"""
    );

    /// <param name="ProcessId">0 for the upstream itself, whose time is not taken.</param>
    private sealed record Way(string Name, Uri Address, int ProcessId, Action<HttpRequestMessage> Sign);

    private sealed record Figures(
        double PerSecond,
        double P50,
        double P95,
        double P99,
        double CpuMicroseconds,
        int Failed
    );

    public static async Task<int> RunAsync(string[] arguments)
    {
        var seconds = arguments.Length > 0 ? double.Parse(arguments[0], CultureInfo.InvariantCulture) : 5;
        var data = ServerProcess.NewDirectory();
        var (upstreamPort, passPort, portkeyPort) = (FreePort(), FreePort(), FreePort());
        var upstream = $"http://localhost:{upstreamPort}";
        using var first = StartSelf("gateway-upstream", $"{upstreamPort}");
        // As in a container of one core: the runtime then knows that there is nobody to spin for.
        Environment.SetEnvironmentVariable("DOTNET_PROCESSOR_COUNT", "1");
        using var pass = StartSelf("gateway-pass", $"{passPort}", upstream);
        using var portkey = StartPortkey(portkeyPort);
        Configure(data, upstream);
        portkey?.BeginErrorReadLine();
        portkey?.BeginOutputReadLine();
        var server = await ServerProcess.StartAsync(Path.Combine(data, "data"));
        try
        {
            var (key, owner) = await PrepareAsync(server);
            owner.Dispose();
            var ways = new List<Way>
            {
                new("upstream alone", new Uri(upstream), 0, _ => { }),
                new("pass-through", new Uri($"http://localhost:{passPort}"), pass.Id, _ => { }),
                new(
                    "Chancery",
                    server.Address,
                    server.Id,
                    request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key)
                ),
            };
            if (portkey is not null)
            {
                ways.Add(
                    new Way(
                        "Portkey",
                        new Uri($"http://localhost:{portkeyPort}"),
                        portkey.Id,
                        request =>
                        {
                            request.Headers.Add("x-portkey-provider", "openai");
                            request.Headers.Add("x-portkey-custom-host", $"{upstream}/v1");
                            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "none");
                        }
                    )
                );
            }

            if (arguments.Length > 1)
            {
                ways.RemoveAll(way => !arguments[1].Contains(way.Name, StringComparison.OrdinalIgnoreCase));
            }

            foreach (var way in ways)
            {
                await ReachAsync(way);
                // Until the runtime has compiled what is called often.
                await MeasureAsync(way, Whole, 64, WarmUpSeconds, ReadAsync);
                await MeasureAsync(way, Streamed, 16, WarmUpSeconds / 2, ReadFirstAsync);
                await MeasureAsync(way, Whole, 1, WarmUpSeconds / 2, ReadAsync);
                Pin(way.ProcessId, "0");
            }

            Pin(Environment.ProcessId, "1");
            Pin(first.Id, "1");
            Console.WriteLine(
                $"{Machine.Describe()}. {seconds:0.#} s for each figure; what is measured has core 0, clients and upstream core 1."
            );
            await WholeAsync(ways, seconds);
            await StreamedAsync(ways, seconds);
            await ManyAsync(ways.First(way => way.Name == "Chancery"), server);
        }
        finally
        {
            await server.DisposeAsync();
            foreach (var process in new[] { first, pass, portkey })
            {
                process?.Kill(entireProcessTree: true);
            }
        }

        Directory.Delete(data, recursive: true);
        return 0;
    }

    private static async Task WholeAsync(List<Way> ways, double seconds)
    {
        Console.WriteLine();
        Console.WriteLine("### Not streamed");
        Console.WriteLine();
        Console.WriteLine(
            "| | Clients | Requests/s | p50 µs | p95 µs | p99 µs | CPU µs/request | × pass-through's CPU |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var clients in Clients)
        {
            double? passCpu = null;
            foreach (var way in ways)
            {
                await MeasureAsync(way, Whole, clients, Math.Min(1, seconds), ReadAsync);
                var figures = await MeasureAsync(way, Whole, clients, seconds, ReadAsync);
                passCpu = way.Name == "pass-through" ? figures.CpuMicroseconds : passCpu;
                var times = passCpu is { } cpu && way.ProcessId != 0 ? Text(figures.CpuMicroseconds / cpu) : "";
                Print(
                    $"| {way.Name} | {clients} | {figures.PerSecond:0} | {figures.P50:0} | {figures.P95:0} | {figures.P99:0} | {(way.ProcessId == 0 ? "" : Text(figures.CpuMicroseconds))} | {times} |{Failures(figures)}"
                );
            }
        }
    }

    private static async Task StreamedAsync(List<Way> ways, double seconds)
    {
        Console.WriteLine();
        Console.WriteLine($"### Streams of {Upstream.Events} events: time to the first");
        Console.WriteLine();
        Console.WriteLine("| | Clients | Streams/s | Events/s | p50 µs | p95 µs | p99 µs | CPU µs/event |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var clients in (int[])[1, 16])
        {
            foreach (var way in ways)
            {
                await MeasureAsync(way, Streamed, clients, Math.Min(2, seconds), ReadFirstAsync);
                var figures = await MeasureAsync(way, Streamed, clients, seconds, ReadFirstAsync);
                Print(
                    $"| {way.Name} | {clients} | {figures.PerSecond:0} | {figures.PerSecond * Upstream.Events:0} | {figures.P50:0} | {figures.P95:0} | {figures.P99:0} | {(way.ProcessId == 0 ? "" : Text(figures.CpuMicroseconds / Upstream.Events))} |{Failures(figures)}"
                );
            }
        }
    }

    /// <summary>1,000 streams at once, each with five events a second, with a pool of 20 connections to PostgreSQL.</summary>
    private static async Task ManyAsync(Way way, ServerProcess server)
    {
        const int streams = 1_000;
        using var client = Client(streams);
        var before = server.ServerBytes;
        var failed = 0;
        var peak = before;
        using var over = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                peak = Math.Max(peak, server.ServerBytes);
                await Task.Delay(100);
            }
        });
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, streams),
            new ParallelOptions { MaxDegreeOfParallelism = streams },
            async (_, cancel) =>
            {
                try
                {
                    using var response = await SendAsync(client, way, Slow);
                    var text = await response.Content.ReadAsStringAsync(cancel);
                    if (!text.Contains("[DONE]", StringComparison.Ordinal))
                    {
                        Interlocked.Increment(ref failed);
                    }
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        );
        await over.CancelAsync();
        await watching;
        Console.WriteLine();
        Print(
            $"{streams} streams at once, five events a second each: {clock.Elapsed.TotalSeconds:0.0} s (ten by themselves), {failed} failed, {(peak - before) / 1024.0 / streams:0.0} KB more held for each."
        );
    }

    private static async Task<Figures> MeasureAsync(
        Way way,
        byte[] body,
        int clients,
        double seconds,
        Func<HttpResponseMessage, Stopwatch, Task<TimeSpan>> read
    )
    {
        using var client = Client(clients);
        var times = new ConcurrentBag<double>();
        var failed = 0;
        var cpu = CpuOf(way.ProcessId);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable
                .Range(0, clients)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        var own = new List<double>(4096);
                        while (clock.Elapsed.TotalSeconds < seconds)
                        {
                            var one = Stopwatch.StartNew();
                            using var response = await SendAsync(client, way, body);
                            var took = await read(response, one);
                            if (response.StatusCode != HttpStatusCode.OK)
                            {
                                Interlocked.Increment(ref failed);
                            }

                            own.Add(took.TotalMicroseconds);
                        }

                        foreach (var time in own)
                        {
                            times.Add(time);
                        }
                    })
                )
        );
        var took = clock.Elapsed.TotalSeconds;
        var used = CpuOf(way.ProcessId) - cpu;
        var sorted = times.Order().ToArray();
        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
        return new Figures(
            sorted.Length / took,
            At(0.5),
            At(0.95),
            At(0.99),
            used.TotalMicroseconds / sorted.Length,
            failed
        );
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, Way way, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(way.Address, "/v1/chat/completions"))
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        way.Sign(request);
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<TimeSpan> ReadAsync(HttpResponseMessage response, Stopwatch clock)
    {
        await response.Content.ReadAsByteArrayAsync();
        return clock.Elapsed;
    }

    private static async Task<TimeSpan> ReadFirstAsync(HttpResponseMessage response, Stopwatch clock)
    {
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[4096];
        _ = await body.ReadAsync(buffer);
        var took = clock.Elapsed;
        while (await body.ReadAsync(buffer) > 0) { }

        return took;
    }

    private static HttpClient Client(int connections) =>
        new(
            new SocketsHttpHandler
            {
                MaxConnectionsPerServer = connections,
                UseCookies = false,
                UseProxy = false,
            }
        )
        {
            Timeout = TimeSpan.FromMinutes(2),
        };

    internal static void Configure(string data, string upstream)
    {
        var models = Path.Combine(data, "models.json");
        File.WriteAllText(
            models,
            JsonSerializer.Serialize(
                new
                {
                    providers = new[]
                    {
                        new
                        {
                            id = "bench",
                            base_address = $"{upstream}/v1",
                            key_settings = Array.Empty<string>(),
                            models = new[]
                            {
                                new
                                {
                                    name = "m",
                                    max_output = 1000,
                                    prices = new[]
                                    {
                                        new
                                        {
                                            from = "2020-01-01",
                                            input = 0.15,
                                            output = 0.6,
                                        },
                                    },
                                },
                            },
                        },
                    },
                }
            )
        );
        Environment.SetEnvironmentVariable("MODELS_FILE", models);
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", upstream);
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    }

    /// <summary>A key of an organisation that has a budget, so that each call is reserved on it.</summary>
    internal static async Task<(string Key, HttpClient Owner)> PrepareAsync(ServerProcess server)
    {
        var owner = await server.SignUpAsync();
        using var budget = await owner.PutAsJsonAsync(
            new Uri("/api/v1/budgets/organization/month", UriKind.Relative),
            new { cap_usd = 100_000 }
        );
        budget.EnsureSuccessStatusCode();
        using var made = await owner.PostAsJsonAsync(
            new Uri("/api/v1/keys", UriKind.Relative),
            new { name = "bench", role = "editor" }
        );
        made.EnsureSuccessStatusCode();
        return ((await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!, owner);
    }

    private static async Task ReachAsync(Way way)
    {
        using var client = Client(1);
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var response = await SendAsync(client, way, Whole);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }

                throw new InvalidOperationException(
                    $"{way.Name} answers {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}"
                );
            }
            catch (HttpRequestException) when (tries < 200)
            {
                await Task.Delay(100);
            }
        }
    }

    internal static Process StartSelf(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Chancery.Bench.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>Null where npm does not give it.</summary>
    private static Process? StartPortkey(int port)
    {
        var directory = Path.Combine(Path.GetTempPath(), "chancery-bench-portkey");
        var script = Path.Combine(directory, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
        if (!File.Exists(script))
        {
            Directory.CreateDirectory(directory);
            using var install = Process.Start(
                new ProcessStartInfo("npm")
                {
                    ArgumentList =
                    {
                        "install",
                        "--prefix",
                        directory,
                        "--no-save",
                        "--no-audit",
                        "--no-fund",
                        "--ignore-scripts",
                        "--loglevel",
                        "error",
                        "@portkey-ai/gateway",
                    },
                }
            );
            install?.WaitForExit();
        }

        if (!File.Exists(script))
        {
            Console.WriteLine("Portkey's gateway could not be installed; it is left out.");
            return null;
        }

        return Process.Start(
            new ProcessStartInfo("node")
            {
                ArgumentList = { script, $"--port={port}", "--headless" },
                RedirectStandardOutput = true,
                // It says at length what it cannot do.
                RedirectStandardError = true,
            }
        );
    }

    private static void Pin(int process, string cores)
    {
        if (process == 0)
        {
            return;
        }

        using var pin = Process.Start(
            new ProcessStartInfo("taskset")
            {
                ArgumentList = { "-a", "-p", "-c", cores, process.ToString(CultureInfo.InvariantCulture) },
                RedirectStandardOutput = true,
            }
        );
        pin?.WaitForExit();
    }

    private static TimeSpan CpuOf(int process)
    {
        if (process == 0)
        {
            return TimeSpan.Zero;
        }

        using var one = Process.GetProcessById(process);
        return one.TotalProcessorTime;
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Failures(Figures figures) => figures.Failed == 0 ? "" : $" {figures.Failed} failed";

    private static string Text(double number) => number.ToString("0.0", CultureInfo.InvariantCulture);

    private static void Print(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
