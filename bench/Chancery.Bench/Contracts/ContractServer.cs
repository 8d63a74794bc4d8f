using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Platform.Engines;
using Chancery.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Bench.Contracts;

/// <summary>The product with a database of its own, and somebody who may do everything with contracts there.</summary>
internal sealed class ContractServer : IAsyncDisposable
{
    private const int MostAttempts = 5;

    private readonly string _directory;
    private readonly RunningEngines _engines;
    private readonly string _email = $"{Guid.CreateVersion7():n}@example.com";
    private ServerProcess? _server;
    private HttpClient? _http;

    private ContractServer(string directory, RunningEngines engines)
    {
        _directory = directory;
        _engines = engines;
    }

    public HttpClient Http => _http ?? throw new InvalidOperationException("The server is not started.");

    /// <summary>The processor time that the server has taken until now, its database apart.</summary>
    public TimeSpan ServerTime => TimeOf(_server!.Id);

    /// <param name="model">What <c>EMBEDDING_LOCAL</c> shall say: "off", or a model's name.</param>
    public static async Task<ContractServer> StartAsync(string model)
    {
        var directory = ServerProcess.NewDirectory();
        var engines = await PrivateEngines.StartAsync(
            new EngineOptions(Path.Combine(directory, "engines")),
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
        var started = new ContractServer(directory, engines);
        Environment.SetEnvironmentVariable("DATABASE_URL", engines.OwnerConnectionString);
        Environment.SetEnvironmentVariable("REDIS_URL", $"redis://:{engines.RedisPassword}@{engines.RedisEndpoint}");
        Environment.SetEnvironmentVariable("CHANCERY_MASTER_KEY", EngineHost.MasterKeyText);
        try
        {
            await started.RunAsync(model, server => server.SignUpAsync(started._email, "Bench"));
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same data served by a new process.</summary>
    public async Task RestartAsync(string model)
    {
        _http!.Dispose();
        await _server!.DisposeAsync();
        await RunAsync(model, server => server.SignInAsync(_email));
    }

    private async Task RunAsync(string model, Func<ServerProcess, Task<HttpClient>> enter)
    {
        Environment.SetEnvironmentVariable("EMBEDDING_LOCAL", model);
        _server = await ServerProcess.StartAsync(Path.Combine(_directory, "data"));
        _http = await enter(_server);
    }

    /// <summary>A new contract of a file.</summary>
    /// <param name="tag">By which it can be searched alone.</param>
    public async Task<ImportOutcome> ImportAsync(byte[] file, string name, string tag)
    {
        using var form = new MultipartFormDataContent();
        using var part = new ByteArrayContent(file);
        using var tags = new StringContent(tag);
        form.Add(part, "file", name);
        form.Add(tags, "tags");
        using var response = await Http.PostAsync(new Uri("/api/v1/contracts/import", UriKind.Relative), form);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return response.StatusCode == HttpStatusCode.Created
            ? new ImportOutcome(
                body.GetProperty("contract"),
                [.. body.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()!)],
                null
            )
            : new ImportOutcome(
                null,
                [],
                $"{(int)response.StatusCode} {body.GetProperty("title").GetString()}: {DetailOf(body)}"
            );
    }

    /// <summary>Many files, several at a time, in their order.</summary>
    public async Task<ImportOutcome[]> ImportAllAsync(IReadOnlyList<(byte[] File, string Name)> files)
    {
        var outcomes = new ImportOutcome[files.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, files.Count),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (i, _) => outcomes[i] = await ImportAsync(files[i].File, files[i].Name, TagOf(i))
        );
        return outcomes;
    }

    public static string TagOf(int contract) => string.Create(CultureInfo.InvariantCulture, $"bench-{contract}");

    /// <summary>Contract and clause of each result, best first.</summary>
    /// <param name="tag">Null searches all contracts.</param>
    public async Task<(string Mode, IReadOnlyList<(Guid Contract, Guid Clause)> Found)> SearchAsync(
        string query,
        string? tag,
        int limit
    )
    {
        var body = await AskAsync(
            new
            {
                query,
                tag,
                limit,
            }
        );
        return (
            body.GetProperty("mode").GetString()!,
            [
                .. body.GetProperty("results")
                    .EnumerateArray()
                    .Select(one => (one.GetProperty("contract_id").GetGuid(), one.GetProperty("clause_id").GetGuid())),
            ]
        );
    }

    /// <summary>Waits until no clause lacks a vector any more.</summary>
    public async Task WaitForVectorsAsync()
    {
        await using var source = NpgsqlDataSource.Create(_engines.OwnerConnectionString!);
        var last = -1L;
        var idle = 0;
        while (true)
        {
            await using var command = source.CreateCommand(
                """
                SELECT count(*) FROM contract_clauses AS k
                WHERE NOT EXISTS (
                  SELECT 1 FROM contract_vectors AS v
                  WHERE v.tenant_id = k.tenant_id AND v.contract_id = k.contract_id AND v.sha256 = k.sha256)
                """
            );
            var missing = (long)(await command.ExecuteScalarAsync())!;
            // What the model does not take stays without one.
            idle = missing == last ? idle + 1 : 0;
            if (missing == 0 || idle == 30)
            {
                Console.Error.WriteLine($"{missing} clauses have no vector.");
                return;
            }

            last = missing;
            await Task.Delay(TimeSpan.FromSeconds(2));
        }
    }

    /// <summary>A machine that does something else, too, may take longer than the database waits.</summary>
    private async Task<JsonElement> AskAsync(object request)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var response = await Http.PostAsJsonAsync(
                new Uri("/api/v1/contracts/search", UriKind.Relative),
                request
            );
            if (response.IsSuccessStatusCode)
            {
                return await response.Content.ReadFromJsonAsync<JsonElement>();
            }

            var problem = await response.Content.ReadAsStringAsync();
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == MostAttempts)
            {
                throw new InvalidOperationException(problem);
            }

            Console.Error.WriteLine(problem);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _engines.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Every process of PostgreSQL names its data directory, or is a child of one that does.</summary>
    /// <summary>User and system time, which Linux counts in hundredths of a second.</summary>
    private static TimeSpan TimeOf(int process) =>
        TimeSpan.FromMilliseconds(
            10
                * (
                    long.Parse(FieldOf(process, 11) ?? "0", CultureInfo.InvariantCulture)
                    + long.Parse(FieldOf(process, 12) ?? "0", CultureInfo.InvariantCulture)
                )
        );

    /// <summary>A field of <c>/proc/…/stat</c>, counted from the one behind the name; null once the process is gone.</summary>
    private static string? FieldOf(int process, int field)
    {
        var stat = ReadOrNothing($"/proc/{process}/stat");
        return stat.Length == 0 ? null : stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[field];
    }

    private static string ReadOrNothing(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string DetailOf(JsonElement problem) =>
        problem.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : "";
}

/// <param name="Contract">As the product answers; null where it refused.</param>
/// <param name="Problem">Why it refused.</param>
internal sealed record ImportOutcome(JsonElement? Contract, IReadOnlyList<string> Warnings, string? Problem)
{
    public Guid Id => Contract!.Value.GetProperty("contract").GetProperty("id").GetGuid();
}
