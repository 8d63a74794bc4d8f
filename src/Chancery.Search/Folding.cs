using System.Buffers;
using System.Text;

namespace Chancery.Search;

/// <summary>Brings spellings of the same word to one: NFKC, lower case, no accents.</summary>
public static class Folding
{
    private static readonly SearchValues<char> Special = SearchValues.Create("ßæœøłđðıþς");

    /// <summary>Folds one word or a whole text; the result's length may differ.</summary>
    public static string Fold(ReadOnlySpan<char> text)
    {
        if (Ascii.IsValid(text))
            return FoldAscii(text);

        // A lone surrogate is no character: Normalize would throw on it.
        var whole = HasLoneSurrogate(text) ? Repair(text) : text.ToString();
        var decomposed = whole.Normalize(NormalizationForm.FormKD).ToLowerInvariant();

        var folded = new StringBuilder(decomposed.Length);
        foreach (var c in decomposed)
        {
            if (IsDropped(c))
                continue;
            if (c < 0x80 || !Special.Contains(c))
                folded.Append(c);
            else
                folded.Append(Spelled(c));
        }

        return folded.ToString().Normalize(NormalizationForm.FormKC);
    }

    private static string FoldAscii(ReadOnlySpan<char> text) =>
        string.Create(text.Length, text, static (folded, source) => source.ToLowerInvariant(folded));

    private static string Spelled(char c) =>
        c switch
        {
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'ø' => "o",
            'ł' => "l",
            'đ' or 'ð' => "d",
            'ı' => "i",
            'þ' => "th",
            _ => "σ",
        };

    /// <summary>Accents of Latin, Greek and Cyrillic, points of Hebrew, short vowels of Arabic, soft hyphens, joiners.</summary>
    private static bool IsDropped(char c) =>
        c
            is (>= '\u0300' and <= '\u036F')
                or (>= '\u0591' and <= '\u05C7')
                or (>= '\u064B' and <= '\u0652')
                or '\u00AD'
                or (>= '\u200B' and <= '\u200F')
                or '\u2060'
                or '\uFEFF';

    private static bool HasLoneSurrogate(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }

    private static string Repair(ReadOnlySpan<char> text)
    {
        var repaired = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            repaired.Append(rune);
        return repaired.ToString();
    }
}
