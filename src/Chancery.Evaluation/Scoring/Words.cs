using System.Globalization;
using System.Text;

namespace Chancery.Evaluation.Scoring;

/// <summary>
/// A text as the words that answers are compared by. Numbers are words of their own, keep decimals and sign and lose grouping; scripts
/// without spaces give a word for each character; apostrophes and full stops inside words vanish, other punctuation parts them.
/// </summary>
internal static class Words
{
    /// <param name="fold">Brings spellings of a word to one: compatibility forms and case, perhaps accents.</param>
    public static List<string> Of(string text, Func<string, string> fold)
    {
        var folded = fold(text);
        var words = new List<string>();
        var word = new StringBuilder();
        for (var i = 0; i < folded.Length; )
        {
            Rune.DecodeFromUtf16(folded.AsSpan(i), out var rune, out var length);
            if (Rune.IsDigit(rune) && word.Length == 0)
            {
                i = ReadNumber(folded, i, word);
                // "2.5kg" says what "2.5 kg" does.
                End();
                continue;
            }

            i += length;
            if (IsJoined(rune, folded, i, word))
            {
                continue;
            }

            if (IsWordOfItsOwn(rune))
            {
                End();
                words.Add(rune.ToString());
            }
            else if (IsPartOfWord(rune))
            {
                word.Append(rune.ToString());
            }
            else
            {
                End();
            }
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    public static bool IsNumber(string word) =>
        word.Length > 0 && char.IsDigit(word[0] == '-' && word.Length > 1 ? word[1] : word[0]);

    /// <summary>"1,234.50" is 1234.50, "1.234,50" too; a single mark is grouping only before exactly three digits.</summary>
    private static int ReadNumber(string text, int start, StringBuilder word)
    {
        if (start > 0 && text[start - 1] is '-' or '−' && (start == 1 || char.IsWhiteSpace(text[start - 2])))
        {
            word.Append('-');
        }

        var end = start;
        while (end < text.Length && (char.IsDigit(text[end]) || IsMarkInside(text, end)))
        {
            end++;
        }

        var number = text.AsSpan(start, end - start);
        var decimals = DecimalMark(number);
        for (var i = 0; i < number.Length; i++)
        {
            if (char.IsDigit(number[i]))
            {
                word.Append((char)('0' + CharUnicodeInfo.GetDecimalDigitValue(number[i])));
            }
            else if (i == decimals)
            {
                word.Append('.');
            }
            else if (decimals == DateLike)
            {
                word.Append(number[i]);
            }
        }

        return end;
    }

    private const int DateLike = -2;

    /// <summary>Where the decimals begin; −1 where there are none; <see cref="DateLike"/> where the marks neither group nor part decimals.</summary>
    private static int DecimalMark(ReadOnlySpan<char> number)
    {
        var last = number.LastIndexOfAnyExceptInRange('0', '9');
        if (last < 0 || !IsMark(number[last]))
        {
            return -1;
        }

        var head = number[..last];
        var isSameMark = head.IndexOf(number[last]) >= 0;
        var hasMarks = head.IndexOfAny(",.'") >= 0;
        if (isSameMark)
        {
            return IsGrouped(number, number[last]) ? -1 : DateLike;
        }

        if (hasMarks)
        {
            return IsGrouped(head, head[head.IndexOfAny(",.'")]) ? last : DateLike;
        }

        return IsGrouped(number, number[last]) ? -1 : last;
    }

    private static bool IsGrouped(ReadOnlySpan<char> number, char mark)
    {
        var first = number.IndexOf(mark);
        if (first is < 1 or > 3 || number[0] == '0')
        {
            return false;
        }

        for (var rest = number[(first + 1)..]; ; rest = rest[4..])
        {
            if (rest.Length < 3 || rest[..3].IndexOfAny(",.'") >= 0 || (rest.Length > 3 && rest[3] != mark))
            {
                return false;
            }

            if (rest.Length == 3)
            {
                return true;
            }
        }
    }

    private static bool IsMark(char c) => c is ',' or '.' or '\'';

    private static bool IsMarkInside(string text, int at) =>
        IsMark(text[at]) && at > 0 && char.IsDigit(text[at - 1]) && at + 1 < text.Length && char.IsDigit(text[at + 1]);

    /// <summary>Apostrophes and full stops between letters: "don't", "U.S.".</summary>
    private static bool IsJoined(Rune rune, string text, int next, StringBuilder word) =>
        word.Length > 0
        && rune.Value is '\'' or '’' or '.'
        && next < text.Length
        && char.IsLetter(text[next])
        && char.IsLetter(word[^1]);

    private static bool IsPartOfWord(Rune rune) =>
        Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.OtherNumber;

    // Amounts in other units are other facts; scripts that write no spaces have no other words to offer.
    private static bool IsWordOfItsOwn(Rune rune) =>
        rune.Value is '%' or '°'
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.CurrencySymbol
        || rune.Value
            is (>= 0x3041 and <= 0x30FA)
                or (>= 0x3400 and <= 0x4DBF)
                or (>= 0x4E00 and <= 0x9FFF)
                or (>= 0xF900 and <= 0xFAFF)
                or (>= 0x20000 and <= 0x323AF)
                or (>= 0x0E01 and <= 0x0E30)
                or (>= 0x0E80 and <= 0x0EAF)
                or (>= 0x1780 and <= 0x17B3)
                or (>= 0x1000 and <= 0x102A);
}
