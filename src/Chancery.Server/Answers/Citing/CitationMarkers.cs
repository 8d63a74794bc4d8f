using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Citing;

/// <summary>How a citation is written in an answer: <c>[1]</c>. Models also write <c>[1, 2]</c>, <c>[1-3]</c> and <c>【1】</c>.</summary>
internal static partial class CitationMarkers
{
    /// <summary>No marker is longer; what goes on longer is text.</summary>
    public const int MaxLength = 32;

    private const int MostNumbers = 20;

    public static bool Opens(char c) => c is '[' or '【';

    public static bool Closes(char c) => c is ']' or '】';

    /// <summary>Whether <paramref name="c"/> can stand inside a marker.</summary>
    public static bool Continues(char c) => char.IsAsciiDigit(c) || c is ',' or ';' or ' ' or '-' or '–' or '^';

    public static string Write(int number) => string.Create(CultureInfo.InvariantCulture, $"[{number}]");

    /// <summary>Without markers, also those that were made harmless, and the white space before them.</summary>
    public static string Remove(string text) => Spaced().Replace(text, "");

    /// <summary>What looks like a marker but is a document's own: <c>[1]</c> becomes <c>(1)</c>.</summary>
    public static string Bracketed(string text) => Whole().Replace(text, "($1)");

    /// <summary>The numbers of a whole marker with its brackets; empty when it is not one.</summary>
    public static IReadOnlyList<int> Read(ReadOnlySpan<char> marker)
    {
        var numbers = new List<int>();
        foreach (var range in marker[1..^1].SplitAny(',', ';'))
        {
            var part = marker[1..^1][range].Trim().TrimStart('^');
            var dash = part.IndexOfAny('-', '–');
            var first = dash < 0 ? part : part[..dash].TrimEnd();
            var last = dash < 0 ? part : part[(dash + 1)..].TrimStart();
            if (!TryNumber(first, out var from) || !TryNumber(last, out var to) || to < from || to - from > MostNumbers)
            {
                return [];
            }

            for (var number = from; number <= to && numbers.Count < MostNumbers; number++)
            {
                if (!numbers.Contains(number))
                {
                    numbers.Add(number);
                }
            }
        }

        return numbers;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && text.Length <= 3;

    [GeneratedRegex(@"[\[【［]\s*\^?(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*[\]】］]")]
    private static partial Regex Whole();

    [GeneratedRegex(@"[ \t]*[\[(【]\s*\^?\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*[\])】]")]
    private static partial Regex Spaced();
}
