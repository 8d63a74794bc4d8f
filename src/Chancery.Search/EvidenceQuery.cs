namespace Chancery.Search;

/// <summary>
/// A question as pages are ranked by it: its words, the phrases among them, and the items by which reports answer it.
/// Immutable.
/// </summary>
public sealed class EvidenceQuery
{
    /// <summary>How much of a term's weight counts, in choosing candidates, that only an item has.</summary>
    public const double ItemTermWeight = 0.4;

    private EvidenceQuery(IReadOnlyList<string> terms, List<string[]> items, List<string[]> phrases)
    {
        Terms = terms;
        Items = items;
        Phrases = phrases;
        ItemTerms = [.. items.SelectMany(item => item).Except(terms)];
    }

    /// <summary>The distinct terms with content, in the question's order.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>Terms that the question does not have and its evidence is likely to.</summary>
    public IReadOnlyCollection<string> ItemTerms { get; }

    /// <summary>Whether the question asks for what reports give under other names.</summary>
    public bool HasItems => Items.Count > 0;

    internal List<string[]> Items { get; }

    /// <summary>Words that stand together in the question: "effective tax rate".</summary>
    internal List<string[]> Phrases { get; }

    /// <param name="names">Terms that only say which document is meant.</param>
    public static EvidenceQuery Parse(string question, IReadOnlySet<string>? names = null)
    {
        var tokens = TextAnalyzer.Analyze(QuestionFocus.Of(question));
        var content = tokens.Where(token => !token.IsStopWord).Select(token => token.Term).ToList();
        var terms = content.Where(term => names is null || !names.Contains(term)).Distinct().ToList();

        var phrases = new List<string[]>();
        var open = new List<string>();
        foreach (var token in tokens)
        {
            if (!token.IsStopWord && token.Kind is not TokenKind.Number)
            {
                open.Add(token.Term);
                continue;
            }

            Close();
        }

        Close();
        return new EvidenceQuery(terms, ReportVocabulary.ItemsFor(content), phrases);

        void Close()
        {
            if (open.Count > 1 && !open.TrueForAll(term => names?.Contains(term) is true))
                phrases.Add([.. open]);
            open.Clear();
        }
    }
}
