using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>One word of a query, as it stands in passages of each language.</summary>
public sealed class QueryWord
{
    private readonly string[] _byLanguage;

    internal QueryWord(string[] byLanguage, LanguageSet languages)
    {
        _byLanguage = byLanguage;
        var terms = new List<string>(2);
        foreach (var language in languages)
        {
            if (!terms.Contains(byLanguage[(int)language]))
                terms.Add(byLanguage[(int)language]);
        }

        Terms = terms;
    }

    /// <summary>How often the query says it.</summary>
    public int Count { get; internal set; } = 1;

    /// <summary>In all languages that were asked for, each once, English first.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>In a language; as in English where it was not asked for.</summary>
    public string In(Language language) => _byLanguage[(int)language];
}

/// <summary>
/// The words of a query that carry content, once for each language that its passages may be in: what the query is asked in is not
/// what they are written in, and three words rarely tell it. Immutable.
/// </summary>
/// <param name="Words">Distinct; all words where none has content.</param>
/// <param name="Asked">The language of the query itself, where it shows.</param>
public sealed record QueryWords(IReadOnlyList<QueryWord> Words, Language? Asked)
{
    /// <summary>All terms of all words, each once.</summary>
    public IEnumerable<string> Terms => Words.SelectMany(word => word.Terms).Distinct();

    /// <summary>For each term how often the query says it.</summary>
    internal Dictionary<string, int> Counts()
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var word in Words)
        {
            foreach (var term in word.Terms)
                counts[term] = Math.Max(counts.GetValueOrDefault(term), word.Count);
        }

        return counts;
    }

    /// <param name="text">Plain text; phrases and exclusions are the caller's.</param>
    /// <param name="languages">Of the passages; English is always among them.</param>
    public static QueryWords Parse(string text, LanguageSet languages)
    {
        ArgumentNullException.ThrowIfNull(text);

        languages = languages.With(Language.English);
        var asked = LanguageDetector.DetectAmong(languages, text);
        var english = TextAnalyzer.Analyze(text);
        var analysed = new List<Token>?[8];
        foreach (var language in languages)
            analysed[(int)language] = language is Language.English ? english : TextAnalyzer.Analyze(text, language);

        var words = WordsOf(contentOnly: true);
        return new QueryWords(words.Count > 0 ? words : WordsOf(contentOnly: false), asked);

        List<QueryWord> WordsOf(bool contentOnly)
        {
            var words = new List<QueryWord>();
            var seen = new Dictionary<string, QueryWord>(StringComparer.Ordinal);
            for (var i = 0; i < english.Count; i++)
            {
                if (contentOnly && IsGrammar(i))
                    continue;
                var terms = Array.ConvertAll(analysed, tokens => (tokens ?? english)[i].Term);
                // By all languages: "Gift" is one thing to the German and another to the English.
                var key = languages.Count == 1 ? terms[0] : string.Join('\0', terms);
                if (seen.TryGetValue(key, out var word))
                {
                    word.Count++;
                    continue;
                }

                seen.Add(key, word = new QueryWord(terms, languages));
                words.Add(word);
            }

            return words;
        }

        // Where it does not show what the query is asked in, what is grammar in any of the languages hardly tells anything.
        bool IsGrammar(int token)
        {
            if (asked is { } known)
                return analysed[(int)known]![token].IsStopWord;
            foreach (var language in languages)
            {
                if (analysed[(int)language]![token].IsStopWord)
                    return true;
            }

            return false;
        }
    }
}
