namespace Chancery.Search;

/// <summary>
/// What a query names letter by letter: item and order numbers, paragraphs, versions, names of files and variables. Words with a
/// digit, and words joined by an underscore, an at sign or a stop. Immutable.
/// </summary>
public sealed class QueryIdentifiers
{
    /// <summary>What comes after as many is not looked for; they are the bits of a number.</summary>
    private const int Most = 32;

    private static readonly QueryIdentifiers None = new([], 0);

    private readonly string[] _names;

    private QueryIdentifiers(string[] names, double share) => (_names, Share) = (names, share);

    public int Count => _names.Length;

    /// <summary>How much of the query they are, by its words with content: from 0 to 1.</summary>
    public double Share { get; }

    /// <param name="query">Plain text.</param>
    public static QueryIdentifiers Parse(string query)
    {
        ArgumentNullException.ThrowIfNull(query);
        string[] words =
        [
            .. Plain(query)
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Select(Bare)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
        string[] names = [.. words.Where(IsIdentifier).Take(Most)];
        if (names.Length == 0)
            return None;

        var others = words.Except(names).Count(word => TextAnalyzer.Analyze(word).Exists(token => !token.IsStopWord));
        return new QueryIdentifiers(names, (double)names.Length / (names.Length + others));
    }

    /// <summary>Which of them stand in one of the texts as a whole, not as a part of another: one bit for each.</summary>
    public uint HeldBy(params ReadOnlySpan<string?> texts)
    {
        var held = 0u;
        if (_names.Length == 0)
            return held;

        foreach (var text in texts)
        {
            var plain = Plain(text ?? "");
            for (var i = 0; i < _names.Length; i++)
                held |= Stands(_names[i], plain) ? 1u << i : 0;
        }

        return held;
    }

    /// <summary>Hyphens of typesetters are hyphens.</summary>
    private static string Plain(string text) => text.Replace('\u2010', '-').Replace('\u2011', '-').Replace('–', '-');

    /// <summary>Without the marks of the sentence around it.</summary>
    private static string Bare(string word)
    {
        var start = 0;
        var end = word.Length;
        while (start < end && !char.IsLetterOrDigit(word[start]) && word[start] != '_')
            start++;
        while (end > start && !char.IsLetterOrDigit(word[end - 1]) && word[end - 1] != '_')
            end--;
        if (end - start > 2 && word[end - 1] is 's' or 'S' && word[end - 2] is '\'' or '’')
            end -= 2;
        return word[start..end];
    }

    private static bool IsIdentifier(string word)
    {
        if (word.Any(char.IsDigit))
        {
            // A single digit stands in most passages, as something else.
            return word.Length > 1;
        }

        // "U.S." and "and/or" are words, "settings.json" is a name.
        return word.AsSpan(0, Math.Max(0, word.Length - 1)).Trim('_').ContainsAny('_', '@')
            || word.Split('.') is { Length: > 1 } parts && parts.All(part => part.Length > 1);
    }

    private static bool Stands(string name, string text)
    {
        for (
            var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase);
            at >= 0;
            at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase)
        )
        {
            if (!GoesOn(text, at, -1) && !GoesOn(text, at + name.Length - 1, 1))
                return true;
        }

        return false;
    }

    /// <summary>Whether the word goes on beyond this character: 5-7 does not stand in 15-7, nor in 5-7-2 or 5-7.1.</summary>
    private static bool GoesOn(string text, int at, int step)
    {
        var next = at + step;
        return IsPart(next) || (IsAt(next) && text[next] is '-' or '/' or '.' or ',' or ':' && IsPart(next + step));

        bool IsAt(int i) => i >= 0 && i < text.Length;

        bool IsPart(int i) => IsAt(i) && (char.IsLetterOrDigit(text[i]) || text[i] == '_');
    }
}
