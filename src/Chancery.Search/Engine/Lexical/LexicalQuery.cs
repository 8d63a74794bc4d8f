using Chancery.Search.Languages;

namespace Chancery.Search.Engine.Lexical;

/// <summary>A query in terms: what counts for the score, what must stand in a passage, and what must not.</summary>
/// <param name="Words">Each with its terms in the languages of the index.</param>
/// <param name="Terms">Those of all words, with how often the query says each.</param>
internal sealed record LexicalQuery(
    IReadOnlyList<QueryWord> Words,
    IReadOnlyList<KeyValuePair<string, int>> Terms,
    IReadOnlyList<SupportingTerm> Supporting,
    IReadOnlyList<Sequence> Required,
    IReadOnlyList<Sequence> Excluded
)
{
    // A question has a dozen words. Of a page pasted in the rarest 64 of the first thousand count.
    private const int MostRead = 1024;
    public const int MostTerms = 64;
    private const int MostClauses = 32;

    public bool IsEmpty => Terms.Count == 0 && Supporting.Count == 0;

    /// <param name="languages">Of the passages.</param>
    public static LexicalQuery Parse(
        string text,
        IReadOnlyCollection<SupportingTerm> supporting,
        bool withFields,
        LanguageSet languages
    )
    {
        var parsed = QuerySyntax.Parse(text, withFields);
        var words = QueryWords.Parse(parsed.Wanted, languages);
        var counts = words.Counts();
        return new LexicalQuery(
            words.Words,
            [.. counts.Take(MostRead)],
            [
                .. supporting
                    .Where(more => more.Weight > 0 && !counts.ContainsKey(more.Term))
                    .Select(more => more with { Weight = Math.Min(more.Weight, 1) })
                    .DistinctBy(more => more.Term)
                    .Take(MostTerms),
            ],
            SequencesOf(parsed.Clauses.Where(c => !c.IsExcluded && (c.IsPhrase || c.Field is not null)), languages),
            SequencesOf(parsed.Excluded, languages)
        );
    }

    private static List<Sequence> SequencesOf(IEnumerable<QueryClause> clauses, LanguageSet languages) =>
        [.. clauses.Take(MostClauses).Select(clause => Sequence.Of(clause, languages)).OfType<Sequence>()];
}
