using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis;
using Chancery.Contracts.Analysis.Quantities;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>The clauses that an instruction asks for beside the template's, "with a non-compete", or does not want, "without publicity".</summary>
internal static class ExtraClauses
{
    /// <summary>Characters around a clause's name in which its period or amount stands: "a 12-month non-compete".</summary>
    private const int Near = 30;

    private static readonly Regex _without = new(
        @"\b(?:without|no|not|excluding|except|omit|leave out|ohne|kein|keine)\s+(?:an?\s+|any\s+|the\s+|eine?\s+)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>Words that also say how something is, "payment within 30 days", and ask for no clause by themselves.</summary>
    private static readonly HashSet<string> _alsoOrdinary = new(StringComparer.OrdinalIgnoreCase)
    {
        "term",
        "payment",
        "payment terms",
        "notices",
        "taxes",
        "expenses",
        "warranty",
        "renewal",
        "feedback",
        "authority",
        "acceptance",
        "waiver",
        "amendment",
        "amendments",
        "assignment",
        "suggestions",
        "license",
        "commission",
        "transition",
        "negotiation",
        "privacy",
        "secrecy",
        "integration",
        "kündigung",
        "kündigungsfrist",
        "haftung",
        "änderungen",
    };

    /// <summary>What is read is blanked out of <paramref name="rest"/>.</summary>
    public static (
        IReadOnlyList<(LibraryClause Clause, IReadOnlyDictionary<string, string> Variables)> Extras,
        IReadOnlyList<ClauseType> Unwanted
    ) Read(ContractTemplate template, ref string rest)
    {
        var has = template
            .Clauses.SelectMany(clause => clause.Walk())
            .Select(clause => clause.Type)
            .OfType<ClauseType>()
            .ToHashSet();
        var extras = new List<(LibraryClause, IReadOnlyDictionary<string, string>)>();
        var unwanted = new List<ClauseType>();
        var taken = new HashSet<ClauseType>();
        foreach (var (clause, name) in Named(template.Language))
        {
            var at = Laws.IndexOf(rest.Replace('-', ' '), name.Replace('-', ' '));
            if (at < 0)
            {
                continue;
            }

            if (_without.IsMatch(rest[..at]))
            {
                unwanted.Add(clause.Type);
                rest = QuantityReading.Blank(rest, at, name.Length);
            }
            else if (!has.Contains(clause.Type) && !_alsoOrdinary.Contains(name) && taken.Add(clause.Type))
            {
                var variables = VariablesOf(clause, ref rest, at, name.Length);
                rest = QuantityReading.Blank(rest, at, name.Length);
                extras.Add((clause, variables));
            }
        }

        return (extras, unwanted);
    }

    /// <summary>The longest names first, so that "non-solicitation of customers" is not taken for the other one.</summary>
    private static IEnumerable<(LibraryClause Clause, string Name)> Named(string language) =>
        ClauseLibrary
            .Clauses.Where(clause => ClauseLibrary.SameLanguage(clause.Language, language))
            .SelectMany(clause => clause.Names.Select(name => (clause, name)))
            .OrderByDescending(named => named.name.Length);

    /// <summary>A period or an amount beside a clause's name is that of its first blank of the kind.</summary>
    public static Dictionary<string, string> VariablesOf(LibraryClause clause, ref string text, int at, int length)
    {
        var values = new Dictionary<string, string>();
        var (from, to) = (Math.Max(0, at - Near), Math.Min(text.Length, at + length + Near));
        var around = text[from..to];
        if (clause.Variables.FirstOrDefault(variable => variable.Kind == VariableKind.Period) is { } period)
        {
            // "of 12 months" behind the name, up to the next thing that is named; else "a 12-month" before it.
            var found = Nearest(
                Periods.In(around).Select(found => (found.Start, found.Length)),
                at - from,
                length,
                around
            );
            if (
                found is { } place
                && Periods.In(around.Substring(place.Start, place.Length)).FirstOrDefault() is { Length: > 0 } value
            )
            {
                values[period.Name] = QuantityReading.Written(
                    around,
                    value with
                    {
                        Start = place.Start,
                        Length = place.Length,
                    }
                );
                text = QuantityReading.Blank(text, from + place.Start, place.Length);
            }
        }

        if (clause.Variables.FirstOrDefault(variable => variable.Kind == VariableKind.Amount) is { } amount)
        {
            if (
                Nearest(Amounts.In(around).Select(found => (found.Start, found.Length)), at - from, length, around) is
                { } place
            )
            {
                values[amount.Name] = around.Substring(place.Start, place.Length);
                text = QuantityReading.Blank(text, from + place.Start, place.Length);
            }
        }

        return values;
    }

    private static (int Start, int Length)? Nearest(
        IEnumerable<(int Start, int Length)> places,
        int at,
        int length,
        string text
    ) =>
        places
            .Where(place => !Between(text, place, at, length).Any(c => c is ',' or ';' or '.'))
            .OrderBy(place => place.Start < at ? at - place.Start - place.Length : place.Start - at - length)
            .Select(place => ((int, int)?)place)
            .FirstOrDefault();

    private static string Between(string text, (int Start, int Length) place, int at, int length) =>
        place.Start < at
            ? text[Math.Min(place.Start + place.Length, at)..at]
            : text[Math.Min(at + length, text.Length)..Math.Max(Math.Min(at + length, text.Length), place.Start)];
}
