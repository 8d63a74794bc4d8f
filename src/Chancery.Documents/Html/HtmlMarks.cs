using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>Tells a page of HTML from a text that speaks of it.</summary>
internal static partial class HtmlMarks
{
    private const int LeastTags = 6;

    /// <summary>Says by its first tag that it is a page.</summary>
    public static bool Begins(string text) => Beginning().IsMatch(text);

    public static bool Decide(string text, string? fileName) =>
        Begins(text) || (IsHtmlName(fileName) && Tag().IsMatch(text)) || Tag().Count(text) >= LeastTags && Opens(text);

    private const RegexOptions Options =
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking;

    private static bool Opens(string text) => text.AsSpan().TrimStart().StartsWith('<');

    private static bool IsHtmlName(string? fileName) =>
        Path.GetExtension(fileName)?.ToUpperInvariant() is ".HTML" or ".HTM" or ".XHTML" or ".XHT";

    [GeneratedRegex(@"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)*(?:<!doctype html|<html[\s>])", Options)]
    private static partial Regex Beginning();

    [GeneratedRegex(
        @"</?(?:html|head|body|title|div|p|h[1-6]|table|tr|td|ul|ol|li|section|article|span|a|br)(?:\s[^<>]*)?/?>",
        Options
    )]
    private static partial Regex Tag();
}
