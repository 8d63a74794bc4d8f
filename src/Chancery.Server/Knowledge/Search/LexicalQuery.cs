using System.Globalization;
using Chancery.Search;
using Chancery.Search.Languages;

namespace Chancery.Server.Knowledge.Search;

/// <summary>A query in the words of our analysis, ready for PostgreSQL: every word is quoted, nothing is interpreted.</summary>
/// <param name="Terms">What is wanted, distinct, in all languages of the tenant's passages.</param>
/// <param name="Must">A <c>tsquery</c> that every passage has to fulfil: phrases and exclusions; may be empty.</param>
/// <param name="Supporting">Those of the terms that the question does not say itself; they weigh less.</param>
internal sealed record LexicalQuery(IReadOnlyList<string> Terms, string Must, IReadOnlySet<string>? Supporting = null)
{
    // A question has a dozen; a whole page pasted in must not become a thousand lookups.
    private const int MaxTerms = 64;

    /// <param name="languages">Of the tenant's passages.</param>
    public static LexicalQuery Parse(string text, LanguageSet languages)
    {
        var parsed = QuerySyntax.Parse(text);
        var terms = QueryWords
            .Parse(parsed.Wanted, languages)
            .Terms.Where(TokenVector.IsStorable)
            .Take(MaxTerms)
            .ToArray();
        var phrases = parsed.Phrases.Select(clause => Sequence(clause.Text, languages)).OfType<string>();
        var excluded = parsed
            .Excluded.Select(clause => Sequence(clause.Text, languages))
            .OfType<string>()
            .Select(text => "!" + text);
        return new LexicalQuery(terms, string.Join(" & ", phrases.Concat(excluded)));
    }

    /// <summary>The same with the words by which evidence is found.</summary>
    public LexicalQuery For(EvidenceQuery evidence) =>
        new(
            [.. evidence.Terms.Concat(evidence.ItemTerms).Where(TokenVector.IsStorable).Take(2 * MaxTerms)],
            Must,
            evidence.ItemTerms.ToHashSet()
        );

    public double ShareOf(string term) => Supporting?.Contains(term) is true ? EvidenceQuery.ItemTermWeight : 1;

    /// <summary>At least one of <paramref name="terms"/>, and whatever must be.</summary>
    public string AnyOf(IEnumerable<string> terms)
    {
        var any = $"({string.Join(" | ", terms.Select(TokenVector.Quote))})";
        return Must.Length == 0 ? any : $"{any} & {Must}";
    }

    /// <summary>The words one after the other, in brackets; null where there is none.</summary>
    private static string? Sequence(string text, LanguageSet languages)
    {
        var tokens = new List<Token>();
        foreach (var language in languages)
        {
            TextAnalyzer.Analyze(text, tokens, language);
        }

        var parts = new List<(int Position, string Any)>();
        foreach (
            var group in tokens.Where(token => TokenVector.IsStorable(token.Term)).GroupBy(token => token.Position)
        )
        {
            // A whole and its first part share a place, as a word does in several languages: any may stand in the text.
            var any = string.Join(" | ", group.Select(token => token.Term).Distinct().Select(TokenVector.Quote));
            parts.Add((group.Key, $"({any})"));
        }

        if (parts.Count == 0)
        {
            return null;
        }

        var sequence = parts[0].Any;
        for (var i = 1; i < parts.Count; i++)
        {
            var distance = parts[i].Position - parts[i - 1].Position;
            sequence = string.Create(CultureInfo.InvariantCulture, $"{sequence} <{distance}> {parts[i].Any}");
        }

        return $"({sequence})";
    }
}
