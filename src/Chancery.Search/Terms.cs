using System.Text;

namespace Chancery.Search;

/// <summary>From a word as written to its term. Texts repeat their words, so each thread keeps the last few thousand.</summary>
internal static class Terms
{
    private const int Slots = 4096;
    private const int LongestKept = 32;

    [ThreadStatic]
    private static Entry[]? s_kept;

    internal sealed record Entry(string Word, string Term, TokenKind Kind, bool IsStopWord);

    public static Entry Of(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestKept)
            return Make(word);

        var kept = s_kept ??= new Entry[Slots];
        ref var slot = ref kept[string.GetHashCode(word) & (Slots - 1)];
        if (slot is not null && word.SequenceEqual(slot.Word))
            return slot;
        return slot = Make(word);
    }

    private static Entry Make(ReadOnlySpan<char> word)
    {
        var written = word.ToString();
        var folded = Folding.Fold(word).Replace('’', '\'');

        if (folded.Length > 0 && char.IsDigit(folded[0]) && !folded.AsSpan().ContainsAnyInRange('a', 'z'))
            return new Entry(written, Number(folded), TokenKind.Number, IsStopWord: false);

        if (folded.Contains('.', StringComparison.Ordinal))
            folded = folded.Replace(".", "", StringComparison.Ordinal);
        if (StopWords.Contains(folded))
            return new Entry(written, folded, TokenKind.Word, !IsAcronym(word));

        var term = Ascii.IsValid(folded) ? EnglishStemmer.Stem(folded) : folded;
        return new Entry(written, term.Length > 0 ? term : folded, TokenKind.Word, IsStopWord: false);
    }

    /// <summary>"US", "IT", "WHO" are names where "us", "it", "who" are not.</summary>
    private static bool IsAcronym(ReadOnlySpan<char> word) => word is "US" or "U.S" or "u.s" or "IT" or "WHO";

    /// <summary>Commas that group thousands say nothing: 1,000 is 1000. Others separate decimals or list numbers.</summary>
    private static string Number(string digits)
    {
        var comma = digits.IndexOf(',', StringComparison.Ordinal);
        if (comma is < 1 or > 3)
            return digits;

        var whole = digits.AsSpan();
        if (whole.IndexOf('.') is var point and >= 0)
            whole = whole[..point];
        for (var i = comma; i < whole.Length; i += 4)
        {
            if (whole[i] != ',' || whole.Length - i < 4 || whole.Slice(i + 1, 3).Contains(','))
                return digits;
        }

        return digits.Replace(",", "", StringComparison.Ordinal);
    }
}
