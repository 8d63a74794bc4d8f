using System.Text;

namespace Chancery.Search;

/// <summary>
/// What a document is called by its title, so that a question that names it can be told: "Best Buy" names
/// <c>BESTBUY 2024Q2 10Q</c>, "JnJ" names <c>Johnson &amp; Johnson annual report</c>. Immutable.
/// </summary>
public sealed class DocumentName
{
    private const int ShortestName = 4;
    private const int LongestName = 6;

    /// <summary>Kinds of documents and of their parts: they tell what a thing is, not whose.</summary>
    private static readonly HashSet<string> Kinds =
    [
        .. """
            agreement amended and annual appendix book brochure catalogue chapter contract copy data dated document draft
            earnings edition english fact faq file filing final financial first form fourth fiscal fy guide guideline
            guidelines handbook index information invoice letter list manual meeting memo minutes notes notice of on for in
            to the a an page part plan policy presentation press procedure proposal proxy quarter quarterly release report
            results review rules schedule second section sheet slides specification statement statements summary terms text
            third title untitled for filed by with at as inc corp company pdf docx xlsx pptx html htm txt md csv update version volume year q k
            """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries),
    ];

    private readonly string[] _names;
    private readonly string _whole;
    private readonly HashSet<string> _runs = new(StringComparer.Ordinal);

    private DocumentName(string[] words)
    {
        // What a title is about in passing names nothing: a name opens it, after the kind of document at most.
        var first = Math.Max(0, Array.FindIndex(words, word => !Kinds.Contains(word)));
        _names = [.. words.Skip(first).Where(word => !Kinds.Contains(word))];
        _whole = string.Concat(words.Skip(first));
        var run = new StringBuilder();
        var isName = false;
        for (var i = first; i < Math.Min(words.Length, first + LongestName); i++)
        {
            run.Append(words[i]);
            isName |= !Kinds.Contains(words[i]) && !CommonWords.IsCommon(EnglishStemmer.Stem(words[i]));
            // The whole title is a name even of common words: "Travel policy".
            if (run.Length >= ShortestName && (isName || (_names.Length > 0 && i > 0 && i == words.Length - 1)))
                _runs.Add(run.ToString());
        }
    }

    /// <summary>From a title or the words of a file's name.</summary>
    public static DocumentName Of(string title)
    {
        ArgumentNullException.ThrowIfNull(title);
        return new DocumentName([.. WordsOf(title).Select(word => word.Folded).Take(24)]);
    }

    /// <summary>Which words of the question name this document, by their places in it.</summary>
    internal void MarkNames(AskedWords asked, HashSet<int> places)
    {
        if (_names.Length == 0)
            return;

        foreach (var run in _runs)
        {
            foreach (var (first, end) in asked.Runs.GetValueOrDefault(run, []))
                places.UnionWith(Enumerable.Range(first, end - first + 1));
        }

        foreach (var place in asked.Short)
        {
            if (IsShortFor(asked.Words[place].Folded))
                places.Add(place);
        }
    }

    /// <summary>Initials, the beginning of the first word, or the beginnings of two: JnJ, JPM, AMEX.</summary>
    private bool IsShortFor(string name)
    {
        var initials = string.Concat(_names.Select(word => word[0]));
        if (
            initials.Length >= 2
            && name.Length <= 5
            && (
                initials.StartsWith(name, StringComparison.Ordinal)
                || initials == name.Replace("n", "", StringComparison.Ordinal)
            )
        )
            return true;
        if (name.Length >= 3 && _names[0].StartsWith(name, StringComparison.Ordinal))
            return true;

        for (var cut = 2; name.Length >= 4 && cut <= name.Length - 2; cut++)
        {
            if (
                _whole.StartsWith(name[..cut], StringComparison.Ordinal)
                && _whole.IndexOf(name[cut..], cut + 1, StringComparison.Ordinal) > 0
            )
                return true;
        }

        return false;
    }

    /// <param name="Folded">Letters only, folded.</param>
    /// <param name="IsShort">Written as abbreviations are: two capitals or more.</param>
    internal readonly record struct Word(string Folded, bool IsShort, int Start, int End);

    /// <summary>
    /// The words of a question and what they say a few in a row, so that a name is looked up in it instead of the question
    /// being read again for each of thousands of documents.
    /// </summary>
    internal sealed class AskedWords
    {
        public AskedWords(string question)
        {
            Words = WordsOf(question);
            for (var i = 0; i < Words.Count; i++)
            {
                var run = "";
                for (var end = i; end < Math.Min(Words.Count, i + LongestName); end++)
                {
                    run += Words[end].Folded;
                    if (!Runs.TryGetValue(run, out var places))
                        Runs.Add(run, places = []);
                    places.Add((i, end));
                }

                if (Words[i].IsShort)
                    Short.Add(i);
            }
        }

        public List<Word> Words { get; }

        /// <summary>Up to six words without what is between them, and from which to which word they stand.</summary>
        public Dictionary<string, List<(int First, int Last)>> Runs { get; } = new(StringComparer.Ordinal);

        /// <summary>The places of abbreviations.</summary>
        public List<int> Short { get; } = [];
    }

    /// <summary>The words of a text: letters, a possessive taken off; digits end a word and are none.</summary>
    internal static List<Word> WordsOf(string text)
    {
        var words = new List<Word>();
        var i = 0;
        while (i < text.Length)
        {
            if (!char.IsLetter(text[i]))
            {
                i++;
                continue;
            }

            var start = i;
            while (i < text.Length && (char.IsLetter(text[i]) || IsInner(text, i)))
                i++;
            var end = i;
            if (end - start > 2 && text[end - 1] is 's' or 'S' && text[end - 2] is '\'' or '’')
                end -= 2;
            var letters = string.Concat(text[start..end].Where(char.IsLetter));
            words.Add(
                new Word(
                    Folding.Fold(letters),
                    letters.Length <= 6 && letters.Count(char.IsUpper) >= 2 && letters.Length >= 2,
                    start,
                    end
                )
            );
        }

        return words;
    }

    private static bool IsInner(string text, int i) =>
        text[i] is '\'' or '’' or '&' && i + 1 < text.Length && char.IsLetter(text[i + 1]);
}
