using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Finds whose law governs a contract: "… governed by the laws of the State of Texas" → "Texas".</summary>
internal static partial class GoverningLawReader
{
    public static string? Find(IEnumerable<Clause> clauses)
    {
        foreach (var clause in clauses)
        {
            foreach (var text in new[] { clause.Text, clause.Heading })
            {
                if (
                    text.Length > 20
                    && (LawsOf().Match(text) is { Success: true } of ? of : LawBefore().Match(text))
                        is { Success: true } match
                )
                {
                    return White().Replace(match.Groups["law"].Value, " ").Trim(' ', ',', '.');
                }
            }
        }

        return null;
    }

    private const string Place =
        @"(?<law>(?:U\.S\.A?|[A-Z][A-Za-z&'-]+)(?:(?:\s+(?:of|and|the|der|und)){0,2}\s+[A-Z][A-Za-z'-]+){0,5})";

    private const string Governed =
        @"(?:[Gg]overned|[Cc]onstrued|[Ii]nterpreted|GOVERNED|CONSTRUED|[Aa]pplicable [Ll]aw|[Gg]overning [Ll]aw|[Ee]nforced|[Ss]ubject to|[Pp]ursuant to)";

    [GeneratedRegex(
        Governed
            + @"[^\n]{0,200}?\b(?:[Ll]aws?|LAWS?|[Ss]tatutes)\s+(?:and\s+\w+\s+)?(?:of|in|OF)\s+(?:(?:the|THE)\s+)?(?:(?:State|STATE|Commonwealth|COMMONWEALTH|Province|PROVINCE)\s+(?:of|OF)\s+)?"
            + Place,
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex LawsOf();

    [GeneratedRegex(
        Governed + @"[^\n]{0,60}?\b(?:by|with|under)\s+(?:the\s+)?" + Place + @"\s+(?:[Ll]aws?|LAWS?)\b",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex LawBefore();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();
}
