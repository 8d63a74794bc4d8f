using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Architecture;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Tls;
using Chancery.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about TLS tells people to type works, to the letter, with the settings that it shows.</summary>
public sealed partial class TlsPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_of_the_page_make_certificates_that_a_service_signs_in_with()
    {
        using var folder = new RenewedFolder();
        var blocks = DocsScript.Blocks("docs/tls.md");
        Assert.Equal(5, blocks.Count);
        var environment = new Dictionary<string, string>();
        await RunAsync(blocks[0], folder, "", environment);
        await RunAsync(blocks[1], folder, "", environment);
        var user = await chancery.SignUpAsync();
        environment["TOKEN"] = user.AccessToken;

        await using var app = Build(folder);
        await app.StartAsync(Cancel);
        var server = new Uri(app.Urls.Single()).Authority;
        var client = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[2], folder, server, environment));
        environment["CLIENT_ID"] = client.Text("id");
        var tokens = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[3], folder, server, environment));
        environment["ACCESS_TOKEN"] = tokens.Text("access_token");
        await RunAsync(blocks[4], folder, server, environment);
        var revoked = await StartAsync(
            blocks[3].Replace("billing", "shipping", StringComparison.Ordinal),
            folder,
            server,
            environment
        );
        await app.StopAsync(Cancel);

        Assert.Equal("documents:read", tokens.Text("scope"));
        Assert.NotEqual(0, revoked.Code);
    }

    private WebApplication Build(RenewedFolder folder) =>
        Program.Build(
            chancery.Storage,
            builder =>
            {
                builder.Environment.EnvironmentName = "Local";
                builder.Configuration.AddInMemoryCollection(chancery.Settings);
                var settings = SettingsBlock().Match(SourceTree.Read("docs", "tls.md")).Groups[1].Value;
                foreach (var pair in settings.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    var (name, value) = (pair.Split('=')[0], pair.Split('=')[1]);
                    builder.Configuration[name] = value.Contains('/', StringComparison.Ordinal)
                        ? Path.Combine(folder.Path, value)
                        : value;
                }

                builder.UseAddress("127.0.0.1", 0);
            }
        );

    private static async Task<string> RunAsync(
        string block,
        RenewedFolder folder,
        string server,
        Dictionary<string, string> environment
    )
    {
        var run = await StartAsync(block, folder, server, environment);
        Assert.True(run.Code == 0, run.ToString());
        return run.Output;
    }

    private static async Task<Run> StartAsync(
        string block,
        RenewedFolder folder,
        string server,
        Dictionary<string, string> environment
    )
    {
        var here = block.Replace("localhost:8000", server, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", here])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(Cancel);
        var output = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);
        return new Run(bash.ExitCode, output, await errors);
    }

    [GeneratedRegex("```ini\n(TLS_CERT_FILE=.*?)```", RegexOptions.Singleline)]
    private static partial Regex SettingsBlock();
}
