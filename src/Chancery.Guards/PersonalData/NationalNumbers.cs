using static Chancery.Guards.PersonalData.Checksums;

namespace Chancery.Guards.PersonalData;

/// <summary>Numbers of persons that are digits only, each with the shapes it is written in and its check.</summary>
internal static class NationalNumbers
{
    /// <param name="Locale">The country whose number it is.</param>
    /// <param name="Shapes">As <see cref="DigitNumber.Shape"/> has them.</param>
    /// <param name="IsValid">Of the digits alone.</param>
    /// <param name="Context">Words that name it.</param>
    /// <param name="Alone">How sure it is without such a word.</param>
    private sealed record Rule(
        string Locale,
        string[] Shapes,
        Func<string, bool> IsValid,
        ContextWords Context,
        double Alone
    );

    private const double Named = 0.95;

    // A number whose shape many others have passes one check in ten by chance, so that it needs its name.
    private const double TooCommon = 0.3;

    private static readonly ContextWords _anyId = new(
        "id number",
        "identity number",
        "identification number",
        "national id",
        "personal number",
        "personal identification",
        "id card",
        "tax id",
        "tax number",
        "social insurance",
        "social security"
    );

    private static readonly Rule[] _rules =
    [
        new("US", ["3-2-4"], IsSsn, new("ssn", "social security"), 0.85),
        new("US", ["9", "3 2 4", "3.2.4"], IsSsn, new("ssn", "ssns", "social security", "social"), 0.1),
        new("US", ["3-2-4", "9"], IsItin, new("itin", "taxpayer"), 0.5),
        new("GB", ["10", "3 3 4", "3-3-4"], IsNhs, new("nhs"), TooCommon),
        new(
            "DE",
            ["11", "2 3 3 3"],
            IsSteuerId,
            new(
                "steuer-id",
                "steuerid",
                "steueridentifikationsnummer",
                "idnr",
                "steuernummer",
                "identifikationsnummer",
                "tin"
            ),
            TooCommon
        ),
        new(
            "FR",
            ["15", "1 2 2 2 3 3 2", "13 2"],
            IsInsee,
            new("insee", "sécurité sociale", "securite sociale", "nir"),
            0.85
        ),
        new("PL", ["11"], IsPesel, new("pesel"), TooCommon),
        new("NL", ["9", "3 3 3", "4.2.3", "3.3.3"], IsBsn, new("bsn", "burgerservicenummer", "sofinummer"), TooCommon),
        new(
            "BE",
            ["11", "2.2.2-3.2"],
            IsBelgian,
            new("rijksregisternummer", "registre national", "national number", "niss", "insz"),
            TooCommon
        ),
        new("SE", ["6-4", "8-4", "12", "10"], IsPersonnummer, new("personnummer"), TooCommon),
        new("NO", ["11", "6 5"], IsFodselsnummer, new("fødselsnummer", "fodselsnummer", "personnummer"), TooCommon),
        new(
            "DK",
            ["6-4", "10"],
            digits => digits.Length == 10 && IsDayMonthYear(digits),
            new("cpr", "cpr-nummer", "personnummer"),
            TooCommon
        ),
        new("PT", ["9", "3 3 3"], IsNif, new("nif", "contribuinte"), TooCommon),
        new("CH", ["3.4.4.2", "13"], IsAhv, new("ahv", "avs", "sozialversicherungsnummer"), 0.9),
        new("BR", ["3.3.3-2", "11"], IsCpf, new("cpf"), TooCommon),
        new(
            "CA",
            ["3-3-3", "3 3 3", "9"],
            digits => digits[0] is not ('0' or '8') && Luhn(digits),
            new("sin", "social insurance"),
            TooCommon
        ),
        new(
            "AU",
            ["3 3 3", "9"],
            digits => Weighted(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0,
            new("tfn", "tax file"),
            TooCommon
        ),
        new(
            "IN",
            ["4 4 4", "4-4-4", "12"],
            digits => digits[0] > '1' && Verhoeff(digits),
            new("aadhaar", "aadhar", "uidai"),
            TooCommon
        ),
        new(
            "ZA",
            ["13"],
            digits => IsYearMonthDay(digits) && digits[10] < '3' && Luhn(digits),
            new("id number", "rsa id", "south african"),
            0.5
        ),
        new("TR", ["11"], IsTckn, new("tckn", "kimlik"), TooCommon),
        new("RO", ["13"], IsCnp, new("cnp", "cod numeric"), 0.5),
        new("CZ", ["6/4", "6/3"], IsRodneCislo, new("rodné číslo", "rodne cislo", "rodné čislo"), 0.7),
        new("CZ", ["10"], IsRodneCislo, new("rodné číslo", "rodne cislo", "rodné čislo"), TooCommon),
        new("BG", ["10"], IsEgn, new("egn", "егн"), TooCommon),
        new("KR", ["6-7"], IsRrn, new("rrn", "resident registration"), 0.85),
        new("GR", ["11"], digits => IsDayMonthYear(digits) && Luhn(digits), new("amka", "αμκα"), TooCommon),
        new("IL", ["9"], Luhn9, new("teudat zehut", "israeli id", "mispar zehut"), TooCommon),
        new("HR", ["11"], digits => Mod11And10(digits), new("oib"), TooCommon),
    ];

    private static readonly Dictionary<string, Rule[]> _byShape = _rules
        .SelectMany(rule => rule.Shapes.Select(shape => (shape, rule)))
        .GroupBy(pair => pair.shape)
        .ToDictionary(group => group.Key, group => group.Select(pair => pair.rule).ToArray());

    public static void Find(string text, DigitNumber number, List<PersonalDataSpan> found)
    {
        if (!_byShape.TryGetValue(number.Shape, out var rules))
        {
            return;
        }

        foreach (var rule in rules)
        {
            if (!rule.IsValid(number.Digits))
            {
                continue;
            }

            var confidence =
                rule.Context.Near(text, number.Start, number.End) ? Named
                : _anyId.Near(text, number.Start, number.End) ? Math.Max(0.6, rule.Alone)
                : rule.Alone;
            found.Add(new(PersonalDataKind.NationalId, number.Start, number.Length, confidence, rule.Locale));
        }
    }

    private static bool IsSsn(string digits) =>
        digits[0] != '9'
        && digits[..3] is not ("000" or "666")
        && digits[3..5] != "00"
        && digits[5..] != "0000"
        && digits is not ("078051120" or "219099999" or "123456789");

    private static bool IsItin(string digits) =>
        digits[0] == '9'
        && Number(digits.AsSpan(3, 2))
            is (>= 50 and <= 65)
                or (>= 70 and <= 88)
                or (>= 90 and <= 92)
                or (>= 94 and <= 99);

    private static bool IsNhs(string digits)
    {
        var check = 11 - (Weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
        return check != 10 && check % 11 == digits[9] - '0' && digits.Distinct().Skip(1).Any();
    }

    /// <summary>Of the first ten digits, one stands two or three times, the others once.</summary>
    private static bool IsSteuerId(string digits) =>
        digits[0] != '0'
        && digits[..10].GroupBy(digit => digit).Count(group => group.Count() > 1) == 1
        && digits[..10].GroupBy(digit => digit).All(group => group.Count() <= 3)
        && Mod11And10(digits);

    private static bool IsInsee(string digits) =>
        digits[0] is '1' or '2' or '3' or '4' or '7' or '8'
        && 97 - (Number(digits.AsSpan(0, 13)) % 97) == Number(digits.AsSpan(13));

    /// <summary>Months are 20 more for people born from 2000, 40, 60 and 80 more for other centuries.</summary>
    private static bool IsPesel(string digits) =>
        IsDayOf((int)Number(digits.AsSpan(4, 2)), (int)Number(digits.AsSpan(2, 2)) % 20)
        && (10 - (Weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 == digits[10] - '0';

    private static bool IsBsn(string digits) =>
        digits != "000000000" && (Weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11) == 0;

    private static bool IsBelgian(string digits)
    {
        var check = Number(digits.AsSpan(9));
        var born = Number(digits.AsSpan(0, 9));
        return 97 - (born % 97) == check || 97 - ((2_000_000_000 + born) % 97) == check;
    }

    private static bool IsPersonnummer(string digits)
    {
        var ten = digits[^10..];
        return IsYearMonthDay(ten) && Luhn(ten);
    }

    private static bool IsFodselsnummer(string digits) =>
        IsDayMonthYear(digits)
        && Check11(Weighted(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2])) == digits[9] - '0'
        && Check11(Weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) == digits[10] - '0';

    private static int Check11(int sum) => (11 - (sum % 11)) % 11;

    private static bool IsNif(string digits) =>
        digits[0] is not ('0' or '4' or '7')
        && Check11(Weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2])) % 10 == digits[8] - '0';

    private static bool IsAhv(string digits) =>
        digits.StartsWith("756", StringComparison.Ordinal)
        && Weighted(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0;

    private static bool IsCpf(string digits) =>
        digits.Distinct().Skip(1).Any()
        && Check11(Weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2])) % 10 == digits[9] - '0'
        && Check11(Weighted(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) % 10 == digits[10] - '0';

    private static bool IsTckn(string digits)
    {
        if (digits[0] == '0')
        {
            return false;
        }

        var tenth = Weighted(digits, [7, -1, 7, -1, 7, -1, 7, -1, 7]) % 10;
        return (tenth + 10) % 10 == digits[9] - '0' && digits[..10].Sum(digit => digit - '0') % 10 == digits[10] - '0';
    }

    private static bool IsCnp(string digits)
    {
        var rest = Weighted(digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
        return digits[0] != '0' && IsYearMonthDay(digits.AsSpan(1)) && (rest == 10 ? 1 : rest) == digits[12] - '0';
    }

    /// <summary>Months are 50 more for women, and 20 or 70 more where a day ran out of numbers. Nine digits before 1954 have no check.</summary>
    private static bool IsRodneCislo(string digits)
    {
        var month = (int)Number(digits.AsSpan(2, 2)) % 50;
        return IsDayOf((int)Number(digits.AsSpan(4, 2)), month > 20 ? month - 20 : month)
            && (digits.Length == 9 || Number(digits) % 11 == 0);
    }

    private static bool IsEgn(string digits) =>
        IsDayOf((int)Number(digits.AsSpan(4, 2)), (int)Number(digits.AsSpan(2, 2)) % 20)
        && Weighted(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digits[9] - '0';

    private static bool IsRrn(string digits) =>
        IsYearMonthDay(digits)
        && (11 - (Weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10 == digits[12] - '0';

    private static bool Luhn9(string digits) => digits != "000000000" && Luhn(digits);
}
