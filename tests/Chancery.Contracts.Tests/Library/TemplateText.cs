using System.Text.RegularExpressions;

namespace Chancery.Contracts.Tests.Library;

internal static partial class TemplateText
{
    /// <summary>The names between double braces.</summary>
    public static IEnumerable<string> Blanks(string text) =>
        Marks().Matches(text).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"\{\{([^}]+)\}\}")]
    private static partial Regex Marks();
}
