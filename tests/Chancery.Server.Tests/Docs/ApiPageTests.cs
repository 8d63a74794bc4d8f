using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Knowledge;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about the API tells people to type works, to the letter.</summary>
public sealed class ApiPageTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_of_the_page_answer_what_the_page_says()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Terms\n\nThe notice period is thirty days.");
        var outputs = new List<JsonElement>();

        foreach (var block in DocsScript.Blocks("docs/api.md"))
        {
            outputs.Add(JsonSerializer.Deserialize<JsonElement>(await RunAsync(block, user.AccessToken)));
        }

        Assert.Equal(
            ["Contracts"],
            outputs.Where(one => one.TryGetProperty("name", out _)).Select(one => one.Text("name"))
        );
        var vectors = Assert.Single(outputs, one => one.TryGetProperty("data", out _));
        Assert.Equal(2, vectors.GetProperty("data").GetArrayLength());
        var replay = Assert.Single(outputs, one => one.TryGetProperty("after", out _));
        Assert.Equal(1, replay.GetProperty("kept").GetInt32());
        Assert.Equal("lexical", replay.GetProperty("after").Text("mode"));
    }

    private async Task<string> RunAsync(string script, string token)
    {
        var here = script.Replace("localhost:8000", chancery.Address.Authority, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", here])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TOKEN"] = token;
        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(Cancel);
        var output = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);
        Assert.True(bash.ExitCode == 0, $"{output}\n{await errors}");
        return output;
    }
}
