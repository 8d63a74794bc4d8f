using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Chancery.Bench;

/// <summary>The product as a newcomer runs it: a process of its own with a data directory of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Password = "a long enough password";
    private const string ReadyMark = "Chancery is ready at ";

    private readonly Process _process;
    private readonly CancellationTokenSource _watching = new();
    private readonly Task _watch;
    private long _peakServerBytes;
    private long _peakAllBytes;
    private long _peakReaderBytes;

    private ServerProcess(Process process, Uri address, TimeSpan startedIn)
    {
        _process = process;
        Address = address;
        StartedIn = startedIn;
        _watch = WatchAsync();
    }

    public Uri Address { get; }

    public int Id => _process.Id;

    /// <summary>The process of an engine of this server: <c>redis-server</c> or <c>postgres</c>. Null while there is none.</summary>
    public int? EngineId(string name)
    {
        var ids = Descendants(_process.Id).ToList();
        // PostgreSQL's own children bear its name, too.
        return ids.Where(id => NameOf(id) == name).Select(id => (int?)id).Min();
    }

    /// <summary>From the process's start to the line that says ready.</summary>
    public TimeSpan StartedIn { get; }

    public long ServerBytes => ResidentBytes(_process.Id);

    /// <summary>The most that the server process was seen to hold, sampled every 50 ms.</summary>
    public long PeakServerBytes => Interlocked.Read(ref _peakServerBytes);

    /// <summary>The same for the server with all its children: readers and engines (shared pages counted each time).</summary>
    public long PeakAllBytes => Interlocked.Read(ref _peakAllBytes);

    /// <summary>The most that the children which read files were seen to hold together.</summary>
    public long PeakReaderBytes => Interlocked.Read(ref _peakReaderBytes);

    /// <summary>A place for a data directory. Root's engines run as other users, who have to pass through it.</summary>
    public static string NewDirectory()
    {
        var path = Directory.CreateTempSubdirectory("chancery-bench-").FullName;
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return path;
    }

    /// <param name="port">0 takes a free one.</param>
    public static async Task<ServerProcess> StartAsync(string dataDirectory, int port = 0)
    {
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            ServerAssembly(),
            "serve",
            "--data",
            dataDirectory,
            "--port",
            port.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Local";
        start.Environment["LOG_LEVEL"] = "Error";
        // Words alone, as the committed tables, unless somebody asks for the model.
        start.Environment.TryAdd("EMBEDDING_LOCAL", "off");
        // All clients of a bench have one address.
        start.Environment.TryAdd("RATE_LIMIT_REQUESTS", "1000000000");
        // Longer than any run: a bench signs in once.
        start.Environment["JWT_EXPIRES_IN"] = "12h";
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginErrorReadLine();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ReadyMark, StringComparison.Ordinal))
            {
                var startedIn = clock.Elapsed;
                _ = process.StandardOutput.ReadToEndAsync();
                return new ServerProcess(process, new Uri(line[ReadyMark.Length..].Trim()), startedIn);
            }
        }

        throw new InvalidOperationException("The server ended before it was ready.");
    }

    /// <summary>Signs an organisation up and answers a client that carries its token.</summary>
    public Task<HttpClient> SignUpAsync(string organization = "Bench") =>
        SignUpAsync($"{Guid.CreateVersion7():n}@example.com", organization);

    /// <summary>The same for somebody who comes back after a restart.</summary>
    public Task<HttpClient> SignInAsync(string email) =>
        EnterAsync("/api/v1/auth/login", new { email, password = Password });

    public Task<HttpClient> SignUpAsync(string email, string organization) =>
        EnterAsync(
            "/api/v1/auth/signup",
            new
            {
                email,
                password = Password,
                name = "Bench",
                organization,
            }
        );

    private async Task<HttpClient> EnterAsync(string address, object body)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromMinutes(10),
        };
        var response = await client.PostAsJsonAsync(new Uri(address, UriKind.Relative), body);
        response.EnsureSuccessStatusCode();
        var token = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public static async Task<string> UploadAsync(HttpClient client, string path)
    {
        using var form = new MultipartFormDataContent();
        await using var file = File.OpenRead(path);
        using var part = new StreamContent(file);
        form.Add(part, "file", Path.GetFileName(path));
        using var response = await client.PostAsync(new Uri("/api/v1/docs", UriKind.Relative), form);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(body).GetProperty("id").GetString()!
            : throw new InvalidOperationException(body);
    }

    /// <summary>Waits until a document can be searched and answers its page count; 0 when it failed.</summary>
    public static async Task<int> WaitReadyAsync(HttpClient client, string id)
    {
        while (true)
        {
            var document = await client.GetFromJsonAsync<JsonElement>(new Uri($"/api/v1/docs/{id}", UriKind.Relative));
            switch (document.GetProperty("state").GetString())
            {
                case "ready":
                    return document.GetProperty("page_count").GetInt32();
                case "failed":
                    return 0;
                default:
                    await Task.Delay(20);
                    break;
            }
        }
    }

    /// <summary>Ends it as a fault of the machine would: SIGKILL, at once, to the server alone.</summary>
    public async Task KillAsync()
    {
        await _watching.CancelAsync();
        await _watch;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _watching.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _watching.CancelAsync();
        await _watch;
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _watching.Dispose();
    }

    private static string ServerAssembly()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "chancery.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException("The server is not beside the bench.", path);
    }

    private async Task WatchAsync()
    {
        while (!_watching.IsCancellationRequested)
        {
            var server = ResidentBytes(_process.Id);
            var children = Descendants(_process.Id)
                .Select(id => (Bytes: ResidentBytes(id), IsEngine: IsEngine(id)))
                .ToList();
            var all = server + children.Sum(child => child.Bytes);
            var readers = children.Where(child => !child.IsEngine).Sum(child => child.Bytes);
            _peakReaderBytes = Math.Max(_peakReaderBytes, readers);
            _peakServerBytes = Math.Max(_peakServerBytes, server);
            _peakAllBytes = Math.Max(_peakAllBytes, all);
            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    private static IEnumerable<int> Descendants(int parent)
    {
        var children = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            try
            {
                var stat = File.ReadAllText(Path.Combine(directory, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (int.Parse(fields[1], CultureInfo.InvariantCulture) == parent)
                {
                    children.Add(id);
                }
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }

        return children.Concat(children.SelectMany(Descendants));
    }

    private static bool IsEngine(int processId) => NameOf(processId) is "postgres" or "redis-server";

    private static string NameOf(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static long ResidentBytes(int processId)
    {
        try
        {
            var line = File.ReadLines($"/proc/{processId}/status")
                .FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null
                ? 0
                : 1024
                    * long.Parse(
                        line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                        CultureInfo.InvariantCulture
                    );
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
