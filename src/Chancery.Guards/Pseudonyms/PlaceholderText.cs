using System.Globalization;

namespace Chancery.Guards.Pseudonyms;

/// <summary>
/// Reads placeholders as models give them back: <c>[EMAIL_1]</c>, <c>[Email_1]</c>, and <c>\[EMAIL\_1\]</c> as Markdown escapes it. With a blank
/// or a hyphen in it, <c>[Address 1]</c>, it is a blank of a form or a reference as often as a placeholder, and is none.
/// </summary>
internal static class PlaceholderText
{
    /// <summary>Where the placeholder that starts at a place ends; 0 where none does, -1 where the text ends before that is clear.</summary>
    /// <param name="text">Where to read.</param>
    /// <param name="start">The bracket, or the backslash before it.</param>
    /// <param name="name">One that a vault gives, in upper case.</param>
    /// <param name="number">At least 1.</param>
    public static int Read(ReadOnlySpan<char> text, int start, out string name, out int number)
    {
        (name, number) = ("", 0);
        var at = start;
        var isEscaped = text[at] == '\\';
        at += isEscaped ? 1 : 0;
        if (at == text.Length)
        {
            return -1;
        }

        if (text[at] != '[')
        {
            return 0;
        }

        var nameStart = ++at;
        while (at < text.Length && char.IsAsciiLetter(text[at]) && at - nameStart < PersonalDataVault.LongestName)
        {
            at++;
        }

        var nameEnd = at;
        if (at < text.Length && text[at] == '\\')
        {
            at++;
        }

        if (at == text.Length)
        {
            return -1;
        }

        var letters = text[nameStart..nameEnd].ToString().ToUpperInvariant();
        if (text[at] != '_' || !PersonalDataVault.IsName(letters))
        {
            return 0;
        }

        var numberStart = ++at;
        while (at < text.Length && char.IsAsciiDigit(text[at]) && at - numberStart < PersonalDataVault.MostDigits)
        {
            at++;
        }

        var numberEnd = at;
        if (at < text.Length && (numberEnd == numberStart || text[numberStart] == '0'))
        {
            return 0;
        }

        // A bracket that is escaped where the other is not, is none of Markdown's.
        if (isEscaped && at < text.Length)
        {
            if (text[at] != '\\')
            {
                return 0;
            }

            at++;
        }

        if (at == text.Length)
        {
            return -1;
        }

        if (text[at] != ']')
        {
            return 0;
        }

        name = letters;
        number = int.Parse(text[numberStart..numberEnd], NumberStyles.None, CultureInfo.InvariantCulture);
        return at + 1;
    }

    /// <summary>
    /// Where what a placeholder is without its brackets ends, <c>EMAIL_1</c> as it is written, a word of its own; 0 where there is none. A model may
    /// take it for the placeholder of that name.
    /// </summary>
    /// <param name="text">Where to read.</param>
    /// <param name="start">A capital letter.</param>
    public static int ReadBare(ReadOnlySpan<char> text, int start)
    {
        if (start > 0 && IsOfWord(text[start - 1]))
        {
            return 0;
        }

        var at = start;
        while (at < text.Length && char.IsAsciiLetterUpper(text[at]) && at - start < PersonalDataVault.LongestName)
        {
            at++;
        }

        if (at == text.Length || text[at] is not ('_' or '\\') || !PersonalDataVault.IsName(text[start..at].ToString()))
        {
            return 0;
        }

        at += text[at] == '\\' ? 1 : 0;
        if (at == text.Length || text[at] != '_')
        {
            return 0;
        }

        var numberStart = ++at;
        while (at < text.Length && char.IsAsciiDigit(text[at]) && at - numberStart < PersonalDataVault.MostDigits)
        {
            at++;
        }

        return at > numberStart && text[numberStart] != '0' && (at == text.Length || !IsOfWord(text[at])) ? at : 0;
    }

    private static bool IsOfWord(char c) => char.IsLetterOrDigit(c) || c == '_';
}
