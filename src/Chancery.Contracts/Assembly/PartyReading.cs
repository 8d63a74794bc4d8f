using System.Text.RegularExpressions;

namespace Chancery.Contracts.Assembly;

/// <summary>The parties that an instruction names: "between Acme GmbH (Supplier) and Beta Ltd", "zwischen … und …", "with Beta Ltd".</summary>
internal static class PartyReading
{
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private const string Suffix =
        @"(?:Ltd\.?|Limited|LLC|L\.L\.C\.|Inc\.?|Incorporated|Corp\.?|Corporation|plc|PLC|LLP|LP|GmbH(?:\s&\sCo\.\sKG)?|AG|SE|KG|OHG|UG|eG|e\.V\.|S\.?A\.?R?\.?L?\.?|S\.?p\.?A\.?|S\.?r\.?l\.?|B\.?V\.?|N\.?V\.?|A/S|AB|Oy|ApS|Pty\.?|Co\.)";

    private const string Word = @"(?:[\p{Lu}0-9][\p{L}0-9.'’&-]*|&|of|de|von|van|der|del|la)";
    private const string Name = $@"[\p{{Lu}}0-9][\p{{L}}0-9.'’&-]*(?:\s{Word})*(?:,?\s{Suffix})*";
    private const string Role =
        @"(?:\s*\((?:the\s+|as\s+|als\s+|der\s+|die\s+)?(?<role{0}>[\p{L} ]{2,40})\)|,?\s+(?:as|als)\s+(?:the\s+|an?\s+)?(?<role{0}>customer|supplier|provider|client|employer|employee|landlord|tenant|discloser|recipient|contractor|consultant|lessor|lessee|disclosing party|receiving party)\b)?";

    private static readonly Regex _between = new(
        $@"\b(?i:between|zwischen)\s+(?:us,?\s+)?(?<name1>{Name}){Role.Replace("{0}", "1", StringComparison.Ordinal)}"
            + $@"(?:,\s*(?<name3>{Name}){Role.Replace("{0}", "3", StringComparison.Ordinal)})?,?\s+(?:and|und|&)\s+(?<name2>{Name}){Role.Replace("{0}", "2", StringComparison.Ordinal)}",
        Options
    );

    private static readonly Regex _lowerBetween = new(
        @"\b(?:between|zwischen)\s+(?<name1>[\p{L}0-9]+(?:\s[\p{L}0-9]+){0,2}?)\s+(?:and|und)\s+(?<name2>[\p{L}0-9]+(?:\s(?:ltd|gmbh|inc|llc|ag|limited|plc))?)\b",
        Options | RegexOptions.IgnoreCase
    );

    private static readonly Regex _other = new(
        $@"\b(?i:with|mit|hire|engage|employ|employing|hiring|for|für)\s+(?:our\s+(?:new\s+)?(?:supplier|customer|client|consultant|employee|tenant|landlord)\s+|the\s+company\s+|the\s+firm\s+)?(?<name>[\p{{Lu}}][\p{{L}}.'’&-]*(?:\s{Word})+(?:,?\s{Suffix})*|[\p{{Lu}}][\p{{L}}.'’&-]*\s{Suffix})",
        Options
    );

    private static readonly Regex _company = new($@"\s{Suffix}$", Options);

    /// <summary>The words that are taken for names, so that they are read as nothing else, and the parties in the order of the text.</summary>
    public static (IReadOnlyList<Party> Parties, bool IsOneSide) Read(string instruction)
    {
        var match = _between.Match(instruction);
        if (!match.Success)
        {
            match = _lowerBetween.Match(instruction);
        }

        if (match.Success)
        {
            var parties = new List<Party>();
            foreach (var number in (string[])["1", "3", "2"])
            {
                if (match.Groups["name" + number] is { Success: true } name)
                {
                    var role = match.Groups["role" + number];
                    parties.Add(new Party(Trim(name.Value), role.Success ? Trim(role.Value) : null));
                }
            }

            return (parties, false);
        }

        return _other.Match(instruction) is { Success: true } other && !IsNoName(other.Groups["name"].Value)
            ? ([new Party(Trim(other.Groups["name"].Value))], true)
            : ([], false);
    }

    public static bool IsCompany(string name) => _company.IsMatch(name);

    private static string Trim(string name)
    {
        var trimmed = name.Trim().TrimEnd(',');
        foreach (var ending in (string[])[" of", " de", " von", " van", " der", " del", " la", " &"])
        {
            if (trimmed.EndsWith(ending, StringComparison.Ordinal))
            {
                trimmed = trimmed[..^ending.Length];
            }
        }

        // A full stop is the sentence's, unless it is the abbreviation's: "Inc.".
        return trimmed.EndsWith('.') && !_company.IsMatch(trimmed) ? trimmed.TrimEnd('.') : trimmed;
    }

    /// <summary>"for German Law", "with Clause 5".</summary>
    private static bool IsNoName(string name) =>
        Analysis.Laws.Called(name) is not null
        || name.StartsWith("Section", StringComparison.Ordinal)
        || name.StartsWith("Clause", StringComparison.Ordinal);
}
