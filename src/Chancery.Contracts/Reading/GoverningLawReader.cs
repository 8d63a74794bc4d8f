using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Finds whose law governs a contract: "… governed by the laws of the State of Texas" → "Texas".</summary>
internal static partial class GoverningLawReader
{
    /// <summary>How much of a sentence is looked at from where it says that something governs.</summary>
    private const int Window = 350;

    public static string? Find(IEnumerable<Clause> clauses)
    {
        foreach (var clause in clauses)
        {
            foreach (var text in new[] { clause.Text, clause.Heading })
            {
                if (MaySay(text) && FindIn(text) is { } law)
                {
                    return law;
                }
            }
        }

        return null;
    }

    private static string? FindIn(string text)
    {
        foreach (var word in Saying().EnumerateMatches(text))
        {
            var window = text.Substring(word.Index, Math.Min(Window, text.Length - word.Index));
            if (
                (LawsOf().Match(window) is { Success: true } of ? of : LawBefore().Match(window)) is
                { Success: true } match
            )
            {
                return White().Replace(match.Groups["law"].Value, " ").Trim(' ', ',', '.');
            }
        }

        return null;
    }

    /// <summary>Most clauses do not, and are told so without a look at every word.</summary>
    private static bool MaySay(string text) =>
        text.Contains("law", StringComparison.OrdinalIgnoreCase)
        && (
            text.Contains("govern", StringComparison.OrdinalIgnoreCase)
            || text.Contains("constru", StringComparison.OrdinalIgnoreCase)
            || text.Contains("interpret", StringComparison.OrdinalIgnoreCase)
            || text.Contains("applicable law", StringComparison.OrdinalIgnoreCase)
        );

    private const string Place =
        @"(?!(?:Applicable|Any|All|Such|This|The|Its|Their|Governing|Section|Party|Parties)\b)(?<law>(?:U\.S\.A?|[A-Z][A-Za-z&'-]+)(?:(?:\s+(?:of|and|the|der|und)){0,2}\s+[A-Z][A-Za-z'-]+){0,5})";

    private const string Governed =
        @"(?:[Gg]overned|[Cc]onstrued|[Ii]nterpreted|GOVERNED|CONSTRUED|[Aa]pplicable [Ll]aw|[Gg]overning [Ll]aw|[Ee]nforced)";

    [GeneratedRegex(
        "^"
            + Governed
            + @"[^\n]{0,200}?\b(?:[Ll]aws?|LAWS?|[Ss]tatutes)\s+(?:and\s+\w+\s+)?(?:of|in|OF)\s+(?:(?:the|THE)\s+)?(?:(?:State|STATE|Commonwealth|COMMONWEALTH|Province|PROVINCE)\s+(?:of|OF)\s+)?"
            + Place,
        RegexOptions.CultureInvariant
    )]
    private static partial Regex LawsOf();

    [GeneratedRegex(Governed, RegexOptions.CultureInvariant)]
    private static partial Regex Saying();

    [GeneratedRegex(
        "^" + Governed + @"[^\n]{0,60}?\b(?:by|with|under)\s+(?:the\s+)?" + Place + @"\s+(?:[Ll]aws?|LAWS?)\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex LawBefore();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();
}
