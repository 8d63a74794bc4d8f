using System.Text.RegularExpressions;
using Chancery.Server.Tests.Architecture;

namespace Chancery.Server.Tests.Commands;

/// <summary>The commands that a page tells people to type.</summary>
internal static partial class DocsScript
{
    public static IReadOnlyList<string> Blocks(string page) =>
        [.. ShellBlock().Matches(SourceTree.Read(page.Split('/'))).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
