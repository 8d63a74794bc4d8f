using System.Buffers;
using System.Globalization;

namespace Chancery.Contracts.Comparing;

/// <summary>A word, a number, a reference to a clause or a punctuation mark, with the white space before it.</summary>
/// <param name="Start">Where the white space starts.</param>
/// <param name="Word">Where the word starts.</param>
internal readonly record struct WordToken(int Start, int Word, int End)
{
    private const string ReferenceStart = "{{clause:";
    private const int ReferenceLength = 9 + 36 + 2;
    private static readonly SearchValues<char> Apostrophes = SearchValues.Create("'’");

    /// <summary>
    /// All of a text, without gaps; the last is an empty word at the end, so that white space there belongs to something too.
    /// </summary>
    public static List<WordToken> Of(string text)
    {
        var tokens = new List<WordToken>((text.Length / 5) + 1);
        for (var start = 0; ; )
        {
            var word = start;
            while (word < text.Length && char.IsWhiteSpace(text[word]))
            {
                word++;
            }

            var end = EndOf(text, word);
            tokens.Add(new WordToken(start, word, end));
            if (word == text.Length)
            {
                return tokens;
            }

            start = end;
        }
    }

    private static int EndOf(string text, int word)
    {
        if (word == text.Length)
        {
            return word;
        }

        if (
            text.AsSpan(word).StartsWith(ReferenceStart, StringComparison.Ordinal)
            && word + ReferenceLength <= text.Length
            && text.AsSpan(word + ReferenceLength - 2, 2) is "}}"
        )
        {
            return word + ReferenceLength;
        }

        var end = word;
        while (end < text.Length && IsOfWord(text, end))
        {
            var length = LengthAt(text, end);
            if (StandsAlone(text, end))
            {
                return end == word ? end + length : end;
            }

            end += length;
        }

        return end > word ? end : word + LengthAt(text, word);
    }

    private static int LengthAt(string text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    /// <summary>Letters, digits and their marks; an apostrophe, or a point or comma between digits, inside.</summary>
    private static bool IsOfWord(string text, int at)
    {
        var category = CharUnicodeInfo.GetUnicodeCategory(text, at);
        if (
            category
            is <= UnicodeCategory.OtherLetter
                or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.DecimalDigitNumber
        )
        {
            return true;
        }

        return at > 0
            && at + 1 < text.Length
            && (
                (Apostrophes.Contains(text[at]) && char.IsLetter(text[at - 1]) && char.IsLetter(text[at + 1]))
                || (text[at] is '.' or ',' && char.IsDigit(text[at - 1]) && char.IsDigit(text[at + 1]))
            );
    }

    /// <summary>Signs of scripts that write no spaces between words.</summary>
    private static bool StandsAlone(string text, int at) =>
        text[at] is >= '\u0E00' and <= '\u0EFF' or >= '\u1000' and <= '\u109F' or >= '\u1780' and <= '\u17FF'
        || text[at] is >= '\u2E80' and <= '\uA4CF' or >= '\uF900' and <= '\uFAFF'
        || (text[at] is >= '\uD840' and <= '\uD88F');
}
