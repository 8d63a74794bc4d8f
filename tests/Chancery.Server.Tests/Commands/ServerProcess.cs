using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Tests.Engines;
using Chancery.Testing;

namespace Chancery.Server.Tests.Commands;

/// <summary>A server in a process of its own on a data directory of its own, with private engines.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string ReadyMark = "Chancery is ready at ";

    private ServerProcess(Process process, string data, Uri address)
    {
        Process = process;
        Data = data;
        Address = address;
    }

    public Process Process { get; }

    public string Data { get; }

    public Uri Address { get; }

    /// <summary>A place for data directories, which the engines' users may pass through.</summary>
    public static string NewDirectory()
    {
        var path = Directory.CreateTempSubdirectory("chancery-program-").FullName;
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return path;
    }

    public static async Task<ServerProcess> StartAsync(
        string data,
        int port = 0,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        // What a killed server had begun is free again after seconds.
        var process = ChanceryProgram.Start(
            ["serve", "--data", data, "--port", $"{port}"],
            new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
            {
                ["WORK_LEASE_SECONDS"] = "3",
            }
        );
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith(ReadyMark, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
                return new ServerProcess(process, data, new Uri(line[ReadyMark.Length..].Trim()));
            }
        }

        throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(CancellationToken.None));
    }

    /// <summary>Signs a new organisation up.</summary>
    public Task<TestUser> SignUpAsync() =>
        UserAsync(
            "/api/v1/auth/signup",
            $"owner-{Guid.CreateVersion7():n}@example.com",
            "correct horse battery staple"
        );

    public Task<TestUser> SignInAsync(string email, string password) =>
        UserAsync("/api/v1/auth/login", email, password);

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            await EngineSandbox.SignalAsync("TERM", Process.Id);
        }

        await Process.WaitForExitAsync();
        Process.Dispose();
    }

    private async Task<TestUser> UserAsync(string path, string email, string password)
    {
        var client = ChanceryFixture.Client(Address);
        var response = await client.PostAsJsonAsync(
            path,
            new
            {
                email,
                password,
                name = "Olga Owner",
                organization = "Acme",
            },
            ChanceryFixture.Json
        );
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        var body = JsonSerializer.Deserialize<JsonElement>(text);
        var token = body.GetProperty("access_token").GetString()!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new TestUser(
            client,
            email,
            password,
            body.GetProperty("user").GetProperty("id").GetGuid(),
            body.GetProperty("user").GetProperty("tenant_id").GetGuid(),
            token,
            body.GetProperty("refresh_token").GetString()!
        );
    }
}
