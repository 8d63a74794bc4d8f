using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>
/// A question as pages are ranked by it: its words, the phrases among them, and the items by which reports answer it.
/// Immutable.
/// </summary>
public sealed class EvidenceQuery
{
    /// <summary>How much of a term's weight counts, in choosing candidates, that only an item has.</summary>
    public const double ItemTermWeight = 0.4;

    private EvidenceQuery(IReadOnlyList<QueryWord> words, List<string[]> items, List<QueryWord[]> phrases)
    {
        Words = words;
        Items = items;
        Phrases = phrases;
        Terms = [.. words.SelectMany(word => word.Terms).Distinct()];
        ItemTerms = [.. items.SelectMany(item => item).Except(Terms)];
    }

    /// <summary>The words with content, in the question's order.</summary>
    internal IReadOnlyList<QueryWord> Words { get; }

    /// <summary>The distinct terms of the words, in all languages that were asked for.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>Terms that the question does not have and its evidence is likely to.</summary>
    public IReadOnlyCollection<string> ItemTerms { get; }

    /// <summary>Whether the question asks for what reports give under other names.</summary>
    public bool HasItems => Items.Count > 0;

    internal List<string[]> Items { get; }

    /// <summary>Words that stand together in the question: "effective tax rate".</summary>
    internal List<QueryWord[]> Phrases { get; }

    /// <param name="names">Terms, as in English, that only say which document is meant.</param>
    /// <param name="languages">Of the passages; English where none is given.</param>
    public static EvidenceQuery Parse(
        string question,
        IReadOnlySet<string>? names = null,
        LanguageSet languages = default
    )
    {
        languages = languages.With(Language.English);
        var focus = QuestionFocus.Of(question);
        var asked = LanguageDetector.DetectAmong(languages, focus) ?? Language.English;
        var english = TextAnalyzer.Analyze(focus);
        var grammar = asked is Language.English ? english : TextAnalyzer.Analyze(focus, asked);
        var analysed = new List<Token>[8];
        for (var i = 0; i < analysed.Length; i++)
            analysed[i] = languages.Contains((Language)i) && i > 0 ? TextAnalyzer.Analyze(focus, (Language)i) : english;

        var content = new List<string>();
        var words = new List<QueryWord>();
        var phrases = new List<QueryWord[]>();
        var open = new List<QueryWord>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < english.Count; i++)
        {
            if (grammar[i].IsStopWord)
            {
                Close();
                continue;
            }

            var word = new QueryWord(Array.ConvertAll(analysed, tokens => tokens[i].Term), languages);
            content.Add(english[i].Term);
            if (!IsName(word) && seen.Add(string.Join('\0', word.Terms)))
                words.Add(word);
            if (english[i].Kind is TokenKind.Number)
                Close();
            else
                open.Add(word);
        }

        Close();
        return new EvidenceQuery(words, ReportVocabulary.ItemsFor(content), phrases);

        bool IsName(QueryWord word) => names?.Contains(word.In(Language.English)) is true;

        void Close()
        {
            if (open.Count > 1 && !open.TrueForAll(IsName))
                phrases.Add([.. open]);
            open.Clear();
        }
    }
}
