using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Commands;

/// <summary>One real server for the tests of the command line; each test signs up its own organisation.</summary>
public sealed class RunningServer : IAsyncLifetime
{
    private readonly string _root = ServerProcess.NewDirectory();

    internal ServerProcess Process { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Process = await ServerProcess.StartAsync(Path.Combine(_root, "data"));

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}

/// <summary>Somebody at a terminal: a folder, a home of their own, and an organisation.</summary>
internal sealed class Desk(ServerProcess server, TestUser user, string root) : IDisposable
{
    public TestUser User => user;

    public string Folder { get; } = Directory.CreateDirectory(Path.Combine(root, "folder")).FullName;

    public string Config => Path.Combine(root, "config", "chancery", "credentials.json");

    public Dictionary<string, string?> Environment { get; } =
        new()
        {
            ["XDG_CONFIG_HOME"] = Path.Combine(root, "config"),
            ["XDG_STATE_HOME"] = Path.Combine(root, "state"),
            ["CHANCERY_SERVER"] = server.Address.ToString(),
            ["CHANCERY_API_KEY"] = null,
        };

    public static async Task<Desk> NewAsync(ServerProcess server, bool signedIn = true)
    {
        var desk = new Desk(
            server,
            await server.SignUpAsync(),
            Directory.CreateTempSubdirectory("chancery-desk-").FullName
        );
        if (signedIn)
        {
            var login = await desk.LoginAsync();
            Assert.True(login.Code == 0, login.ToString());
        }

        return desk;
    }

    public Task<Run> LoginAsync() =>
        ChanceryProgram.RunAsync(["login", "--email", user.Email], Environment, user.Password + "\n", Folder);

    public Task<Run> RunAsync(params string[] arguments) =>
        ChanceryProgram.RunAsync(arguments, Environment, folder: Folder);

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Lets the kept access token look as if it had ended.</summary>
    public void Expire()
    {
        var kept = JsonNode.Parse(File.ReadAllText(Config))!;
        foreach (var (_, credential) in kept["servers"]!.AsObject())
        {
            credential!["expires_at"] = "2020-01-01T00:00:00+00:00";
        }

        File.WriteAllText(Config, kept.ToJsonString());
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
