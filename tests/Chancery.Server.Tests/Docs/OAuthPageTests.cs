using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Commands;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about applications tells people to type works, to the letter.</summary>
public sealed class OAuthPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_of_the_page_answer_what_the_page_says()
    {
        var user = await chancery.SignUpAsync();
        var environment = new Dictionary<string, string> { ["TOKEN"] = user.AccessToken };
        var blocks = DocsScript.Blocks("docs/oauth.md");
        Assert.Equal(4, blocks.Count);

        var client = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[0], environment));
        environment["CLIENT_ID"] = client.Text("id");
        environment["CLIENT_SECRET"] = client.Text("secret");
        var tokens = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[1], environment));
        environment["ACCESS_TOKEN"] = tokens.Text("access_token");
        var told = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[2], environment));
        var device = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[3], environment));

        Assert.Equal("documents:read", tokens.Text("scope"));
        Assert.True(told.GetProperty("active").GetBoolean());
        Assert.Equal(5, device.GetProperty("interval").GetInt32());
        var after = await chancery.GetStatusAsync(tokens.Text("access_token"), "/api/v1/docs");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, after);
    }

    private async Task<string> RunAsync(string script, Dictionary<string, string> environment)
    {
        var here = script.Replace("localhost:8000", chancery.Address.Authority, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", here])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(Cancel);
        var output = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);
        Assert.True(bash.ExitCode == 0, $"{output}\n{await errors}");
        return output;
    }
}
