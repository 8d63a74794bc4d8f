namespace Chancery.Evaluation.Scoring;

/// <summary>Where the sentences of a text are: up to a full stop, an end of line that ends a paragraph, or their like in other scripts.</summary>
internal static class SentenceSpans
{
    private static readonly HashSet<string> _abbreviations =
    [
        "No",
        "Nr",
        "Dr",
        "Mr",
        "Mrs",
        "Ms",
        "Art",
        "Inc",
        "Ltd",
        "vs",
    ];

    /// <summary>Before them the full stop of a German date ends nothing: "31. März".</summary>
    private static readonly HashSet<string> _months =
    [
        "Januar",
        "Jänner",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];

    public static IEnumerable<(int Start, int Length)> In(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (!IsEnd(text, i))
            {
                continue;
            }

            // Closing quotes and markers of citations belong to what they close.
            var end = i + 1;
            while (end < text.Length && (text[end] is '"' or '”' or '’' or ')' or '»' or '」'))
            {
                end++;
            }

            while (CitationMarker.EndOf(text, AfterSpaces(text, end)) is { } after)
            {
                end = after;
            }

            if (Trimmed(text, start, end) is { Length: > 0 } sentence)
            {
                yield return sentence;
            }

            start = end;
            i = end - 1;
        }

        if (Trimmed(text, start, text.Length) is { Length: > 0 } rest)
        {
            yield return rest;
        }
    }

    private static bool IsEnd(string text, int at) =>
        text[at] switch
        {
            '。' or '！' or '？' or '।' or '؟' => true,
            '!' or '?' => at + 1 == text.Length || !char.IsLetterOrDigit(text[at + 1]),
            '.' => IsFullStop(text, at),
            '\n' => at == 0
                || at + 1 == text.Length
                || text[at - 1] is '\n' or ':' or '|'
                || text[at + 1] is '\n' or '-' or '*' or '•' or '|' or '#',
            _ => false,
        };

    // Not after an initial or a number of a list, nor before a small letter: "J. Doe", "e.g. this", "No. 5".
    private static bool IsFullStop(string text, int at)
    {
        var next = at + 1;
        while (next < text.Length && text[next] is '"' or '”' or ')' or '»')
        {
            next++;
        }

        if (next < text.Length && !char.IsWhiteSpace(text[next]) && text[next] != '[')
        {
            return false;
        }

        while (next < text.Length && char.IsWhiteSpace(text[next]))
        {
            next++;
        }

        var word = at;
        while (word > 0 && char.IsLetterOrDigit(text[word - 1]))
        {
            word--;
        }

        var isInitial = at - word == 1 && char.IsUpper(text[word]);
        return next == text.Length
            || (
                !isInitial
                && !char.IsLower(text[next])
                && !_abbreviations.Contains(text[word..at])
                && !IsDay(text.AsSpan(word..at), text.AsSpan(next))
            );
    }

    private static bool IsDay(ReadOnlySpan<char> word, ReadOnlySpan<char> next)
    {
        if (word.Length is not (1 or 2) || word.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var length = 0;
        while (length < next.Length && char.IsLetter(next[length]))
        {
            length++;
        }

        return _months.GetAlternateLookup<ReadOnlySpan<char>>().Contains(next[..length]);
    }

    private static int AfterSpaces(string text, int at)
    {
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        return at;
    }

    private static (int Start, int Length) Trimmed(string text, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
        {
            start++;
        }

        while (end > start && char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        return (start, end - start);
    }
}
