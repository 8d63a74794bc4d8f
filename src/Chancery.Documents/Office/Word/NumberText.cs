using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>Numbers as lists show them.</summary>
internal static class NumberText
{
    private const int MaxRoman = 3999;

    private static readonly (int Value, string Letters)[] Roman =
    [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];

    /// <param name="format">As Word calls it; one that is not known is shown in digits.</param>
    public static string Of(int number, string? format) =>
        format switch
        {
            "lowerLetter" => Letters(number, 'a'),
            "upperLetter" => Letters(number, 'A'),
            "lowerRoman" => RomanOf(number),
            "upperRoman" => RomanOf(number).ToUpperInvariant(),
            "decimalZero" => number.ToString("00", CultureInfo.InvariantCulture),
            "ordinal" => number.ToString(CultureInfo.InvariantCulture) + Suffix(number),
            "none" or "bullet" => "",
            _ => number.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>a to z, then aa to zz, and so on.</summary>
    private static string Letters(int number, char first) =>
        number is < 1 or > 780
            ? number.ToString(CultureInfo.InvariantCulture)
            : new string((char)(first + ((number - 1) % 26)), ((number - 1) / 26) + 1);

    private static string RomanOf(int number)
    {
        if (number is < 1 or > MaxRoman)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }

        var text = new StringBuilder();
        foreach (var (value, letters) in Roman)
        {
            for (; number >= value; number -= value)
            {
                text.Append(letters);
            }
        }

        return text.ToString();
    }

    private static string Suffix(int number) =>
        (number % 100) is >= 11 and <= 13
            ? "th"
            : (number % 10) switch
            {
                1 => "st",
                2 => "nd",
                3 => "rd",
                _ => "th",
            };
}
