using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>Telephone numbers as people write them. Shapes that only telephone numbers have stand alone; others need a word beside them.</summary>
internal static partial class Phones
{
    private static readonly ContextWords _context = new(
        "phone",
        "phones",
        "telephone",
        "tel",
        "tel.",
        "mobile",
        "cell",
        "cellphone",
        "fax",
        "call",
        "calls",
        "call me",
        "dial",
        "ring",
        "text me",
        "sms",
        "whatsapp",
        "signal",
        "messages",
        "message",
        "number",
        "numbers",
        "contact",
        "reach",
        "office",
        "hotline",
        "landline",
        "telefon",
        "telefonnummer",
        "handy",
        "téléphone",
        "portable",
        "teléfono",
        "móvil",
        "telefono",
        "cellulare",
        "telefone",
        "celular",
        "телефон",
        "電話",
        "电话",
        "ph",
        "mob",
        "ext",
        "voicemail"
    );

    private static readonly ContextWords _other = new(
        "order",
        "invoice",
        "card",
        "account",
        "ssn",
        "social security",
        "license",
        "licence",
        "passport",
        "iban",
        "version",
        "ticket",
        "case",
        "serial",
        "isbn",
        "postcode",
        "zip"
    );

    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Candidate().EnumerateMatches(text))
        {
            var (start, length) = (match.Index, match.Length);
            var written = text.AsSpan(start, length);
            var sure = Confidence(text, start, written);
            if (sure > 0)
            {
                found.Add(new(PersonalDataKind.Phone, start, length, sure));
            }
        }
    }

    private static double Confidence(string text, int start, ReadOnlySpan<char> written)
    {
        if (Dates.StartsAsDate(written) || Networks.IsIpAddress(written))
        {
            return 0;
        }

        var extension = written.IndexOfAny('x', 'X', 'e');
        var main = extension < 0 ? written : written[..extension];
        var digits = 0;
        var separators = 0;
        foreach (var c in main)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
            separators += c is ' ' or '-' or '.' or '/' or '(' or '\u00A0' ? 1 : 0;
        }

        if (digits is < 6 or > 15 || written.Count('(') != written.Count(')'))
        {
            return 0;
        }

        var international = written[0] == '+' || (written.StartsWith("00") && digits >= 10);
        if (international && digits >= 8)
        {
            return 0.92;
        }

        var named = _context.Near(text, start, start + written.Length);
        var otherwise = _other.Precede(text, start, 32);
        if (extension >= 0 && digits >= 7)
        {
            return 0.9;
        }

        if (NorthAmerican().IsMatch(main))
        {
            return named ? 0.92
                : otherwise ? 0.4
                : 0.8;
        }

        if (separators == 0)
        {
            return named && !otherwise && digits is >= 7 and <= 12 ? 0.65 : 0.2;
        }

        // Groups of one digit, or a bracket around half of a sum: prose and tables have these, too.
        if (ShortGroups().IsMatch(main))
        {
            return named ? 0.5 : 0.1;
        }

        if (named)
        {
            return otherwise ? 0.55 : 0.85;
        }

        var nationalTrunk = written[0] == '0' || written[0] == '(';
        return otherwise ? 0.2
            : nationalTrunk && digits >= 8 ? 0.7
            : digits is >= 8 and <= 12 && separators >= 2 && !LooksLikeYears(main) ? 0.5
            : 0.3;
    }

    private static bool LooksLikeYears(ReadOnlySpan<char> written) => Year().IsMatch(written);

    [GeneratedRegex("(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Year();

    [GeneratedRegex(
        @"(?<![\p{L}\d_.@#$€£/-]|\d:)(?:\+ ?|\()?[0-9](?:[0-9]|\)?[ .\-/\u00A0]{0,2}\(?(?=[0-9])|\) ?(?=[0-9])){4,28}[0-9](?:\)|(?: ?(?:x|ext\.? ?)[0-9]{1,6}))?(?![\p{L}\d_@]|[.,:]\d|/\d)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Candidate();

    [GeneratedRegex(
        @"^(?:1[-. ])?(?:\([2-9][0-9]{2}\)[ -]?|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex NorthAmerican();

    [GeneratedRegex(@"(?:^|[^0-9(+])[0-9](?:[^0-9)]+[0-9])(?:[^0-9]|$)", RegexOptions.CultureInvariant)]
    private static partial Regex ShortGroups();
}
