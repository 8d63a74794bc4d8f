namespace Chancery.Search.Engine.Lexical;

/// <summary>A query in terms: what counts for the score, what must stand in a passage, and what must not.</summary>
internal sealed record LexicalQuery(
    IReadOnlyList<string> Terms,
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

    public static LexicalQuery Parse(string text, IReadOnlyCollection<SupportingTerm> supporting, bool withFields)
    {
        var parsed = QuerySyntax.Parse(text, withFields);
        string[] terms = [.. TextAnalyzer.ContentTerms(parsed.Wanted).Take(MostRead)];
        return new LexicalQuery(
            terms,
            [
                .. supporting
                    .Where(more => more.Weight > 0 && !terms.Contains(more.Term))
                    .DistinctBy(more => more.Term)
                    .Take(MostTerms),
            ],
            SequencesOf(parsed.Clauses.Where(c => !c.IsExcluded && (c.IsPhrase || c.Field is not null))),
            SequencesOf(parsed.Excluded)
        );
    }

    private static List<Sequence> SequencesOf(IEnumerable<QueryClause> clauses) =>
        [.. clauses.Take(MostClauses).Select(Sequence.Of).OfType<Sequence>()];
}
