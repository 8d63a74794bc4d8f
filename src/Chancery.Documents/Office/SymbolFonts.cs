using System.Globalization;

namespace Chancery.Documents;

/// <summary>What characters of fonts mean that have pictures where others have letters.</summary>
internal static class SymbolFonts
{
    /// <summary>The Symbol font, from 0x41 and from 0x61: Greek in the order of a Latin keyboard.</summary>
    private const string GreekCapitals = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
    private const string GreekLetters = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";

    private static readonly Dictionary<int, string> Symbol = new()
    {
        [0x22] = "∀",
        [0x24] = "∃",
        [0x27] = "∋",
        [0x2D] = "−",
        [0x40] = "≅",
        [0x5C] = "∴",
        [0x5E] = "⊥",
        [0xA2] = "′",
        [0xA3] = "≤",
        [0xA5] = "∞",
        [0xAB] = "↔",
        [0xAC] = "←",
        [0xAD] = "↑",
        [0xAE] = "→",
        [0xAF] = "↓",
        [0xB0] = "°",
        [0xB1] = "±",
        [0xB2] = "″",
        [0xB3] = "≥",
        [0xB4] = "×",
        [0xB5] = "∝",
        [0xB6] = "∂",
        [0xB7] = "•",
        [0xB8] = "÷",
        [0xB9] = "≠",
        [0xBA] = "≡",
        [0xBB] = "≈",
        [0xBC] = "…",
        [0xC5] = "⊕",
        [0xC6] = "∅",
        [0xC7] = "∩",
        [0xC8] = "∪",
        [0xCE] = "∈",
        [0xCF] = "∉",
        [0xD1] = "∇",
        [0xD2] = "®",
        [0xD3] = "©",
        [0xD4] = "™",
        [0xD5] = "∏",
        [0xD6] = "√",
        [0xD7] = "⋅",
        [0xD8] = "¬",
        [0xD9] = "∧",
        [0xDA] = "∨",
        [0xDB] = "⇔",
        [0xDC] = "⇐",
        [0xDE] = "⇒",
        [0xE5] = "∑",
        [0xF2] = "∫",
    };

    private static readonly Dictionary<int, string> Wingdings = new()
    {
        [0x4A] = "☺",
        [0x6C] = "●",
        [0x6D] = "❍",
        [0x6E] = "■",
        [0x6F] = "□",
        [0xA7] = "▪",
        [0xA8] = "◻",
        [0xDF] = "←",
        [0xE0] = "→",
        [0xE1] = "↑",
        [0xE2] = "↓",
        [0xE8] = "→",
        [0xFB] = "✗",
        [0xFC] = "✓",
        [0xFD] = "☒",
        [0xFE] = "☑",
    };

    /// <param name="code">Hexadecimal, as <c>w:sym</c> has it; often in the private area from F000.</param>
    /// <returns>Empty where nobody can tell.</returns>
    public static string Of(string? font, string? code)
    {
        if (!int.TryParse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value))
        {
            return "";
        }

        var place = value is >= 0xF000 and <= 0xF0FF ? value - 0xF000 : value;
        if (font?.Contains("Wingdings", StringComparison.OrdinalIgnoreCase) == true)
        {
            return Wingdings.GetValueOrDefault(place, "•");
        }

        if (font?.Equals("Symbol", StringComparison.OrdinalIgnoreCase) == true)
        {
            return place is > 0x40 and <= 0x5A ? GreekCapitals[place - 0x41].ToString()
                : place is > 0x60 and <= 0x7A ? GreekLetters[place - 0x61].ToString()
                : Symbol.GetValueOrDefault(place) ?? (place is >= ' ' and < 0x7F ? ((char)place).ToString() : "");
        }

        return value is >= 0xE000 and <= 0xF8FF || value is < ' ' or > 0xFFFD || char.IsSurrogate((char)value)
            ? ""
            : ((char)value).ToString();
    }
}
