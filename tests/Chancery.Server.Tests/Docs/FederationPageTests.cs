using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Commands;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the pages about other issuers and directories tell people to type works, to the letter.</summary>
public sealed class FederationPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_about_issuers_answer_what_the_page_says()
    {
        var user = await chancery.SignUpAsync();
        var environment = new Dictionary<string, string> { ["TOKEN"] = user.AccessToken };
        var blocks = DocsScript.Blocks("docs/federation.md");
        Assert.Equal(3, blocks.Count);

        var made = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[0], environment));
        environment["ISSUER_ID"] = made.Text("id");
        var check = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[1], environment));
        await RunAsync(blocks[2], environment);
        using var gone = await user.Http.GetAsync($"/api/v1/identity/issuers/{made.Text("id")}", Cancel);

        Assert.EndsWith("/login/callback", made.Text("redirect_uri"), StringComparison.Ordinal);
        Assert.EndsWith($"/login/with/{made.Text("id")}", made.Text("sign_in_url"), StringComparison.Ordinal);
        // Nobody answers at the example's address.
        Assert.False(check.GetProperty("reachable").GetBoolean());
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task The_commands_about_directories_answer_what_the_page_says()
    {
        var user = await chancery.SignUpAsync();
        var environment = new Dictionary<string, string> { ["TOKEN"] = user.AccessToken };
        var blocks = DocsScript.Blocks("docs/scim.md");
        Assert.Equal(2, blocks.Count);

        var key = JsonSerializer.Deserialize<JsonElement>(await RunAsync(blocks[0], environment));
        environment["SCIM_KEY"] = key.Text("key");
        var said = await RunAsync(blocks[1], environment);

        Assert.Contains("\"totalResults\":1", said, StringComparison.Ordinal);
        Assert.Contains("\"active\":false", said, StringComparison.Ordinal);
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
