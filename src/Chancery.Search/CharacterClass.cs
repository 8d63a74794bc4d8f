using System.Globalization;
using System.Text;

namespace Chancery.Search;

internal enum CharacterClass : byte
{
    Other,
    Letter,
    Digit,

    /// <summary>Of a script without spaces between words.</summary>
    Unspaced,

    /// <summary>A mark or joiner that belongs to the character before it.</summary>
    Extend,
    Underscore,
}

internal static class CharacterClasses
{
    private static readonly CharacterClass[] Ascii = BuildAscii();

    public static CharacterClass Of(Rune rune)
    {
        if (rune.IsAscii)
            return Ascii[rune.Value];
        // The half-width sound marks are letters by category.
        if (rune.Value is 0xFF9E or 0xFF9F)
            return CharacterClass.Extend;
        if (IsUnspaced(rune.Value))
            return CharacterClass.Unspaced;

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter
            or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber =>
                CharacterClass.Digit,
            UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format => CharacterClass.Extend,
            _ => CharacterClass.Other,
        };
    }

    /// <summary>Han, kana, Hangul, Thai, Lao, Khmer, Burmese.</summary>
    private static bool IsUnspaced(int value) =>
        value
            is (>= 0x3400 and <= 0x4DBF)
                or (>= 0x4E00 and <= 0x9FFF)
                or (>= 0xF900 and <= 0xFAFF)
                or (>= 0x20000 and <= 0x3FFFD)
                or (>= 0x3041 and <= 0x3096)
                or (>= 0x30A1 and <= 0x30FA)
                or 0x30FC
                or 0x3005
                or 0x3007
                or (>= 0xFF66 and <= 0xFF9D)
                or (>= 0xAC00 and <= 0xD7AF)
                or (>= 0x0E01 and <= 0x0E4E)
                or (>= 0x0E81 and <= 0x0ECE)
                or (>= 0x1000 and <= 0x103F)
                or (>= 0x1780 and <= 0x17D3);

    private static CharacterClass[] BuildAscii()
    {
        var classes = new CharacterClass[128];
        for (var c = 0; c < 128; c++)
        {
            classes[c] =
                char.IsAsciiLetter((char)c) ? CharacterClass.Letter
                : char.IsAsciiDigit((char)c) ? CharacterClass.Digit
                : c == '_' ? CharacterClass.Underscore
                : CharacterClass.Other;
        }

        return classes;
    }
}
