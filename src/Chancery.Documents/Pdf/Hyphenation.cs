namespace Chancery.Documents;

internal enum LineJoin
{
    /// <summary>Two words.</summary>
    Space,

    /// <summary>One word that has a hyphen of its own: <c>long-</c> and <c>term</c>.</summary>
    KeepHyphen,

    /// <summary>One word that was only broken: <c>infor-</c> and <c>mation</c>.</summary>
    DropHyphen,
}

/// <summary>Whether the last word of a line and the first of the next are one word.</summary>
internal static class Hyphenation
{
    private static readonly HashSet<string> Compounding = new(StringComparer.OrdinalIgnoreCase)
    {
        "all",
        "anti",
        "co",
        "cross",
        "ex",
        "five",
        "four",
        "full",
        "high",
        "in",
        "long",
        "low",
        "mid",
        "multi",
        "non",
        "off",
        "on",
        "one",
        "out",
        "part",
        "post",
        "pre",
        "quasi",
        "self",
        "semi",
        "short",
        "so",
        "state",
        "ten",
        "third",
        "three",
        "two",
        "up",
        "well",
        "year",
    };

    public static LineJoin Decide(string last, string first)
    {
        if (last.Length < 2 || last[^1] is not ('-' or '\u2010' or TextCleaner.SoftHyphen) || !char.IsLetter(last[^2]))
        {
            return LineJoin.Space;
        }

        if (last[^1] == TextCleaner.SoftHyphen)
        {
            return LineJoin.DropHyphen;
        }

        if (!char.IsLower(first[0]) || !char.IsLower(last[^2]))
        {
            // "Non-" and "GAAP", "2020-" and "2022": the hyphen belongs to the word, and the line broke after it.
            return char.IsLetterOrDigit(first[0]) ? LineJoin.KeepHyphen : LineJoin.Space;
        }

        // "and" after a hyphen is "short- and long-term".
        if (first is "and" or "or" or "to" or "und" or "oder")
        {
            return LineJoin.Space;
        }

        var stem = last.AsSpan(0, last.Length - 1);
        var start = stem.Length;
        while (start > 0 && char.IsLetter(stem[start - 1]))
        {
            start--;
        }

        return stem[..start].Contains('-') || Compounding.Contains(stem[start..].ToString())
            ? LineJoin.KeepHyphen
            : LineJoin.DropHyphen;
    }
}
