using System.Text.RegularExpressions;
using static Chancery.Guards.PersonalData.Checksums;

namespace Chancery.Guards.PersonalData;

/// <summary>Cards, bank accounts and documents that carry a number.</summary>
internal static partial class Accounts
{
    private static readonly Dictionary<string, int> _ibanLengths = (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 "
        + "GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
        + "MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 "
        + "UA29 VA22 VG24 XK20"
    )
        .Split(' ')
        .ToDictionary(
            entry => entry[..2],
            entry => int.Parse(entry[2..], System.Globalization.CultureInfo.InvariantCulture)
        );

    private static readonly ContextWords _card = new(
        "card",
        "cards",
        "cc",
        "credit",
        "debit",
        "visa",
        "mastercard",
        "amex",
        "american express",
        "maestro",
        "discover",
        "kreditkarte",
        "karte",
        "kartennummer",
        "carte",
        "tarjeta",
        "cartão",
        "carta",
        "karta",
        "pan",
        "statement"
    );

    private static readonly ContextWords _routing = new("routing", "aba", "rtn", "transit");

    private static readonly ContextWords _account = new(
        "account number",
        "account no",
        "account #",
        "acct",
        "bank account",
        "kontonummer",
        "kontonr",
        "numéro de compte",
        "número de cuenta",
        "sort code"
    );

    private static readonly ContextWords _passport = new(
        "passport",
        "reisepass",
        "passeport",
        "pasaporte",
        "passaporto",
        "paszport",
        "paspoort",
        "passnummer"
    );

    private static readonly ContextWords _licence = new(
        "driver's license",
        "drivers license",
        "driver license",
        "driver’s license",
        "driving licence",
        "driving license",
        "driver's licence",
        "drivers licence",
        "driver licence",
        "license number",
        "licence number",
        "führerschein",
        "permis de conduire",
        "permiso de conducir",
        "patente di guida",
        "dl number",
        "dl no"
    );

    public static void Find(string text, DigitNumber number, List<PersonalDataSpan> found)
    {
        var digits = number.Digits;
        if (
            digits.Length is >= 12 and <= 19
            && IsCardShape(number.Shape)
            && Luhn(digits)
            && digits.Distinct().Skip(1).Any()
        )
        {
            var named = _card.Near(text, number.Start, number.End);
            var issued = IsIssued(digits);
            double sure = (named, issued) switch
            {
                (true, true) => 0.97,
                (false, true) => digits.Length >= 15 ? 0.85 : 0.55,
                (true, false) => 0.8,
                _ => 0.3,
            };
            found.Add(new(PersonalDataKind.CreditCard, number.Start, number.Length, sure));
        }

        if (number.Shape is "9" && IsRoutingNumber(digits))
        {
            var sure = _routing.Near(text, number.Start, number.End) ? 0.95 : 0.2;
            found.Add(new(PersonalDataKind.BankAccount, number.Start, number.Length, sure, "US"));
        }

        if (
            ((digits.Length is >= 6 and <= 17 && !number.Shape.Contains('/')) || number.Shape is "2-2-2")
            && _account.Precede(text, number.Start, 32)
        )
        {
            found.Add(new(PersonalDataKind.BankAccount, number.Start, number.Length, 0.7));
        }
    }

    public static void FindLettered(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Iban().EnumerateMatches(text))
        {
            AddIban(text, match.Index, match.Length, found);
        }

        foreach (var match in DocumentNumber().EnumerateMatches(text))
        {
            var (start, length) = (match.Index, match.Length);
            if (_passport.Precede(text, start, 40) && length is >= 6 and <= 10)
            {
                found.Add(new(PersonalDataKind.Passport, start, length, 0.85));
            }
            else if (_licence.Precede(text, start, 40))
            {
                found.Add(new(PersonalDataKind.DrivingLicence, start, length, 0.92));
            }
        }
    }

    /// <summary>The pattern may run on into the next word, so that the country's length decides where it ends.</summary>
    private static void AddIban(string text, int start, int length, List<PersonalDataSpan> found)
    {
        var country = text.Substring(start, 2).ToUpperInvariant();
        if (!_ibanLengths.TryGetValue(country, out var wanted))
        {
            return;
        }

        Span<char> compact = stackalloc char[wanted];
        var taken = 0;
        var at = start;
        for (; at < start + length && taken < wanted; at++)
        {
            if (char.IsAsciiLetterOrDigit(text[at]))
            {
                compact[taken++] = text[at];
            }
        }

        var ends = at == text.Length || !char.IsLetterOrDigit(text[at]);
        if (taken == wanted && ends && Checksums.Iban(compact))
        {
            found.Add(new(PersonalDataKind.Iban, start, at - start, 0.99, country));
        }
    }

    /// <summary>Without separators, or in groups that one kind of separator parts.</summary>
    private static bool IsCardShape(string shape) =>
        shape.All(char.IsAsciiDigit)
        || shape
            is "4 4 4 4"
                or "4-4-4-4"
                or "4 6 5"
                or "4-6-5"
                or "4 6 4"
                or "4-6-4"
                or "4 4 4 4 3"
                or "4-4-4-4-3"
                or "4 4 4 3"
                or "4 4 4 1"
                or "4.4.4.4"
                or "6 13"
                or "4 4 5";

    private static bool IsIssued(string digits)
    {
        var four = (int)Number(digits.AsSpan(0, 4));
        return digits.Length switch
        {
            14 => four is (>= 3000 and <= 3059) or 3095 or (>= 3600 and <= 3699) or (>= 3800 and <= 3999),
            15 => four / 100 is 34 or 37 || four is 1800 or 2131,
            13 => digits[0] == '4',
            12 => four is 5018 or 5020 or 5038 or 5893 or 6304 or (>= 6759 and <= 6763),
            _ => digits[0] is '4' or '5' or '6'
                || (digits[0] == '2' && four is >= 2200 and <= 2720)
                || four is >= 3528 and <= 3589,
        };
    }

    private static bool IsRoutingNumber(string digits) =>
        Number(digits.AsSpan(0, 2)) is <= 12 or (>= 21 and <= 32) or (>= 61 and <= 72) or 80
        && digits != "000000000"
        && Weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0;

    [GeneratedRegex(@"(?<![\p{L}\d])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}", RegexOptions.CultureInvariant)]
    private static partial Regex Iban();

    [GeneratedRegex(
        @"(?<![\p{L}\d-])(?:[A-Za-z]{0,5}[0-9]{5,14}[A-Za-z0-9]{0,4}|[0-9]{2,4}-[0-9]{2,3}-[0-9]{3,5}|[A-Za-z][0-9]{3,4}-[0-9]{4}-[0-9]{4}|[A-Z]{5}[0-9]{6}[A-Z0-9]{5}|(?=[A-Z]{0,9}[0-9])[A-Z][A-Z0-9]{5,9})(?![\p{L}\d])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex DocumentNumber();
}
