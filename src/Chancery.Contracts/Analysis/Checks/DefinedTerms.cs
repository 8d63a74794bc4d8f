using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Checks;

/// <summary>A term where it is defined.</summary>
/// <param name="Start">Of the term itself in the clause's text.</param>
internal sealed record DefinedTerm(string Term, CheckedClause Clause, int Start);

/// <summary>The terms that a contract defines, and how its texts use them.</summary>
internal static class DefinedTerms
{
    private const string Opening = "[“„\"«]";
    private const string Closing = "[”“\"»]";
    private const string Term = @"(?<term>[\p{Lu}0-9][^“”„""«»\n]{0,60}?)";

    /// <summary>“Term” means …; the “Term” is …; „Begriff“ bezeichnet …</summary>
    private static readonly Regex _meaning = new(
        $@"{Opening}{Term}{Closing}(?:\s+(?:or|and|oder|und)\s+{Opening}(?<term>[\p{{Lu}}0-9][^“”„""«»\n]{{0,60}}?){Closing})?\s*(?:\([^)\n]{{0,80}}\)\s*)?(?:shall\s+|will\s+)?(?:mean|have\s+the|has\s+the|refer|include|is\s|are\s|bezeichne|bedeute|ist\s|sind\s|meint|:)",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>(the “Term”), (together, the “Terms” and each a “Term”), (nachfolgend „Begriff“).</summary>
    private static readonly Regex _brackets = new(
        $@"\([^()“”„""«»\n]{{0,60}}(?:{Opening}{Term}{Closing}[^()“”„""«»\n]{{0,40}}){{1,4}}\)",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _quoted = new(
        $"{Opening}{Term}{Closing}",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>, hereinafter “Term”; im Folgenden „Begriff“.</summary>
    private static readonly Regex _hereinafter = new(
        $@"(?:hereinafter|hereafter|referred\s+to\s+(?:herein\s+)?as|collectively|defined\s+as|nachfolgend|im\s+folgenden|nachstehend)[^“”„""«»\n]{{0,40}}{Opening}{Term}{Closing}",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking
    );

    /// <summary>In the order of reading, each place once.</summary>
    public static IReadOnlyList<DefinedTerm> Of(CheckedContract contract)
    {
        var found = new List<DefinedTerm>();
        foreach (var clause in contract.Clauses)
        {
            var places = new SortedDictionary<int, string>();
            foreach (var match in _meaning.Matches(clause.Text).Concat(_hereinafter.Matches(clause.Text)))
            {
                foreach (Capture capture in match.Groups["term"].Captures)
                {
                    places.TryAdd(capture.Index, capture.Value);
                }
            }

            foreach (Match bracket in _brackets.Matches(clause.Text))
            {
                foreach (Match match in _quoted.Matches(bracket.Value))
                {
                    var group = match.Groups["term"];
                    places.TryAdd(bracket.Index + group.Index, group.Value);
                }
            }

            found.AddRange(
                places.Select(place => new DefinedTerm(place.Value.Trim().TrimEnd(',', '.'), clause, place.Key))
            );
        }

        return found;
    }

    /// <summary>Whether a text uses a term, alone or in its other number: "Service" for "Services".</summary>
    public static bool Uses(string text, string term) => FormsOf(term).Any(form => PlacesOf(text, form).Any());

    /// <summary>The term in singular and plural, as regular nouns make them.</summary>
    public static IEnumerable<string> FormsOf(string term)
    {
        yield return term;
        if (term.EndsWith("ies", StringComparison.Ordinal))
        {
            yield return term[..^3] + "y";
        }
        else if (term.EndsWith('s'))
        {
            yield return term[..^1];
        }
        else if (term.EndsWith('y'))
        {
            yield return term[..^1] + "ies";
        }
        else
        {
            yield return term + "s";
            yield return term + "es";
        }
    }

    /// <summary>Where a text has just these words, in this case; German endings are allowed for ("der Auftragnehmer", "des Auftragnehmers").</summary>
    public static IEnumerable<int> PlacesOf(string text, string words, bool isGerman = false)
    {
        for (var at = 0; (at = text.IndexOf(words, at, StringComparison.Ordinal)) >= 0; at += words.Length)
        {
            var end = at + words.Length;
            var startsWord = at == 0 || !char.IsLetterOrDigit(text[at - 1]);
            if (
                startsWord
                && (end == text.Length || !char.IsLetterOrDigit(text[end]) || (isGerman && IsEnding(text, end)))
            )
            {
                yield return at;
            }
        }
    }

    private static bool IsEnding(string text, int at)
    {
        var end = at;
        while (end < text.Length && char.IsLetter(text[end]))
        {
            end++;
        }

        return end - at <= 2 && text[at..end] is "s" or "es" or "n" or "en" or "e" or "er" or "em";
    }
}
