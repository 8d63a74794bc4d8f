using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Documents;

namespace Chancery.Bench;

/// <summary>
/// Does everybody get their turn when eight tenants upload at once and one of them most of it, in how much memory, and is
/// anything lost or doubled when the server is killed again and again meanwhile? Real files, each once; what cannot be read
/// has to end with a reason.
/// </summary>
internal static class Crowd
{
    private const int Tenants = 8;

    // The first tenant's part; the others share what is left.
    private const double DumpersShare = 0.65;
    private const long LargestFile = 9_500_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    private static readonly string[] Kinds = [".pdf", ".md", ".txt"];

    private sealed record Run(
        double Seconds,
        int Kills,
        long Server,
        long Readers,
        long All,
        IReadOnlyList<DocumentEnd> Ends,
        long OpenWork
    );

    public static async Task<int> RunAsync(string[] arguments)
    {
        var documents = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 1000;
        var between = TimeSpan.FromSeconds(
            arguments.Length > 1 ? double.Parse(arguments[1], CultureInfo.InvariantCulture) : 20
        );
        var files = Files(documents);
        var megabytes = files.Sum(file => new FileInfo(file).Length) / 1e6;
        Print(
            $"{files.Count} files of {megabytes:0.0} MB, {Tenants} tenants, the first of them with {Share(files).First().Count}."
        );

        var calm = await RunAsync(files, null);
        Report("Undisturbed", calm);
        var killed = await RunAsync(files, between);
        Report($"Killed every {between.TotalSeconds:0} s", killed);
        return Compare(files.Count, calm, killed);
    }

    private static async Task<Run> RunAsync(IReadOnlyList<string> files, TimeSpan? between)
    {
        var data = ServerProcess.NewDirectory();
        var directory = Path.Combine(data, "data");
        var port = FreePort();
        var server = await ServerProcess.StartAsync(directory, port);
        var (peakServer, peakReaders, peakAll, kills) = (0L, 0L, 0L, 0);
        var clients = new List<HttpClient>();
        for (var i = 0; i < Tenants; i++)
        {
            clients.Add(await server.SignUpAsync($"Tenant {i + 1}"));
        }

        var clock = Stopwatch.StartNew();
        var work = Task.WhenAll(Share(files).Zip(clients, UploadAllAsync));
        var settled = Task.Run(async () =>
        {
            await work;
            await Task.WhenAll(clients.Select(WaitSettledAsync));
        });
        while (between is { } pause)
        {
            await Task.WhenAny(settled, Task.Delay(pause));
            if (settled.IsCompleted || clock.Elapsed > Longest)
            {
                break;
            }

            Note(server);
            await server.KillAsync();
            kills++;
            server = await ServerProcess.StartAsync(directory, port);
        }

        await Task.WhenAny(settled, Task.Delay(Longest));
        if (settled.IsFaulted)
        {
            await settled;
        }

        var seconds = clock.Elapsed.TotalSeconds;
        Note(server);
        await server.DisposeAsync();
        clients.ForEach(client => client.Dispose());
        var (ends, open) = await CrowdOutcome.ReadAsync(directory);
        Directory.Delete(data, recursive: true);
        return new Run(seconds, kills, peakServer, peakReaders, peakAll, ends, open);

        void Note(ServerProcess now)
        {
            peakServer = Math.Max(peakServer, now.PeakServerBytes);
            peakReaders = Math.Max(peakReaders, now.PeakReaderBytes);
            peakAll = Math.Max(peakAll, now.PeakAllBytes);
        }
    }

    private static void Report(string title, Run run)
    {
        var ready = run.Ends.Where(end => end.State == "ready").ToList();
        Console.WriteLine();
        Print($"### {title}");
        Console.WriteLine();
        Console.WriteLine(
            "| Documents | Ready | Failed with a reason | Pages | Passages | s | Documents/s | Kills | Server peak MB | Readers peak MB | With engines MB |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        Print(
            $"| {run.Ends.Count} | {ready.Count} | {run.Ends.Count(end => end.State == "failed" && end.Failure.Length > 0)} | {ready.Sum(end => end.Pages)} | {ready.Sum(end => end.ChunkCount)} | {run.Seconds:0.0} | {run.Ends.Count / run.Seconds:0.0} | {run.Kills} | {run.Server / 1e6:0} | {run.Readers / 1e6:0} | {run.All / 1e6:0} |"
        );
        Console.WriteLine();
        Console.WriteLine(
            "| Tenant | Documents | First begun after s | Mean wait s | p95 s | Longest s | Longest / mean of all |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|");
        var mean = run.Ends.Average(end => end.WaitSeconds);
        foreach (var tenant in run.Ends.GroupBy(end => end.Tenant).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var waits = tenant.Select(end => end.WaitSeconds).Order().ToList();
            var first = tenant.Min(end =>
                ((end.StartedAt ?? DateTime.MaxValue) - tenant.Min(e => e.UploadedAt)).TotalSeconds
            );
            Print(
                $"| {tenant.Key} | {waits.Count} | {first:0.0} | {waits.Average():0.0} | {waits[(int)Math.Ceiling(0.95 * waits.Count) - 1]:0.0} | {waits[^1]:0.0} | {waits[^1] / mean:0.00} |"
            );
        }

        Console.WriteLine();
        Print(
            $"Failures: {string.Join(", ", run.Ends.Where(end => end.State == "failed").GroupBy(end => end.Failure).OrderByDescending(group => group.Count()).Select(group => $"{group.Key} {group.Count()}"))}."
        );
    }

    /// <summary>0 when nothing was lost, doubled or changed.</summary>
    private static int Compare(int uploaded, Run calm, Run killed)
    {
        var before = calm.Ends.ToDictionary(end => end.Key);
        var unsettled = killed.Ends.Count(end => end.State is not ("ready" or "failed"));
        var twice = killed.Ends.Count(end => end.Versions != 1 || end.Published != (end.State == "ready" ? 1 : 0));
        var doubled = killed.Ends.Count - killed.Ends.Select(end => end.Key).Distinct().Count();
        var otherwise = killed
            .Ends.Where(end =>
                before.TryGetValue(end.Key, out var was)
                && (was.State, was.Failure, was.Pages, was.Chunks) != (end.State, end.Failure, end.Pages, end.Chunks)
            )
            .ToList();
        var lost = uploaded - killed.Ends.Select(end => end.Key).Distinct().Count();
        Console.WriteLine();
        Console.WriteLine("### Killed beside undisturbed");
        Console.WriteLine();
        Console.WriteLine(
            "| Lost | Doubled | Not ended | Published not exactly once | Other state, pages or passages | Work left open |"
        );
        Console.WriteLine("|---|---|---|---|---|---|");
        Print($"| {lost} | {doubled} | {unsettled} | {twice} | {otherwise.Count} | {killed.OpenWork} |");
        foreach (var end in otherwise.Take(20))
        {
            var was = before[end.Key];
            Print(
                $"- {end.Path}: {was.State} {was.Failure} {was.ChunkCount} → {end.State} {end.Failure} {end.ChunkCount}"
            );
        }

        return lost + doubled + unsettled + twice + otherwise.Count == 0 ? 0 : 1;
    }

    /// <summary>Real files of kinds that are read, no content twice, in an order that mixes them and is always the same.</summary>
    private static List<string> Files(int most)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return
        [
            .. new[] { "documents", "contracts", "qa" }
                .SelectMany(folder =>
                    Directory.EnumerateFiles(TestData.PathOf(folder), "*", SearchOption.AllDirectories)
                )
                .Where(path => Kinds.Contains(Path.GetExtension(path).ToLowerInvariant()))
                .Where(path => new FileInfo(path).Length is > 0 and <= LargestFile)
                .Where(IsReadable)
                .Where(path => seen.Add(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))))
                .OrderBy(
                    path =>
                        Convert.ToHexString(
                            SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetRelativePath(TestData.Root, path)))
                        ),
                    StringComparer.Ordinal
                )
                .Take(most),
        ];
    }

    private static bool IsReadable(string path)
    {
        using var file = File.OpenRead(path);
        var head = new byte[MediaTypes.DetectionBytes];
        var read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return MediaTypes.Detect(head.AsSpan(0, read), Path.GetFileName(path)).IsReadable;
    }

    /// <summary>One tenant with most of it, and the others with alike parts of the rest.</summary>
    private static IEnumerable<IReadOnlyList<string>> Share(IReadOnlyList<string> files)
    {
        var dumped = (int)(files.Count * DumpersShare);
        yield return [.. files.Take(dumped)];
        for (var i = 1; i < Tenants; i++)
        {
            yield return [.. files.Skip(dumped).Where((_, place) => place % (Tenants - 1) == i - 1)];
        }
    }

    private static async Task UploadAllAsync(IReadOnlyList<string> files, HttpClient client)
    {
        foreach (var (file, place) in files.Select((file, place) => (file, place)))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{place:0000}-{Path.GetFileName(file)}");
            var isAgain = false;
            while (true)
            {
                try
                {
                    // What was sent when the server died may have arrived.
                    if (!isAgain || !await IsThereAsync(client, name))
                    {
                        await UploadAsync(client, file, name);
                    }

                    break;
                }
                catch (Exception exception)
                    when (exception is HttpRequestException or TaskCanceledException or IOException)
                {
                    isAgain = true;
                    await Task.Delay(200);
                }
            }
        }
    }

    private static async Task UploadAsync(HttpClient client, string path, string name)
    {
        using var form = new MultipartFormDataContent();
        form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(path)), "file", name);
        using var response = await client.PostAsync(new Uri("/api/v1/docs", UriKind.Relative), form);
        if (response.StatusCode is HttpStatusCode.Accepted)
        {
            return;
        }

        var body = await response.Content.ReadAsStringAsync();
        throw (int)response.StatusCode >= 500
            ? new HttpRequestException(body)
            : new InvalidOperationException($"{name}: {body}");
    }

    private static async Task<bool> IsThereAsync(HttpClient client, string name)
    {
        // A part of the name that the search takes literally; it begins with a number of its own.
        var page = await client.GetFromJsonAsync<JsonElement>(
            new Uri($"/api/v1/docs?q={Uri.EscapeDataString(name[..5])}", UriKind.Relative)
        );
        return page.GetProperty("items")
            .EnumerateArray()
            .Any(item => item.GetProperty("path").GetString()!.StartsWith(name[..5], StringComparison.Ordinal));
    }

    private static async Task WaitSettledAsync(HttpClient client)
    {
        foreach (var state in new[] { "queued", "reading", "cutting", "embedding" }.Concat(["queued"]))
        {
            while (true)
            {
                try
                {
                    var page = await client.GetFromJsonAsync<JsonElement>(
                        new Uri($"/api/v1/docs?limit=1&state={state}", UriKind.Relative)
                    );
                    if (page.GetProperty("items").GetArrayLength() == 0)
                    {
                        break;
                    }
                }
                catch (Exception exception)
                    when (exception is HttpRequestException or TaskCanceledException or IOException)
                {
                    // Killed; it comes back.
                }

                await Task.Delay(250);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
