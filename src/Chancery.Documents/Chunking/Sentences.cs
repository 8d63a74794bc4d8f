namespace Chancery.Documents;

/// <summary>From the first character up to, not including, <paramref name="End"/>.</summary>
public readonly record struct TextSpan(int Start, int End)
{
    public int Length => End - Start;
}

/// <summary>Finds where sentences end, by punctuation and a list of abbreviations.</summary>
public static class Sentences
{
    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "al",
        "approx",
        "art",
        "bzw",
        "ca",
        "cf",
        "ch",
        "co",
        "corp",
        "dr",
        "ed",
        "eq",
        "etc",
        "fig",
        "figs",
        "hon",
        "inc",
        "jr",
        "ltd",
        "mr",
        "mrs",
        "ms",
        "no",
        "nos",
        "nr",
        "op",
        "p",
        "para",
        "pp",
        "prof",
        "resp",
        "sec",
        "sr",
        "st",
        "vol",
        "vs",
    };

    /// <summary>They follow a day with a full stop, which ends no sentence: "1. Januar".</summary>
    private static readonly HashSet<string> Months = new(StringComparer.OrdinalIgnoreCase)
    {
        "januar",
        "jänner",
        "februar",
        "feber",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
    };

    /// <summary>
    /// The sentences of <paramref name="text"/> between two places, without the white space around them. An empty line ends
    /// a sentence too.
    /// </summary>
    public static IReadOnlyList<TextSpan> Split(string text, int start, int end)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, text.Length);

        var sentences = new List<TextSpan>();
        var from = start;
        for (var i = start; i < end; i++)
        {
            if (EndOf(text, start, i, end, out var read) is { } stop)
            {
                Add(sentences, text, from, stop);
                from = stop;
            }

            i = read - 1;
        }

        Add(sentences, text, from, end);
        return sentences;
    }

    /// <summary>The place after a sentence whose last mark is at <paramref name="i"/>, or null.</summary>
    /// <param name="read">Where to go on: behind a run of marks, which would else be read again from each of them.</param>
    private static int? EndOf(string text, int start, int i, int end, out int read)
    {
        var mark = text[i];
        read = i + 1;
        if (mark is '。' or '！' or '？')
        {
            return i + 1;
        }

        if (mark == '\n')
        {
            return i + 1 < end && text[i + 1] == '\n' ? i + 1 : null;
        }

        if (mark is not ('.' or '!' or '?' or '…'))
        {
            return null;
        }

        var stop = i + 1;
        while (stop < end && text[stop] is '.' or '!' or '?' or '"' or '\'' or '”' or '’' or '»' or ')' or ']')
        {
            stop++;
        }

        read = stop;
        if (stop >= end || !char.IsWhiteSpace(text[stop]))
        {
            return null;
        }

        var next = stop;
        while (next < end && char.IsWhiteSpace(text[next]))
        {
            next++;
        }

        if (next < end && char.IsLower(text[next]))
        {
            return null;
        }

        return mark == '.' && stop == i + 1 && (IsAbbreviation(text, start, i) || IsDay(text, start, i, next, end))
            ? null
            : stop;
    }

    private static bool IsDay(string text, int start, int dot, int next, int end)
    {
        var from = dot;
        while (from > start && dot - from < 3 && char.IsAsciiDigit(text[from - 1]))
        {
            from--;
        }

        var to = next;
        while (to < end && to - next < 12 && char.IsLetter(text[to]))
        {
            to++;
        }

        return dot - from is 1 or 2 && Months.Contains(text[next..to]);
    }

    private static bool IsAbbreviation(string text, int start, int dot)
    {
        var from = dot;
        while (from > start && (char.IsLetter(text[from - 1]) || text[from - 1] == '.'))
        {
            from--;
        }

        var word = text.AsSpan(from, dot - from);
        return word.Length switch
        {
            0 => false,
            1 => char.IsUpper(word[0]),
            _ => word.Contains('.') || Abbreviations.Contains(word.ToString()),
        };
    }

    private static void Add(List<TextSpan> sentences, string text, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
        {
            start++;
        }

        while (end > start && char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        if (end > start)
        {
            sentences.Add(new TextSpan(start, end));
        }
    }
}
