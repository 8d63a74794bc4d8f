using System.Diagnostics;
using System.Text.RegularExpressions;
using Chancery.Server.Tests.Architecture;

namespace Chancery.Server.Tests.Commands;

/// <summary>The commands that a page tells people to type.</summary>
internal static partial class DocsScript
{
    public static IReadOnlyList<string> Blocks(string page) =>
        [.. ShellBlock().Matches(SourceTree.Read(page.Split('/'))).Select(match => match.Groups[1].Value)];

    /// <summary>Runs a block as it stands there, against another server and with <c>$TOKEN</c>; fails where it fails.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(
        string block,
        Uri server,
        string token,
        CancellationToken cancellationToken
    )
    {
        var here = block.Replace("localhost:8000", server.Authority, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", here])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TOKEN"] = token;
        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(cancellationToken);
        var output = await bash.StandardOutput.ReadToEndAsync(cancellationToken);
        await bash.WaitForExitAsync(cancellationToken);
        Assert.True(bash.ExitCode == 0, $"{output}\n{await errors}");
        return output;
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
