using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Library;

/// <summary>What the blanks of a template stand for in one contract.</summary>
public sealed record TemplateValues
{
    public IReadOnlyList<Party> Parties { get; init; } = [];

    public DateOnly? EffectiveDate { get; init; }

    public string? GoverningLaw { get; init; }

    /// <summary>By the name of the variable.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}

/// <summary>Clauses with their blanks filled.</summary>
/// <param name="IdOfKey">The id of each clause that has a key in the template.</param>
/// <param name="Sources">By id: what each clause was made of.</param>
/// <param name="Missing">Labels of blanks that nothing was known for; the text has a mark there: "[● the purpose]".</param>
public sealed record FilledClauses(
    IReadOnlyList<Clause> Clauses,
    IReadOnlyDictionary<string, Guid> IdOfKey,
    IReadOnlyDictionary<Guid, TemplateClause> Sources,
    IReadOnlyList<string> Missing
);

/// <summary>Writes values into the blanks of templates and clauses.</summary>
public static partial class TemplateFilling
{
    /// <summary>What begins a mark that something is missing, as lawyers write it.</summary>
    public const string MissingMark = "[●";

    /// <param name="known">Ids of clauses outside that a text may name by a key.</param>
    public static FilledClauses Fill(
        IReadOnlyList<TemplateClause> clauses,
        IReadOnlyList<TemplateVariable> variables,
        string language,
        TemplateValues values,
        IReadOnlyDictionary<string, Guid>? known = null
    )
    {
        var ids = new Dictionary<string, Guid>(known ?? new Dictionary<string, Guid>());
        foreach (var clause in clauses.SelectMany(clause => clause.Walk()))
        {
            if (clause.Key is { } key)
            {
                ids[key] = Guid.CreateVersion7();
            }
        }

        var filling = new Filling(variables, language, values, ids);
        return new FilledClauses(
            [.. clauses.Select(filling.Clause)],
            ids,
            filling.Sources,
            [.. filling.Missing.Distinct()]
        );
    }

    /// <summary>A date as contracts write it: "1 March 2026", "1. März 2026".</summary>
    public static string Write(DateOnly date, string language) =>
        ClauseLibrary.SameLanguage(language, "de")
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{date.Day}. {MonthNames.German[date.Month - 1]} {date.Year}"
            )
            : date.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{\{([A-Za-z0-9_:-]+)\}\}")]
    private static partial Regex Blanks();

    private sealed class Filling(
        IReadOnlyList<TemplateVariable> variables,
        string language,
        TemplateValues values,
        Dictionary<string, Guid> ids
    )
    {
        private readonly bool _isGerman = ClauseLibrary.SameLanguage(language, "de");

        public List<string> Missing { get; } = [];

        public Dictionary<Guid, TemplateClause> Sources { get; } = [];

        public Clause Clause(TemplateClause source)
        {
            var id = source.Key is { } key ? ids[key] : Guid.CreateVersion7();
            Sources.Add(id, source);
            return new Clause(id)
            {
                Heading = Fill(source.Heading),
                Text = Fill(source.Text),
                IsNumbered = source.IsNumbered,
                Children = [.. source.Children.Select(Clause)],
            };
        }

        private string Fill(string text) => Blanks().Replace(text, match => ValueOf(match.Groups[1].Value));

        private string ValueOf(string name)
        {
            var (kind, rest) = name.Split(':') is [var first, var second] ? (first, second) : (name, "");
            return kind switch
            {
                "clause" => ids.TryGetValue(rest, out var id)
                    ? ClauseReference.To(id)
                    : Mark(_isGerman ? "Verweis" : "reference"),
                "party" => PartyAt(rest)?.Name ?? Mark(_isGerman ? $"Name der Partei {rest}" : $"name of party {rest}"),
                "role" => RoleAt(rest, isOpening: false),
                "Role" => RoleAt(rest, isOpening: true),
                "address" => PartyAt(rest)?.Address
                    ?? Mark(_isGerman ? $"Anschrift der Partei {rest}" : $"address of party {rest}"),
                "date" => values.EffectiveDate is { } date
                    ? Write(date, language)
                    : Mark(_isGerman ? "Datum des Inkrafttretens" : "effective date"),
                "law" => values.GoverningLaw ?? Mark(_isGerman ? "anwendbares Recht" : "governing law"),
                _ => Variable(name),
            };
        }

        private string Variable(string name)
        {
            var variable = variables.FirstOrDefault(variable => variable.Name == name);
            return values.Variables.GetValueOrDefault(name) ?? variable?.Default ?? Mark(variable?.Label ?? name);
        }

        /// <summary>"the Supplier", or its name where the contract has no name for what it is.</summary>
        private string RoleAt(string number, bool isOpening)
        {
            var party = PartyAt(number);
            // German articles follow gender and case, which a role does not tell.
            return party is null ? (_isGerman ? Mark($"Partei {number}") : Mark($"party {number}"))
                : party.Role is not { Length: > 0 } role ? party.Name
                : _isGerman ? role
                : $"{(isOpening ? "The" : "the")} {role}";
        }

        private Party? PartyAt(string number) =>
            int.TryParse(number, CultureInfo.InvariantCulture, out var at) && at >= 1 && at <= values.Parties.Count
                ? values.Parties[at - 1]
                : null;

        private string Mark(string label)
        {
            Missing.Add(label);
            return $"{MissingMark} {label}]";
        }
    }
}
