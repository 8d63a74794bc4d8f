using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Assembly;

/// <summary>The law that an instruction asks for: "under German law", "laws of the State of New York", "nach deutschem Recht".</summary>
internal static class LawReading
{
    private static readonly Regex _unknown = new(
        @"\b(?:laws?\s+of|governed\s+by|recht\s+(?:von|der))\s+(?:the\s+)?(?<law>\p{Lu}\p{L}+(?:\s+(?:and\s+)?\p{Lu}\p{L}+){0,3})",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly string[] _before =
    [
        "law of",
        "laws of",
        "law of the",
        "laws of the",
        "governed by",
        "under",
        "law:",
        "law is",
        "recht von",
        "recht der",
        "law to",
        "law",
        "courts of",
    ];

    /// <summary>In the words of the language; null: it asks for none.</summary>
    public static string? Read(string instruction, string language)
    {
        var best = (Law: (Law?)null, Length: 0);
        foreach (var law in Laws.All)
        {
            foreach (var name in law.Names)
            {
                if (name.Length > best.Length && IsAskedFor(instruction, name))
                {
                    best = (law, name.Length);
                }
            }
        }

        return best.Law?.NameIn(language)
            ?? (_unknown.Match(instruction) is { Success: true } match ? match.Groups["law"].Value : null);
    }

    private static bool IsAskedFor(string instruction, string name)
    {
        var at = Laws.IndexOf(instruction, name);
        if (at < 0)
        {
            return false;
        }

        if (name.EndsWith(" law", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var after = instruction[(at + name.Length)..].TrimStart();
        var before = instruction[..at].TrimEnd();
        if (before.EndsWith(" the", StringComparison.OrdinalIgnoreCase))
        {
            before = before[..^4].TrimEnd();
        }

        return after.StartsWith("law", StringComparison.OrdinalIgnoreCase)
            || after.StartsWith("recht", StringComparison.OrdinalIgnoreCase)
            || _before.Any(words => before.EndsWith(words, StringComparison.OrdinalIgnoreCase));
    }
}
