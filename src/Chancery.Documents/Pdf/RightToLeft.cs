using System.Globalization;

namespace Chancery.Documents;

/// <summary>
/// Puts what poppler writes from left to right, letters as well as words, into the order in which Hebrew, Arabic and their like
/// are read.
/// </summary>
internal static class RightToLeft
{
    /// <summary>A line's words as they are read.</summary>
    /// <param name="words">From left to right.</param>
    public static IReadOnlyList<RawWord> Order(IReadOnlyList<RawWord> words)
    {
        if (!words.Any(word => IsRightToLeft(word.Text)))
        {
            return words;
        }

        var read = words
            .Select(word => IsRightToLeft(word.Text) ? word with { Text = Turned(word.Text) } : word)
            .ToArray();
        if (IsMostly(words))
        {
            Array.Reverse(read);
            ReverseRuns(read, word => !IsRightToLeft(word.Text), word => word.Text.Any(char.IsAsciiLetter));
        }
        else
        {
            ReverseRuns(read, word => IsRightToLeft(word.Text), _ => true);
        }

        return read;
    }

    /// <summary>Whether a line is read from right to left as a whole.</summary>
    public static bool IsMostly(IReadOnlyList<RawWord> words)
    {
        // Words, not letters: names in Latin letters are long beside words without vowels.
        var right = words.Count(word => IsRightToLeft(word.Text));
        var left = words.Count(word => !IsRightToLeft(word.Text) && word.Text.Any(char.IsLetter));
        return right > 0 && right >= left;
    }

    /// <summary>Turns round those runs of words that hold one of which <paramref name="counts"/> is true.</summary>
    private static void ReverseRuns(RawWord[] words, Func<RawWord, bool> belongs, Func<RawWord, bool> counts)
    {
        for (var start = 0; start < words.Length; start++)
        {
            var end = start;
            while (end < words.Length && belongs(words[end]))
            {
                end++;
            }

            // Figures alone stand as the line runs.
            if (end - start > 1 && words[start..end].Any(counts))
            {
                Array.Reverse(words, start, end - start);
            }

            start = Math.Max(start, end);
        }
    }

    /// <summary>A word's letters turned round, but for figures and foreign letters inside of it.</summary>
    private static string Turned(string word)
    {
        var letters = word.ToCharArray();
        Array.Reverse(letters);
        KeepMarks(letters);
        for (var start = 0; start < letters.Length; start++)
        {
            var end = start;
            while (end < letters.Length && IsLeftToRight(letters, start, end))
            {
                end++;
            }

            if (end - start > 1)
            {
                Array.Reverse(letters, start, end - start);
            }

            start = Math.Max(start, end);
        }

        return new string(letters);
    }

    /// <summary>Vowel signs stay behind their letter, where the turning put them before it.</summary>
    private static void KeepMarks(char[] letters)
    {
        for (var start = 0; start < letters.Length; start++)
        {
            var end = start;
            while (end < letters.Length && char.GetUnicodeCategory(letters[end]) is UnicodeCategory.NonSpacingMark)
            {
                end++;
            }

            if (end > start && end < letters.Length)
            {
                Array.Reverse(letters, start, end + 1 - start);
                start = end;
            }
        }
    }

    // Points and commas belong to the figure that goes on after them; halves of pairs were torn apart by the turning.
    private static bool IsLeftToRight(char[] letters, int start, int at) =>
        char.IsDigit(letters[at])
        || char.IsAsciiLetter(letters[at])
        || char.IsSurrogate(letters[at])
        || (
            at > start
            && letters[at] is '.' or ',' or ':' or '/' or '-'
            && at + 1 < letters.Length
            && char.IsDigit(letters[at - 1])
            && char.IsDigit(letters[at + 1])
        );

    private static bool IsRightToLeft(string word) => word.Any(IsRightToLeft);

    private static bool IsRightToLeft(char letter) =>
        letter is (>= '\u0590' and <= '\u08FF') or (>= '\uFB1D' and <= '\uFDFF') or (>= '\uFE70' and <= '\uFEFC')
        && !char.IsDigit(letter);
}
