using System.Text.RegularExpressions;

namespace Chancery.Evaluation.RedTeam;

/// <summary>
/// Templates of cases: <c>{{mark_a}}</c> and its like stand for values of the run, <c>{{#tags}}…{{/tags}}</c> and its like for what is between them
/// in another writing (<see cref="Writings"/>). One writing may stand within another.
/// </summary>
public static partial class AttackText
{
    // Templates may come from elsewhere, and writings make them longer.
    private const int MostWritings = 16;
    private const int LongestFilled = 100_000;

    /// <summary>What only a model knows that sees the whole of its prompt: its rules, with and without their first line, and what it was told.</summary>
    public static IReadOnlySet<string> OfModels { get; } =
        new HashSet<string>(StringComparer.Ordinal) { "rules", "rules_body", "context" };

    /// <summary>Filled with the values of a run.</summary>
    public static string Fill(string template, AttackValues values, string caseId)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Fill(template, name => values.Find(name, caseId));
    }

    /// <summary>Filled with what a function says; names of which it says null stay.</summary>
    public static string Fill(string template, Func<string, string?> valueOf)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(valueOf);
        var filled = Name().Replace(template, match => valueOf(match.Groups[1].Value) ?? match.Value);
        // The innermost first, so that what is written twice is written once within.
        for (var left = MostWritings; left > 0 && filled.Length <= LongestFilled; left--)
        {
            if (Section().Match(filled) is not { Success: true } found)
            {
                break;
            }

            var written = Writings.Write(found.Groups[1].Value, found.Groups[2].Value);
            filled = filled[..found.Index] + written + filled[(found.Index + found.Length)..];
        }

        return filled;
    }

    /// <summary>The parts of a template that are letter by letter in what is filled of it, the longest first.</summary>
    public static IReadOnlyList<string> Literals(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        return
        [
            .. Name()
                .Split(Sections().Replace(template, "{{mark}}"))
                .Where((_, index) => index % 2 == 0)
                .OrderByDescending(part => part.Length),
        ];
    }

    /// <summary>A name or a writing that there is not; null where there is none.</summary>
    internal static string? Unknown(string template)
    {
        foreach (Match match in Name().Matches(template))
        {
            if (!AttackValues.Names.Contains(match.Groups[1].Value))
            {
                return match.Groups[1].Value;
            }
        }

        foreach (Match match in Opening().Matches(template))
        {
            if (!Writings.Has(match.Groups[1].Value))
            {
                return "#" + match.Groups[1].Value;
            }
        }

        return null;
    }

    [GeneratedRegex(@"\{\{([a-z_]{1,30})\}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"\{\{#([a-z0-9_]{1,30})\}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Opening();

    // No other opening stands between its own and its end.
    [GeneratedRegex(@"\{\{#([a-z0-9_]{1,30})\}\}((?:(?!\{\{#)[\s\S])*?)\{\{/\1\}\}")]
    private static partial Regex Section();

    [GeneratedRegex(@"\{\{#([a-z0-9_]{1,30})\}\}[\s\S]*?\{\{/\1\}\}")]
    private static partial Regex Sections();
}
