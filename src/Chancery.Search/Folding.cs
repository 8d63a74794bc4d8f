using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Chancery.Search;

/// <summary>Brings spellings of the same word to one: compatibility forms, lower case, no accents.</summary>
/// <remarks>
/// <see cref="string.Normalize()"/> returns its input under invariant globalization, in which this product runs, so the
/// mapping is our own table. Letters with accents and ligatures fold to plain ones; scripts whose marks carry meaning
/// (kana, Hangul, Indic) keep them, in one spelling.
/// </remarks>
public static class Folding
{
    private static readonly FrozenDictionary<int, string> Folds = Load();

    /// <summary>Folds one word or a whole text; the result's length may differ. Folding twice changes nothing more.</summary>
    public static string Fold(ReadOnlySpan<char> text)
    {
        if (Ascii.IsValid(text))
            return string.Create(text.Length, text, static (folded, source) => source.ToLowerInvariant(folded));

        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii)
                result.Append(char.ToLowerInvariant((char)rune.Value));
            else if (IsDropped(rune.Value))
                continue;
            else if (Folds.TryGetValue(rune.Value, out var fold))
                Append(result, fold);
            else
                Append(result, Rune.ToLowerInvariant(rune));
        }

        return result.ToString();
    }

    private static FrozenDictionary<int, string> Load()
    {
        using var stream = typeof(Folding).Assembly.GetManifestResourceStream("Folding.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var folds = new Dictionary<int, string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;

            var parts = line.Split(' ');
            foreach (var code in parts.AsSpan(1))
                folds.Add(int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture), parts[0]);
        }

        return folds.ToFrozenDictionary();
    }

    private static void Append(StringBuilder result, string fold)
    {
        foreach (var rune in fold.EnumerateRunes())
            Append(result, rune);
    }

    private static void Append(StringBuilder result, Rune rune)
    {
        if (result.Length > 0 && Compose(result[^1], rune.Value) is { } composed)
            result[^1] = composed;
        else
            result.Append(rune);
    }

    /// <summary>Kana with a sound mark, and the letters of a Hangul syllable, are one character as nearly all text has them.</summary>
    private static char? Compose(char before, int mark) =>
        (before, mark) switch
        {
            ('う', 0x3099) => 'ゔ',
            ('ウ', 0x3099) => 'ヴ',
            (>= 'か' and <= 'ぢ' or >= 'カ' and <= 'ヂ', 0x3099) when before % 2 == 'か' % 2 => (char)(before + 1),
            ('つ' or 'て' or 'と' or 'ツ' or 'テ' or 'ト', 0x3099) => (char)(before + 1),
            (>= 'は' and <= 'ほ', 0x3099 or 0x309A) when (before - 'は') % 3 == 0 => (char)(before + mark - 0x3098),
            (>= 'ハ' and <= 'ホ', 0x3099 or 0x309A) when (before - 'ハ') % 3 == 0 => (char)(before + mark - 0x3098),
            (>= '\u1100' and <= '\u1112', >= 0x1161 and <= 0x1175) => (char)(
                0xAC00 + ((before - 0x1100) * 588) + ((mark - 0x1161) * 28)
            ),
            (>= '\uAC00' and <= '\uD7A3', >= 0x11A8 and <= 0x11C2) when (before - 0xAC00) % 28 == 0 => (char)(
                before + mark - 0x11A7
            ),
            _ => null,
        };

    /// <summary>Accents of Latin, Greek and Cyrillic, points of Hebrew, short vowels of Arabic, soft hyphens, joiners.</summary>
    private static bool IsDropped(int value) =>
        value
            is (>= 0x0300 and <= 0x036F)
                or (>= 0x0591 and <= 0x05C7)
                or (>= 0x064B and <= 0x0652)
                or 0x00AD
                or (>= 0x200B and <= 0x200F)
                or 0x2060
                or 0xFEFF;
}
