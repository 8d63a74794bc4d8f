using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Chancery.Models;

/// <summary>
/// What stays of a letter without its accents: its canonical decomposition (Unicode normalisation form D) less nonspacing
/// marks. The product runs in invariant globalisation mode, in which <c>string.Normalize</c> returns its input.
/// </summary>
internal static class Accents
{
    private const int HangulBase = 0xAC00;
    private const int HangulEnd = 0xD7A4;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int VowelCount = 21;
    private const int TailCount = 28;

    private static readonly FrozenDictionary<int, Rune[]> Stripped = Load();

    /// <summary>Writes what stays, at most four code points.</summary>
    /// <returns>How many; none for a mark.</returns>
    public static int Strip(Rune letter, Span<Rune> stays)
    {
        var value = letter.Value;
        if (value is >= HangulBase and < HangulEnd)
        {
            var place = value - HangulBase;
            stays[0] = new Rune(LeadBase + (place / (VowelCount * TailCount)));
            stays[1] = new Rune(VowelBase + (place % (VowelCount * TailCount) / TailCount));
            var tail = place % TailCount;
            if (tail == 0)
                return 2;

            stays[2] = new Rune(TailBase + tail);
            return 3;
        }

        if (Stripped.TryGetValue(value, out var parts))
        {
            parts.CopyTo(stays);
            return parts.Length;
        }

        if (Rune.GetUnicodeCategory(letter) is UnicodeCategory.NonSpacingMark)
            return 0;

        stays[0] = letter;
        return 1;
    }

    private static FrozenDictionary<int, Rune[]> Load()
    {
        using var stream = typeof(Accents).Assembly.GetManifestResourceStream("accents.txt")!;
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var stripped = new Dictionary<int, Rune[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;

            var codes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                .ToArray();
            stripped.Add(codes[0], [.. codes.Skip(1).Select(code => new Rune(code))]);
        }

        return stripped.ToFrozenDictionary();
    }
}
