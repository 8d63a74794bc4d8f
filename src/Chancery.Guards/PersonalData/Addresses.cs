using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>
/// Street addresses, by the words that streets are called in several languages, by a number before capitalised words where the text
/// speaks of an address, and by the forms of post boxes; with the flat, the town and the code that follow.
/// </summary>
internal static partial class Addresses
{
    private static readonly ContextWords _context = new(
        "address",
        "addresses",
        "live at",
        "lives at",
        "living at",
        "located at",
        "located on",
        "located in",
        "resides at",
        "residing at",
        "reside at",
        "office at",
        "offices at",
        "send to",
        "ship to",
        "deliver to",
        "delivered to",
        "arrived at",
        "sent to",
        "taxi to",
        "meet at",
        "meet me at",
        "meet you at",
        "return to",
        "adresse",
        "anschrift",
        "wohnhaft",
        "dirección",
        "indirizzo",
        "morada",
        "adres",
        "stop at",
        "station at",
        "moved to",
        "restaurant at",
        "me at",
        "you off at",
        "one to"
    );

    private static readonly ContextWords _code = new(
        "zip",
        "zipcode",
        "zip code",
        "postcode",
        "postal code",
        "post code",
        "plz",
        "postleitzahl",
        "code postal",
        "código postal",
        "cap"
    );

    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Street().EnumerateMatches(text))
        {
            Add(text, match.Index, match.Length, 0.75, found);
        }

        foreach (var match in Compound().EnumerateMatches(text))
        {
            Add(text, match.Index, match.Length, 0.7, found);
        }

        foreach (var match in Box().EnumerateMatches(text))
        {
            Add(text, match.Index, match.Length, 0.85, found);
        }

        foreach (var match in Numbered().EnumerateMatches(text))
        {
            var start = match.Index;
            var sure =
                _context.Precede(text, start, 40) ? 0.65
                : Flat().IsMatch(text.AsSpan(start, match.Length)) ? 0.75
                : 0.3;
            Add(text, start, match.Length, sure, found);
        }

        foreach (var match in Code().EnumerateMatches(text))
        {
            if (_code.Precede(text, match.Index, 24))
            {
                found.Add(new(PersonalDataKind.PostalCode, match.Index, match.Length, 0.8));
            }
        }

        foreach (Match match in CodeOfTown().Matches(text))
        {
            var code = match.Groups["n"];
            found.Add(new(PersonalDataKind.PostalCode, code.Index, code.Length, 0.5));
        }

        foreach (var match in BritishCode().EnumerateMatches(text))
        {
            found.Add(new(PersonalDataKind.PostalCode, match.Index, match.Length, 0.8, "GB"));
        }
    }

    private static void Add(string text, int start, int length, double confidence, List<PersonalDataSpan> found)
    {
        var rest = Rest().Match(text, start + length, Math.Min(160, text.Length - start - length));
        var end = rest.Success && rest.Index == start + length ? rest.Index + rest.Length : start + length;
        found.Add(new(PersonalDataKind.StreetAddress, start, end - start, confidence));
    }

    private const string Suffixes =
        "street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|crescent|close|way|parkway|pkwy|highway|hwy|alley|trail|circle|cir|row|"
        + "mews|grove|gardens|walk|quay|turnpike|loop|plaza|bypass|vej|gade|väg|vägen|gatan|gata|tie|katu|utca|út|u|ulice|allé|straat|laan|strasse|straße|weg|platz|gasse|allee";

    // 12 Long Lane; 1600 North 5th Street NW
    [GeneratedRegex(
        @"(?<![\p{L}\d#$€£.,-])[0-9]{1,6}[A-Za-z]?,?(?: [0-9]{1,5})?(?: [\p{L}\d][\p{L}\d.'’-]{0,24}){1,4}? (?:"
            + Suffixes
            + @")\b\.?(?: (?:N|S|E|W|NE|NW|SE|SW)\b)?(?: [0-9]{1,5}\b)?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Street();

    // Hauptstraße 5; via Garibaldi 12; Rue de la Paix 3; Calle Mayor 5
    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:(?:[0-9]{1,6} ){0,2}(?:(?:[A-ZÀ-Þ][\p{L}.-]{1,24} )?[A-ZÀ-Þ][\p{L}-]{2,30}(?:straße|strasse|str\.|weg|gasse|platz|allee|straat|laan|singel|gracht|kade|plein|dijk|steenweg|vej|gade|vænget|gatan|vägen|gata|väg|tie|katu|polku|kuja|utca|veien|vegen|gate|tún|gata)|(?:[A-ZÀ-Þ][\p{L}-]{2,24} )(?:Strasse|Straße|Str\.|Weg|Platz|utca|út|u\.|tér))"
            + @"|(?:[0-9]{1,6},? ){0,2}(?:[Rr]ue|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Cc]alle|[Cc]/|[Aa]venida|[Aa]v\.|[Pp]laza|[Rr]ua|[Tt]ravessa|[Cc]hemin|[Ii]mpasse|[Pp]lace|[Qq]uai|[Aa]venue|[Bb]oulevard|[Uu]l\.|[Uu]lica|[Uu]lice|[Cc]arrer|[Cc]amino|[Pp]aseo|[Rr]onda)(?: (?:de|del|della|dei|di|des|du|da|do|dos|das|la|le|les|los|las|el|l'|y|e)){0,3} [A-ZÀ-Þ][\p{L}'’-]{1,24}(?: (?:de|del|da|di|[A-ZÀ-Þ][\p{L}'’-]{1,24})){0,3})(?:,? (?:n[º°.]? ?)?[0-9]{1,5}[A-Za-z]?\b)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Compound();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:(?:PSC|Unit|CMR) [0-9]{1,5},? Box [0-9]{1,6}|P\.? ?O\.? ?Box [0-9]{1,7}|Postfach [0-9 ]{2,9}|US[NCS]{1,2}V? [A-ZÀ-Þ][\p{L}]{1,24}|(?:the )?corner of (?:[0-9]{1,5} )?[\p{L}\d][\p{L}\d.'’ -]{1,48}? and [\p{L}\d][\p{L}\d.'’-]{1,24}(?: [\p{L}\d][\p{L}.'’-]{1,24}){0,2})",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Box();

    // 6750 Koskikatu 25 Apt. 864
    [GeneratedRegex(
        @"(?<![\p{L}\d#$€£.,:/-])[0-9]{1,6}(?: [0-9]{1,5})?(?: (?:(?:de|del|della|la|di|da|do|van|von|der|den)\b|[\p{Lu}][\p{L}.'’-]{1,24})){1,5}(?: [0-9]{1,5}\b)?(?:[,\n ]{1,3}(?:apt|suite|unit|flat|floor|ste|room)\b\.? ?#?[0-9]{1,6})?",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Numbered();

    [GeneratedRegex(
        @"\b(?:apt|suite|unit|flat|ste)\b\.? ?#?[0-9]",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Flat();

    // ", Apt. 5" then up to three parts that are a town, a region or a country, with a code.
    [GeneratedRegex(
        @"\G(?:\.?[,\n ]{1,3}(?:[Aa]pt|[Ss]uite|[Uu]nit|[Ff]lat|[Ff]loor|[Ss]te)\b\.? ?#?[0-9]{1,6}(?: [\p{Lu}][\p{L}.'’-]{1,24}){0,2})?(?:(?:\.?\s?,\s?|\.?\n ?)(?:[0-9]{4,6} )?[\p{Lu}][\p{L}.'’-]{1,24}(?: (?:[\p{Lu}][\p{L}.'’-]{0,24}|de|del|la|of|der|am)){0,3}(?: [0-9]{4,6}(?:-[0-9]{3,4})?(?![\d-]| \d))?|(?:\.?\s?,\s?|\.?\n ?| )[0-9]{4,6}(?:-[0-9]{3,4})?(?![\d-]| \d)){0,4}",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Rest();

    [GeneratedRegex(
        @"(?<![\p{L}\d#$€£.,/-])(?:[0-9]{3,6}(?:[- ][0-9]{2,4})?|[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9])(?![\p{L}\d/]|[.,]\d)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Code();

    // in Lyon 69002; what may be a year is none
    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:in|to|at|from)(?: \p{Lu}[\p{L}'’-]{1,24}| de| la){1,4} (?<n>(?!19|20[0-4])[0-9]{4,5}(?:-[0-9]{3,4})?|[0-9]{3} [0-9]{2})(?![\p{L}\d]|[.,:/-]\d)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex CodeOfTown();

    [GeneratedRegex(
        @"(?<![\p{L}\d-])[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}(?![\p{L}\d-])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex BritishCode();
}
