using System.Text.RegularExpressions;
using static Chancery.Guards.PersonalData.Checksums;

namespace Chancery.Guards.PersonalData;

/// <summary>Numbers of persons that hold letters, with their checks. Every pattern is bounded and tries nothing twice.</summary>
internal static partial class LetteredIds
{
    private const string DniLetters = "TRWAGMYFPDXBNJZSQVHLCKE";

    private static readonly int[] _oddValues =
    [
        1,
        0,
        5,
        7,
        9,
        13,
        15,
        17,
        19,
        21,
        2,
        4,
        18,
        20,
        11,
        3,
        6,
        8,
        12,
        14,
        16,
        10,
        22,
        25,
        24,
        23,
    ];

    private static readonly ContextWords _pan = new("pan", "permanent account", "income tax");
    private static readonly ContextWords _national = new("national insurance", "nino", "ni number", "insurance number");
    private static readonly ContextWords _pps = new("pps", "ppsn", "personal public service");

    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Nino().EnumerateMatches(text))
        {
            var sure = _national.Near(text, match.Index, match.Index + match.Length) ? 0.95 : 0.85;
            found.Add(new(PersonalDataKind.NationalId, match.Index, match.Length, sure, "GB"));
        }

        Add(text, found, Dni().EnumerateMatches(text), IsDni, "ES", 0.92);
        Add(text, found, CodiceFiscale().EnumerateMatches(text), IsCodiceFiscale, "IT", 0.97);
        Add(text, found, Hetu().EnumerateMatches(text), IsHetu, "FI", 0.95);
        Add(text, found, Curp().EnumerateMatches(text), IsCurp, "MX", 0.97);
        Add(text, found, Nric().EnumerateMatches(text), IsNric, "SG", 0.92);
        Add(text, found, ResidentId().EnumerateMatches(text), IsResidentId, "CN", 0.95);
        Add(text, found, Corsican().EnumerateMatches(text), IsCorsican, "FR", 0.95);
        foreach (var match in Pan().EnumerateMatches(text))
        {
            var sure = _pan.Near(text, match.Index, match.Index + match.Length) ? 0.95 : 0.5;
            found.Add(new(PersonalDataKind.NationalId, match.Index, match.Length, sure, "IN"));
        }

        foreach (var match in Pps().EnumerateMatches(text))
        {
            if (IsPps(text.Substring(match.Index, match.Length)))
            {
                var sure = _pps.Near(text, match.Index, match.Index + match.Length) ? 0.95 : 0.6;
                found.Add(new(PersonalDataKind.NationalId, match.Index, match.Length, sure, "IE"));
            }
        }
    }

    private static void Add(
        string text,
        List<PersonalDataSpan> found,
        Regex.ValueMatchEnumerator matches,
        Func<string, bool> isValid,
        string locale,
        double confidence
    )
    {
        foreach (var match in matches)
        {
            var compact = text.Substring(match.Index, match.Length)
                .Replace("-", "", StringComparison.Ordinal)
                .Replace(" ", "", StringComparison.Ordinal)
                .ToUpperInvariant();
            if (isValid(locale == "FI" ? text.Substring(match.Index, match.Length).ToUpperInvariant() : compact))
            {
                found.Add(new(PersonalDataKind.NationalId, match.Index, match.Length, confidence, locale));
            }
        }
    }

    /// <summary>Foreigners' numbers start with X, Y or Z, which count as 0, 1 and 2.</summary>
    private static bool IsDni(string id)
    {
        var digits = id[0] switch
        {
            'X' => "0" + id[1..8],
            'Y' => "1" + id[1..8],
            'Z' => "2" + id[1..8],
            _ => id[..8],
        };
        return DniLetters[(int)(Number(digits) % 23)] == id[8];
    }

    private static bool IsCodiceFiscale(string id)
    {
        var sum = 0;
        for (var i = 0; i < 15; i++)
        {
            var value = char.IsAsciiDigit(id[i]) ? id[i] - '0' : id[i] - 'A';
            sum += i % 2 == 0 ? _oddValues[value] : value;
        }

        return sum % 26 == id[15] - 'A';
    }

    private static bool IsHetu(string id) =>
        IsDayMonthYear(id) && "0123456789ABCDEFHJKLMNPRSTUVWXY"[(int)(Number(id[..6] + id[7..10]) % 31)] == id[10];

    private static bool IsCurp(string id)
    {
        const string alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";
        var sum = 0;
        for (var i = 0; i < 17; i++)
        {
            sum += alphabet.IndexOf(id[i]) * (18 - i);
        }

        return IsYearMonthDay(id.AsSpan(4, 6)) && (10 - (sum % 10)) % 10 == id[17] - '0';
    }

    private static bool IsNric(string id)
    {
        var sum = Weighted(id.AsSpan(1, 7), [2, 7, 6, 5, 4, 3, 2]);
        if (id[0] is 'T' or 'G')
        {
            sum += 4;
        }

        return (id[0] is 'S' or 'T' ? "JZIHGFEDCBA" : "XWUTRQPNMLK")[sum % 11] == id[8];
    }

    private static bool IsResidentId(string id)
    {
        var sum = Weighted(id, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
        return IsDayOf((int)Number(id.AsSpan(12, 2)), (int)Number(id.AsSpan(10, 2)))
            && "10X98765432"[sum % 11] == id[17];
    }

    /// <summary>Corsica's departments count as 19 and 18.</summary>
    private static bool IsCorsican(string id) =>
        97 - (Number(string.Concat(id.AsSpan(0, 5), id[6] == 'A' ? "19" : "18", id.AsSpan(7, 6))) % 97)
        == Number(id.AsSpan(13));

    private static bool IsPps(string id)
    {
        var upper = id.ToUpperInvariant();
        var sum = Weighted(upper, [8, 7, 6, 5, 4, 3, 2]);
        if (upper.Length == 9 && upper[8] != 'W')
        {
            sum += (upper[8] - 'A' + 1) * 9;
        }

        return "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == upper[7];
    }

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D](?![\p{L}\d])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Nino();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:[0-9]{8}|[XYZxyz]-?[0-9]{7})-?[A-Za-z](?![\p{L}\d])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Dni();

    [GeneratedRegex(
        @"(?<![\p{L}\d])[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z](?![\p{L}\d])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex CodiceFiscale();

    [GeneratedRegex(@"(?<![\p{L}\d])[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y](?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex Hetu();

    [GeneratedRegex(
        @"(?<![\p{L}\d])[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9](?![\p{L}\d])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Curp();

    [GeneratedRegex(@"(?<![\p{L}\d])[STFGstfg][0-9]{7}[A-Za-z](?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex Nric();

    [GeneratedRegex(@"(?<![\p{L}\d])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex ResidentId();

    [GeneratedRegex(
        @"(?<![\p{L}\d])[12] ?[0-9]{2} ?[0-9]{2} ?2[ABab] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![\p{L}\d])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Corsican();

    [GeneratedRegex(
        @"(?<![\p{L}\d])[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z](?![\p{L}\d])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Pan();

    [GeneratedRegex(@"(?<![\p{L}\d])[0-9]{7}[A-Wa-w][A-IWa-iw]?(?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex Pps();
}
