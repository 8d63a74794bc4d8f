using System.Globalization;
using System.Text;
using Chancery.Search;
using Chancery.Search.Languages;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Writes PostgreSQL <c>tsvector</c> literals from our own analysis, so that a word matches in PostgreSQL exactly when it
/// does in <see cref="TextAnalyzer"/>. Headings have weight A, titles B, text D.
/// </summary>
internal static class TokenVector
{
    // PostgreSQL keeps positions up to 16383, at most 256 of them for a word, and words below 2 KB.
    private const int MaxPosition = 16383;
    private const int MaxPositionsPerTerm = 255;
    private const int MaxTermBytes = 2000;

    // Between heading and text, and before a title, so that no phrase reaches across.
    private const int Gap = 50;

    /// <summary>Raised with every change of analysis: what was written before is written again.</summary>
    public const int Analysis = 2;

    public static string OfChunk(string heading, string text)
    {
        var vector = new SortedDictionary<string, List<(int Position, char Weight)>>(StringComparer.Ordinal);
        var languages = PassageLanguages.Of(null, heading, text);
        var next = Add(vector, heading, 1, 'A', languages.Heading);
        Add(vector, text, next == 1 ? 1 : next + Gap, 'D', languages.Body);
        Mark(vector, languages.Heading, 'A');
        Mark(vector, languages.Body, 'D');
        return Write(vector);
    }

    /// <summary>For the right side of <c>||</c>, which moves it behind what is already there.</summary>
    public static string OfTitle(string title)
    {
        var vector = new SortedDictionary<string, List<(int Position, char Weight)>>(StringComparer.Ordinal);
        if (LanguageDetector.Detect(title) is { } language)
        {
            Add(vector, title, Gap, 'B', language);
            Mark(vector, language, 'B');
            return Write(vector);
        }

        // What a short title is written in only its pages would tell: whatever it may be, it is found.
        foreach (var possible in LanguageSet.All)
        {
            Add(vector, title, Gap, 'B', possible);
        }

        return Write(vector);
    }

    /// <summary>Quoted, for a <c>tsvector</c> or <c>tsquery</c> literal.</summary>
    public static string Quote(string term) =>
        "'" + term.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";

    public static bool IsStorable(string term) =>
        term.Length > 0
        && !term.Contains('\0', StringComparison.Ordinal)
        && Encoding.UTF8.GetByteCount(term) <= MaxTermBytes;

    private static void Mark(
        SortedDictionary<string, List<(int Position, char Weight)>> vector,
        Language language,
        char weight
    )
    {
        if (language is not Language.English)
        {
            // In front: what is appended to a vector goes behind its last place.
            vector.TryAdd(LanguageMark.Of(language), [(1, weight)]);
        }
    }

    /// <summary>Answers the first position after the text.</summary>
    private static int Add(
        SortedDictionary<string, List<(int Position, char Weight)>> vector,
        string text,
        int firstPosition,
        char weight,
        Language language
    )
    {
        var next = firstPosition;
        foreach (var token in TextAnalyzer.Analyze(text, language))
        {
            if (!IsStorable(token.Term))
            {
                continue;
            }

            if (!vector.TryGetValue(token.Term, out var positions))
            {
                vector.Add(token.Term, positions = []);
            }

            var position = Math.Min(firstPosition + token.Position, MaxPosition);
            next = Math.Max(next, position + 1);
            if (positions.Count < MaxPositionsPerTerm && (positions.Count == 0 || positions[^1].Position != position))
            {
                positions.Add((position, weight));
            }
        }

        return next;
    }

    private static string Write(SortedDictionary<string, List<(int Position, char Weight)>> vector)
    {
        var text = new StringBuilder();
        foreach (var (term, positions) in vector)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(Quote(term)).Append(':');
            for (var i = 0; i < positions.Count; i++)
            {
                text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{positions[i].Position}");
                if (positions[i].Weight != 'D')
                {
                    text.Append(positions[i].Weight);
                }
            }
        }

        return text.ToString();
    }
}
