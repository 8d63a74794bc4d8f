using System.Globalization;

namespace Chancery.Guards.Pseudonyms;

/// <summary>
/// Reads placeholders as models give them back: <c>[EMAIL_1]</c>, <c>[ email 1 ]</c>, <c>[Email-1]</c>, and <c>\[EMAIL\_1\]</c> as Markdown
/// escapes it.
/// </summary>
internal static class PlaceholderText
{
    /// <summary>More blanks than this are no slip of a model's.</summary>
    private const int MostBlanks = 2;

    /// <summary>No placeholder is longer, with all its blanks and escapes.</summary>
    public const int Longest = PersonalDataVault.LongestName + PersonalDataVault.MostDigits + (4 * MostBlanks) + 8;

    /// <summary>Where the placeholder that starts at a place ends; 0 where none does, -1 where the text ends before that is clear.</summary>
    /// <param name="text">Where to read.</param>
    /// <param name="start">The bracket, or the backslash before it.</param>
    /// <param name="name">In upper case.</param>
    /// <param name="number">At least 1.</param>
    public static int Read(ReadOnlySpan<char> text, int start, out string name, out int number)
    {
        (name, number) = ("", 0);
        var at = start;
        Skip(text, ref at, '\\', 1);
        if (at == text.Length)
        {
            return -1;
        }

        if (text[at] != '[')
        {
            return 0;
        }

        at++;
        Skip(text, ref at, ' ', MostBlanks);
        var nameStart = at;
        while (at < text.Length && char.IsAsciiLetter(text[at]) && at - nameStart < PersonalDataVault.LongestName)
        {
            at++;
        }

        var nameEnd = at;
        if (at < text.Length && nameEnd - nameStart < 2)
        {
            return 0;
        }

        var between = at;
        Skip(text, ref at, ' ', MostBlanks);
        Skip(text, ref at, '\\', 1);
        if (at < text.Length && text[at] is '_' or '-')
        {
            at++;
        }

        Skip(text, ref at, ' ', MostBlanks);
        if (at < text.Length && at == between)
        {
            return 0;
        }

        var numberStart = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]) && at - numberStart < PersonalDataVault.MostDigits)
        {
            at++;
        }

        var numberEnd = at;
        if (at < text.Length && (numberEnd == numberStart || text[numberStart] == '0'))
        {
            return 0;
        }

        Skip(text, ref at, ' ', MostBlanks);
        Skip(text, ref at, '\\', 1);
        if (at == text.Length)
        {
            return -1;
        }

        if (text[at] != ']')
        {
            return 0;
        }

        name = text[nameStart..nameEnd].ToString().ToUpperInvariant();
        number = int.Parse(text[numberStart..numberEnd], NumberStyles.None, CultureInfo.InvariantCulture);
        return at + 1;
    }

    private static void Skip(ReadOnlySpan<char> text, ref int at, char c, int most)
    {
        for (var i = 0; i < most && at < text.Length && text[at] == c; i++)
        {
            at++;
        }
    }
}
