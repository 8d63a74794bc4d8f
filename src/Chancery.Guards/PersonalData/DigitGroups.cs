using System.Globalization;
using System.Text;

namespace Chancery.Guards.PersonalData;

/// <summary>Neighbouring groups of digits in a text, read as one number.</summary>
/// <param name="Start">Its first UTF-16 unit in the text.</param>
/// <param name="Length">With its separators.</param>
/// <param name="Digits">Without separators.</param>
/// <param name="Shape">The groups' lengths and what stands between them: <c>3-2-4</c>.</param>
internal readonly record struct DigitNumber(int Start, int Length, string Digits, string Shape)
{
    public int End => Start + Length;
}

/// <summary>
/// Every way to read neighbouring groups of digits as one number: at most eight groups and nineteen digits, so that the readings grow
/// with the text and not with its square.
/// </summary>
internal static class DigitGroups
{
    private const int MostGroups = 8;
    private const int MostDigits = 19;

    public static IEnumerable<DigitNumber> In(string text)
    {
        var groups = Find(text);
        var digits = new StringBuilder();
        var shape = new StringBuilder();
        for (var first = 0; first < groups.Count; first++)
        {
            digits.Clear();
            shape.Clear();
            for (var last = first; last < groups.Count && last - first < MostGroups; last++)
            {
                var (start, length) = groups[last];
                if (last > first)
                {
                    var between = start - (groups[last - 1].Start + groups[last - 1].Length);
                    if (between != 1 || !IsSeparator(text[start - 1]))
                    {
                        break;
                    }

                    shape.Append(text[start - 1] == '\u00A0' ? ' ' : text[start - 1]);
                }

                if (digits.Length + length > MostDigits)
                {
                    break;
                }

                digits.Append(text, start, length);
                shape.Append(length);
                if (IsFree(text, groups[first].Start, start + length))
                {
                    yield return new(
                        groups[first].Start,
                        start + length - groups[first].Start,
                        digits.ToString(),
                        shape.ToString()
                    );
                }
            }
        }
    }

    private static List<(int Start, int Length)> Find(string text)
    {
        var groups = new List<(int, int)>();
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i]))
            {
                continue;
            }

            var start = i;
            while (i < text.Length && char.IsAsciiDigit(text[i]))
            {
                i++;
            }

            groups.Add((start, i - start));
        }

        return groups;
    }

    private static bool IsSeparator(char c) => c is ' ' or '-' or '.' or '/' or '\u00A0';

    /// <summary>Whether no letter hangs on either end, and no decimal or currency sign.</summary>
    private static bool IsFree(string text, int start, int end) =>
        (
            start == 0
            || !(char.IsLetter(text[start - 1]) || text[start - 1] is '_' or '+' || IsCurrency(text[start - 1]))
        )
        && (start < 2 || text[start - 1] is not (' ' or '\u00A0') || !IsCurrency(text[start - 2]))
        && (end == text.Length || !(char.IsLetter(text[end]) || text[end] == '_'));

    private static bool IsCurrency(char c) => char.GetUnicodeCategory(c) == UnicodeCategory.CurrencySymbol;
}
