using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>Dates, dates of birth by the words beside them, and ages.</summary>
internal static partial class Dates
{
    private static readonly ContextWords _birth = new(
        "born",
        "birth",
        "birthday",
        "birthdate",
        "dob",
        "d.o.b",
        "date of birth",
        "geboren",
        "geburtsdatum",
        "geb",
        "né",
        "née",
        "naissance",
        "nacido",
        "nacida",
        "nacimiento",
        "nato",
        "nata",
        "nascita",
        "nascido",
        "nascimento",
        "urodzony",
        "urodzona",
        "urodzenia",
        "geboortedatum",
        "födelsedatum",
        "syntymäaika"
    );

    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Any().EnumerateMatches(text))
        {
            var end = match.Index + match.Length;
            var born = _birth.Precede(text, match.Index, 40);
            found.Add(
                new(
                    born ? PersonalDataKind.DateOfBirth : PersonalDataKind.Date,
                    match.Index,
                    end - match.Index,
                    born ? 0.9 : 0.85
                )
            );
        }

        foreach (var match in Loose().EnumerateMatches(text))
        {
            found.Add(new(PersonalDataKind.Date, match.Index, match.Length, 0.55));
        }

        foreach (Match match in Age().Matches(text))
        {
            var years = match.Groups["n"];
            if (Checksums.Number(years.ValueSpan) is > 0 and <= 120)
            {
                found.Add(new(PersonalDataKind.Age, years.Index, years.Length, 0.75));
            }
        }
    }

    /// <summary>Whether a number starts in the way of a date: a year, a month and a day, or a day and a month of a year.</summary>
    public static bool StartsAsDate(ReadOnlySpan<char> written) => Start().IsMatch(written);

    [GeneratedRegex(
        @"^(?:(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-2]?[0-9]|3[01])(?![0-9])|(?:[0-2]?[0-9]|3[01])[-/.](?:[0-2]?[0-9]|3[01])[-/.](?:19|20)[0-9]{2}(?![0-9]))",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Start();

    [GeneratedRegex(
        @"(?<![\p{L}\d./-])(?:(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:3[01]|[12][0-9]|0?[1-9])(?:[ T][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,7})?)?Z?)?"
            + @"|(?:3[01]|[12][0-9]|0?[1-9])[-/.](?:3[01]|[12][0-9]|0?[1-9])[-/.](?:19|20)?[0-9]{2}"
            + @"|(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th|\.)? ?(?:of )?(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sep(?:tember|t)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?,? (?:19|20)[0-9]{2}"
            + @"|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember|t)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.? (?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?,? (?:19|20)[0-9]{2})(?![\p{L}\d]|[-/]\d)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Any();

    [GeneratedRegex(
        @"(?<![\p{L}\d./-])(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:19[3-9]|20[0-4])[0-9])(?![\p{L}\d]|[-/.:]\d)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Loose();

    [GeneratedRegex(
        @"(?<![\p{L}\d./-])(?:(?<n>[0-9]{1,3})(?= ?-?(?:years?|yrs?)[ -]old\b| ?y/?o\b| Jahre alt\b| ans\b| años\b| anni\b| lat\b)"
            + @"|(?<=\b(?:aged?|age of|age is|age:|turn|turned|turning|turns|age) )(?<n>[0-9]{1,3}))(?![\p{L}\d]|[./:-]\d)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Age();
}
