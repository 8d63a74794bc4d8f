using System.Globalization;

namespace Chancery.Contracts.Analysis.Quantities;

internal static class RomanNumbers
{
    /// <summary>"iv" → "4". Of letters i, v, x, l in lower case; others are left out.</summary>
    public static string Read(string roman)
    {
        var sum = 0;
        for (var i = 0; i < roman.Length; i++)
        {
            var value = ValueOf(roman[i]);
            sum += i + 1 < roman.Length && ValueOf(roman[i + 1]) > value ? -value : value;
        }

        return sum.ToString(CultureInfo.InvariantCulture);
    }

    private static int ValueOf(char sign) =>
        sign switch
        {
            'i' => 1,
            'v' => 5,
            'x' => 10,
            'l' => 50,
            _ => 0,
        };
}
