using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Quantities;

/// <summary>An amount of money where it stands in a text.</summary>
/// <param name="Currency">ISO 4217.</param>
internal readonly record struct FoundAmount(int Start, int Length, decimal Value, string Currency);

/// <summary>Finds amounts of money: "EUR 10,000", "$1.5 million", "10.000,00 €".</summary>
internal static class Amounts
{
    private const string Signs = @"US\$|USD|EUR|CHF|GBP|CAD|AUD|JPY|€|£|¥|\$";
    private const string Number = @"[0-9](?:[0-9.,']*[0-9])?";
    private const string Scale = @"(?:\s?(?<scale>million|mn|mio\.?|m|billion|bn|thousand|tausend|k)\b)?";

    private static readonly Regex _amounts = new(
        $@"(?:(?<before>{Signs})\s?(?<number>{Number}){Scale}|\b(?<number>{Number}){Scale}\s?(?<after>{Signs}|euros?|(?:u\.?s\.? )?dollars|pounds(?: sterling)?|swiss francs))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static IEnumerable<FoundAmount> In(string text)
    {
        foreach (Match match in _amounts.Matches(text))
        {
            if (ReadNumber(match.Groups["number"].Value) is { } number)
            {
                var sign = match.Groups["before"].Success ? match.Groups["before"].Value : match.Groups["after"].Value;
                yield return new FoundAmount(
                    match.Index,
                    match.Length,
                    number * ScaleOf(match.Groups["scale"].Value),
                    CurrencyOf(sign)
                );
            }
        }
    }

    /// <summary>
    /// "10,000.50", "10.000,50", "10'000"; one separator before exactly three digits groups thousands. Null: no number, or too large a one.
    /// </summary>
    public static decimal? ReadNumber(string figures)
    {
        var plain = figures.Replace("'", "", StringComparison.Ordinal);
        var last = plain.LastIndexOfAny(['.', ',']);
        if (last >= 0)
        {
            var isDecimal =
                plain.IndexOfAny(['.', ',']) == last
                    ? plain.Length - last - 1 != 3
                    : plain.Count(c => c == plain[last]) == 1;
            var whole = (isDecimal ? plain[..last] : plain)
                .Replace(",", "", StringComparison.Ordinal)
                .Replace(".", "", StringComparison.Ordinal);
            plain = isDecimal ? $"{whole}.{plain[(last + 1)..]}" : whole;
        }

        return
            plain.Length <= 18
            && decimal.TryParse(plain, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
    }

    private static decimal ScaleOf(string scale) =>
        scale.ToLowerInvariant().TrimEnd('.') switch
        {
            "million" or "mn" or "mio" or "m" => 1_000_000m,
            "billion" or "bn" => 1_000_000_000m,
            "thousand" or "tausend" or "k" => 1_000m,
            _ => 1m,
        };

    private static string CurrencyOf(string sign) =>
        sign.ToLowerInvariant() switch
        {
            "€" or "eur" or "euro" or "euros" => "EUR",
            "£" or "gbp" or "pounds" or "pounds sterling" => "GBP",
            "chf" or "swiss francs" => "CHF",
            "¥" or "jpy" => "JPY",
            "cad" => "CAD",
            "aud" => "AUD",
            _ => "USD",
        };
}
