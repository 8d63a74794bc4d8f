using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>Tells Markdown from plain text by its marks; the name helps only where they do not say enough.</summary>
internal static partial class MarkdownMarks
{
    public static bool Decide(string text, string? fileName)
    {
        // Lists and underlined blanks are everywhere in plain text: alone they prove nothing.
        var proofs =
            (Heading().IsMatch(text) ? 1 : 0)
            + (Fence().IsMatch(text) ? 1 : 0)
            + (Link().IsMatch(text) ? 1 : 0)
            + (Table().IsMatch(text) ? 1 : 0);
        var hints = (Emphasis().IsMatch(text) ? 1 : 0) + (Item().IsMatch(text) ? 1 : 0);
        return (proofs >= 1 && proofs + hints >= 2) || (proofs + hints >= 1 && IsMarkdownName(fileName));
    }

    private static bool IsMarkdownName(string? fileName) =>
        fileName is not null
        && (
            fileName.EndsWith(".md", StringComparison.OrdinalIgnoreCase)
            || fileName.EndsWith(".markdown", StringComparison.OrdinalIgnoreCase)
        );

    private const RegexOptions Options =
        RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.NonBacktracking;

    [GeneratedRegex(@"^ {0,3}#{1,6} +\S", Options)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^ {0,3}(?:```|~~~)", Options)]
    private static partial Regex Fence();

    [GeneratedRegex(@"!?\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)", Options)]
    private static partial Regex Link();

    [GeneratedRegex(@"^ {0,3}\|?(?: *:?-{3,}:? *\|)+ *(?::?-{3,}:?)? *\r?$", Options)]
    private static partial Regex Table();

    [GeneratedRegex(@"(?:\*\*|__)[^\s*_][^*_\n]{0,200}(?:\*\*|__)", Options)]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"^ {0,3}(?:[-*+]|\d{1,3}\.) +\S[^\n]*\n+ {0,6}(?:[-*+]|\d{1,3}\.) +\S", Options)]
    private static partial Regex Item();
}
