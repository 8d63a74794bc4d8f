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
internal sealed class Hyphenation(RawPage page)
{
    /// <summary>Words that the page has with a hyphen inside: they show how the author spells them.</summary>
    private readonly Lazy<HashSet<string>> _spelt = new(() =>
        page
            .Blocks.SelectMany(block => block.Lines)
            .SelectMany(line => line.Words)
            .Where(word =>
                word.Text.IndexOf('-', StringComparison.Ordinal) is > 0 and var i && i < word.Text.Length - 1
            )
            .Select(word => Bare(word.Text))
            .ToHashSet(StringComparer.OrdinalIgnoreCase)
    );

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

    private static readonly HashSet<string> Seconds = new(StringComparer.OrdinalIgnoreCase)
    {
        "based",
        "free",
        "line",
        "looking",
        "party",
        "related",
        "sale",
        "term",
        "time",
        "to",
        "wide",
        "year",
    };

    public LineJoin Decide(string last, string first)
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

        return
            stem[..start].Contains('-')
            || Seconds.Contains(Bare(first))
            || _spelt.Value.Contains(string.Concat(stem[start..], "-", Bare(first)))
            || Compounding.Contains(stem[start..].ToString())
            ? LineJoin.KeepHyphen
            : LineJoin.DropHyphen;
    }

    private static string Bare(string word) => word.Trim().Trim('.', ',', ';', ':', '(', ')', '“', '”', '"', '\'');
}
