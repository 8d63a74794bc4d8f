using System.Globalization;

namespace Chancery.Bench.Guards;

/// <summary>Shares with their 95 % intervals.</summary>
internal static class Rates
{
    private const double Z = 1.959964;

    /// <summary>A share in percent with Wilson's interval; a dash where nothing was counted.</summary>
    public static string Percent(int hits, int of)
    {
        if (of == 0)
        {
            return "–";
        }

        var (low, high) = Wilson(hits, of);
        return string.Create(CultureInfo.InvariantCulture, $"{100.0 * hits / of:F1} ({100 * low:F1}–{100 * high:F1})");
    }

    /// <summary>The same as a number of three places, without its leading zero's percent.</summary>
    public static string Share(int hits, int of)
    {
        if (of == 0)
        {
            return "–";
        }

        var (low, high) = Wilson(hits, of);
        return string.Create(CultureInfo.InvariantCulture, $"{(double)hits / of:F3} ({low:F3}–{high:F3})");
    }

    private static (double Low, double High) Wilson(int hits, int of)
    {
        var share = (double)hits / of;
        var square = Z * Z / of;
        var centre = share + (square / 2);
        var half = Z * Math.Sqrt((share * (1 - share) / of) + (square / of / 4));
        return (Math.Max(0, (centre - half) / (1 + square)), Math.Min(1, (centre + half) / (1 + square)));
    }
}
