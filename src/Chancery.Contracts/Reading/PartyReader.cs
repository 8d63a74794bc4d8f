using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Finds who is bound: names before the roles that a contract's opening gives them, "Acme GmbH (the “Supplier”)".</summary>
internal static partial class PartyReader
{
    /// <summary>Parties are named at the beginning.</summary>
    private const int Reach = 6000;
    private const int MaxParties = 12;
    private const int MaxName = 120;

    private static readonly string[] NoRoles =
    [
        "agreement",
        "contract",
        "amendment",
        "effective date",
        "commencement date",
        "party",
        "parties",
        "date",
        "services",
        "product",
        "products",
        "term",
        "territory",
        "execution date",
        "closing",
        "lease",
        "affiliate",
        "affiliates",
        "exhibit",
        "recitals",
        "act",
        "vertrag",
        "partei",
        "parteien",
    ];

    public static IReadOnlyList<Party> Find(string opening)
    {
        var text = opening.Length > Reach ? opening[..Reach] : opening;
        var parties = new List<Party>();
        var from = 0;
        foreach (Match role in Role().Matches(text))
        {
            var called = role.Groups["role"].Value.Trim(' ', ',', '.');
            var before = text[from..role.Index];
            from = role.Index + role.Length;
            if (parties.Count == MaxParties)
            {
                break;
            }

            if (IsRole(called) && NameIn(before) is { } name && !parties.Exists(party => party.Name == name))
            {
                parties.Add(new Party(name, called));
            }
        }

        return parties.Count > 1 ? parties : WithoutRoles(text) ?? parties;
    }

    private static bool IsRole(string called) =>
        called.Length is >= 1 and <= 60
        && !NoRoles.Any(no =>
            called.Equals(no, StringComparison.OrdinalIgnoreCase)
            || called.EndsWith($" {no}", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>"by and between Acme Inc., a Delaware corporation, and Beta LLC …", without roles.</summary>
    private static List<Party>? WithoutRoles(string text)
    {
        var between = Between().Match(text);
        if (!between.Success)
        {
            return null;
        }

        var parties = new List<Party>();
        foreach (
            var side in Joint()
                .Split(text[(between.Index + between.Length)..Math.Min(text.Length, between.Index + 600)])
                .Take(2)
        )
        {
            if (CutAtDescription(side) is { Length: >= 3 and <= MaxName } name && char.IsUpper(name[0]))
            {
                parties.Add(new Party(name));
            }
        }

        return parties.Count == 2 ? parties : null;
    }

    /// <summary>The name in the words between a role and the one before it, without what describes it.</summary>
    private static string? NameIn(string before)
    {
        var start = 0;
        foreach (var opener in Opener().EnumerateMatches(before))
        {
            start = opener.Index + opener.Length;
        }

        var name = CutAtDescription(Connector().Replace(before[start..], ""));
        return
            name.Length is >= 2 and <= MaxName
            && (char.IsUpper(name[0]) || char.IsDigit(name[0]) || name[0] == '[')
            && !NoName().IsMatch(name)
            ? name
            : null;
    }

    private static string CutAtDescription(string text)
    {
        text = text.Trim(' ', ',', ';', ':', '\n', '(');
        var description = Description().Match(text);
        var name = (description.Success ? text[..description.Index] : text).Trim(
            ' ',
            ',',
            ';',
            ':',
            '\n',
            '(',
            '“',
            '"'
        );
        return White().Replace(name, " ");
    }

    [GeneratedRegex(
        @"\(\s*(?:(?:each|both|collectively|together|individually|hereinafter|hereafter|herein|referred|called|to|as|known|in|this|agreement|and|for|its|successors|also|sometimes|jointly|or|be|is|with|affiliates|the|,|a)\s+|,\s*)*(?:the\s+)?[""“”‘'](?<role>[^""“”’'()]{1,60})[""”“’'][^()]{0,80}\)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Role();

    [GeneratedRegex(
        @"\b(?:by and between|by and among|between|among|BETWEEN|B E T W E E N|AMONG|zwischen|is made (?:by|with)|parties are|PARTIES)\b:?|(?:^|\n)(?:BETWEEN|AND|and|und)\s*[:\n]|\(\d\)\s",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Opener();

    [GeneratedRegex(
        @"\b(?:by and between|by and among|between|zwischen)\b:?\s",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Between();

    [GeneratedRegex(@",?\s+(?:and|und)\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Joint();

    [GeneratedRegex(
        @",\s*(?:an?|the|organized|incorporated|having|with|whose|located|of|on behalf|acting|formed|existing|duly|its|established|for|in|as|at|as of|\d|mit|eine?)\s|\s(?:an?|having|with|whose|located|organized|incorporated|duly|mit Sitz)\s|\s\(|,\s*\d|\n",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Description();

    [GeneratedRegex(@"^[\s,;:.)(-]*(?:(?:and|und|AND|by|with|&)\b[\s,;:(]*)*(?:\d[.)]\s*)?")]
    private static partial Regex Connector();

    [GeneratedRegex(
        @"\b(shall|is|are|was|agree|agrees|hereto|click|agreement|whereas|made|entered|herein|hereof|dated)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex NoName();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();
}
