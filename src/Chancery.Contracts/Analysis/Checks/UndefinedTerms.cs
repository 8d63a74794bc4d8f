using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Checks;

/// <summary>
/// Words that are written as defined terms and are defined nowhere. English only: in German every noun has a capital. A term shows by
/// a capital inside a sentence behind "the", "any", "each" and the like; names of people, places, bodies and laws look alike, so what
/// is known to be one is left out, and what is found is a warning.
/// </summary>
internal static class UndefinedTerms
{
    private static readonly Regex _candidates = new(
        @"\b(?:the|any|each|all|such|its|their|this|that|every|other|no|a|an)\s+(?<term>[A-Z][A-Za-z]+(?:[ -][A-Z][A-Za-z]+){0,4})\b",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>Capitalised in every contract without being defined.</summary>
    private static readonly HashSet<string> _common = new(StringComparer.Ordinal)
    {
        "Agreement",
        "Contract",
        "Lease",
        "Deed",
        "Order",
        "Party",
        "Parties",
        "Section",
        "Sections",
        "Clause",
        "Clauses",
        "Article",
        "Articles",
        "Schedule",
        "Schedules",
        "Exhibit",
        "Exhibits",
        "Annex",
        "Appendix",
        "Attachment",
        "Preamble",
        "Recital",
        "Recitals",
        "Addendum",
        "Amendment",
        "Internet",
        "State",
        "States",
        "Commonwealth",
        "Republic",
        "Kingdom",
        "Union",
        "Government",
        "Court",
        "Courts",
        "Congress",
        "Parliament",
        "Treasury",
        "Board",
        "President",
        "Secretary",
        "God",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    };

    /// <summary>A name that ends or begins so is one of a law, a body or a place.</summary>
    private static readonly HashSet<string> _ofNames = new(StringComparer.Ordinal)
    {
        "Act",
        "Code",
        "Regulation",
        "Regulations",
        "Directive",
        "Rules",
        "Law",
        "Laws",
        "Convention",
        "Treaty",
        "Association",
        "Commission",
        "Commissioner",
        "Authority",
        "Agency",
        "Bank",
        "Chamber",
        "University",
        "Institute",
        "Organization",
        "Organisation",
        "Ministry",
        "Department",
        "Council",
        "Bureau",
        "Service",
        "United",
        "European",
        "American",
        "International",
        "National",
        "Federal",
        "New",
        "North",
        "South",
        "West",
        "East",
        "English",
        "German",
        "Incoterms",
        "Street",
        "Road",
        "Avenue",
        "City",
        "County",
        "District",
        "Inc",
        "Ltd",
        "LLC",
        "GmbH",
    };

    public static IEnumerable<Finding> Run(CheckedContract contract, IReadOnlyList<DefinedTerm> defined)
    {
        if (!contract.Contract.Language.StartsWith("en", StringComparison.OrdinalIgnoreCase))
        {
            yield break;
        }

        var known = Known(contract, defined);
        var reported = new HashSet<string>(StringComparer.Ordinal);
        foreach (var clause in contract.Clauses)
        {
            foreach (Match match in _candidates.Matches(clause.Text))
            {
                var term = match.Groups["term"];
                if (
                    !IsShouted(term.Value)
                    && !term.Value.Split(' ', '-').Any(_ofNames.Contains)
                    && !IsMadeOf(term.Value, known)
                    && !IsFollowedByName(clause.Text, term.Index + term.Length)
                    && reported.Add(term.Value)
                )
                {
                    yield return clause.Finding(
                        "undefined_term",
                        IsUsedAgain(contract, clause, term) ? FindingSeverity.Warning : FindingSeverity.Info,
                        $"“{term.Value}” is written as a defined term, but the contract does not define it.",
                        term.Index,
                        term.Length
                    );
                }
            }
        }
    }

    /// <summary>What is written so only once is a name more often than a term.</summary>
    private static bool IsUsedAgain(CheckedContract contract, CheckedClause clause, Group term) =>
        contract.Clauses.Any(other =>
            DefinedTerms.PlacesOf(other.Text, term.Value).Any(at => other != clause || at != term.Index)
        );

    private static HashSet<string> Known(CheckedContract contract, IReadOnlyList<DefinedTerm> defined)
    {
        var known = new HashSet<string>(_common, StringComparer.Ordinal);
        var names = defined
            .Select(term => term.Term)
            .Concat(contract.Contract.Parties.SelectMany(party => new[] { party.Name, party.Role ?? "" }))
            .Append(contract.Contract.Title)
            .Concat(Laws.All.Select(law => law.English))
            // A clause that is called so is what "the Confidentiality Obligations" may mean.
            .Concat(contract.Clauses.Select(clause => clause.Clause.Heading));
        foreach (var name in names.Where(name => name.Length > 0))
        {
            known.UnionWith(DefinedTerms.FormsOf(name));
        }

        known.UnionWith(contract.Contract.Parties.SelectMany(party => party.Name.Split(' ')));
        return known;
    }

    /// <summary>"Customer Data" is known when it is, or when "Customer" and "Data" are.</summary>
    private static bool IsMadeOf(string term, HashSet<string> known)
    {
        if (term.Length == 0 || known.Contains(term))
        {
            return true;
        }

        for (var space = term.IndexOf(' ', StringComparison.Ordinal); space > 0; space = term.IndexOf(' ', space + 1))
        {
            if (known.Contains(term[..space]) && IsMadeOf(term[(space + 1)..], known))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsShouted(string term) => !term.Any(char.IsLower);

    /// <summary>"the Bank of England", "the Companies Act 2006", "the Acme, Inc.".</summary>
    private static bool IsFollowedByName(string text, int at)
    {
        var rest = text.AsSpan(at);
        return (rest.StartsWith(" of ") && rest.Length > 4 && char.IsUpper(rest[4]))
            || (rest.StartsWith(" of the ") && rest.Length > 8 && char.IsUpper(rest[8]))
            || (rest.Length > 1 && rest[0] == ' ' && char.IsAsciiDigit(rest[1]))
            || rest.StartsWith(", Inc")
            || rest.StartsWith(", LLC")
            || rest.StartsWith(", Ltd");
    }
}
