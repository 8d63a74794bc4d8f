using System.Diagnostics;
using System.Text.RegularExpressions;
using Chancery.Server.Tests.Architecture;
using Chancery.Server.Tests.Commands;

namespace Chancery.Server.Tests.Gateway.Faces;

/// <summary>What the page about the gateway tells people to write and type works, to the letter.</summary>
public sealed partial class GatewayPageTests(FacesFixture chancery) : IClassFixture<FacesFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_programs_of_the_page_run_and_the_commands_answer()
    {
        var folder = Directory.CreateTempSubdirectory("chancery-gateway-page-").FullName;
        Directory.CreateSymbolicLink(Path.Combine(folder, "node_modules"), NodeModules.Folder());
        var outputs = new List<string>();

        foreach (var program in Programs())
        {
            var script = Path.Combine(folder, $"sample-{outputs.Count}.mjs");
            await File.WriteAllTextAsync(script, Here(program), Cancel);
            var (output, errors) = await NodeModules.RunAsync(script, chancery, Patience);
            Assert.True(output.Length > 0, errors);
            outputs.Add(output);
        }

        foreach (var command in DocsScript.Blocks("docs/gateway.md"))
        {
            outputs.Add(await ShellAsync(Here(command)));
        }

        Assert.Collection(
            outputs,
            cited => Assert.Contains("thirty days", cited, StringComparison.Ordinal),
            hello => Assert.Contains("Claude answers.", hello, StringComparison.Ordinal),
            response => Assert.Contains("url_citation", response, StringComparison.Ordinal),
            models => Assert.Contains("knowledge/all", models, StringComparison.Ordinal)
        );
        Directory.Delete(folder, recursive: true);
    }

    private string Here(string text) =>
        text.Replace("localhost:8000", chancery.Address.Authority, StringComparison.Ordinal);

    private static IEnumerable<string> Programs() =>
        JavaScriptBlock().Matches(SourceTree.Read("docs", "gateway.md")).Select(match => match.Groups[1].Value);

    private async Task<string> ShellAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KEY"] = chancery.Key;
        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(Cancel);
        var output = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);
        Assert.True(bash.ExitCode == 0, $"{output}\n{await errors}");
        return output;
    }

    [GeneratedRegex("```js\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JavaScriptBlock();
}
