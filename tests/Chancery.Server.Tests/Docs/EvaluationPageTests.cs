using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about evaluation tells people to type works, to the letter.</summary>
public sealed class EvaluationPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_of_the_page_make_a_dataset_and_run_it()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Terms\n\nThe notice period is thirty days.");

        var said = await RunAsync(Assert.Single(DocsScript.Blocks("docs/evaluation.md")), user.AccessToken);

        var results = JsonSerializer.Deserialize<JsonElement>(said).Items();
        Assert.Equal(1, results[0].Value("contains_answer"));
        Assert.Equal(1, results[0].Value("citation_recall"));
        Assert.Equal(1, results[1].Value("refusal_correct"));
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
