using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Reads dates as contracts write them, English and German.</summary>
internal static partial class DateReader
{
    private static readonly string[] Months =
    [
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
    ];

    /// <summary>How far before a date the words stand that say what it is.</summary>
    private const int Context = 70;

    /// <summary>From when the contract binds, as its opening says; null where it does not.</summary>
    public static DateOnly? EffectiveIn(string opening)
    {
        DateOnly? made = null;
        foreach (Match date in Dates().Matches(opening))
        {
            if (Read(date) is not { } read)
            {
                continue;
            }

            var before = opening[Math.Max(0, date.Index - Context)..date.Index];
            var after = opening.AsSpan(
                date.Index + date.Length,
                Math.Min(40, opening.Length - date.Index - date.Length)
            );
            if (Effective().IsMatch(before) || CalledEffective().IsMatch(after))
            {
                return read;
            }

            if (Made().IsMatch(before))
            {
                made ??= read;
            }
        }

        return made;
    }

    /// <summary>Until when it does.</summary>
    public static DateOnly? EndIn(string clause)
    {
        foreach (Match date in Dates().Matches(clause))
        {
            if (End().IsMatch(clause[Math.Max(0, date.Index - Context)..date.Index]) && Read(date) is { } read)
            {
                return read;
            }
        }

        return null;
    }

    private static DateOnly? Read(Match match)
    {
        var text = match.Groups["date"].Value;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var iso))
        {
            return iso;
        }

        var word = Word().Match(text);
        var numbers = Numbers()
            .Matches(text)
            .Select(number => int.Parse(number.ValueSpan, CultureInfo.InvariantCulture))
            .ToList();
        var (year, month, day) =
            word.Success && numbers.Count == 2 ? (numbers[1], MonthOf(word.Value), numbers[0])
            // 5/12/2003 as Americans write it.
            : numbers.Count == 3 ? (numbers[2], numbers[0], numbers[1])
            : default;
        return
            year is >= 1900 and <= 2200
            && month is >= 1 and <= 12
            && day >= 1
            && day <= DateTime.DaysInMonth(year, month)
            ? new DateOnly(year, month, day)
            : null;
    }

    private static int MonthOf(string word)
    {
        var start = word[..3].ToLowerInvariant() switch
        {
            "mär" => "mar",
            "mai" => "may",
            "okt" => "oct",
            "dez" => "dec",
            var english => english,
        };
        return Array.IndexOf(Months, start) + 1;
    }

    private const string Month =
        "(?:January|February|March|April|May|June|July|August|September|October|November|December|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember)";

    private const string Date =
        $@"(?<date>{Month}\s+\d{{1,2}}(?:\s?(?:st|nd|rd|th|t h))?,?\s+\d{{4}}|\d{{1,2}}(?:\s?(?:st|nd|rd|th|t h))?\.?\s+(?:day\s+of\s+)?{Month},?\s+(?:of\s+)?\d{{4}}|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}/\d{{1,2}}/\d{{4}})";

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(Date, Options)]
    private static partial Regex Dates();

    [GeneratedRegex(
        @"\b(?:effective|commenc\w+|beginn\w+)(?:\s+(?:date|is|shall|be|as|of|on|from|this|the|:)){0,6}\s*$",
        Options
    )]
    private static partial Regex Effective();

    [GeneratedRegex(
        @"^\s*,?\s*\((?:the\s+|hereinafter\s+|referred\s+to\s+as\s+)*[""“”]?(?:effective|commencement) date",
        Options
    )]
    private static partial Regex CalledEffective();

    [GeneratedRegex(@"\b(?:dated|made|entered|executed|agreement|as of|this|on|the|am|vom)\b[^.;]*$", Options)]
    private static partial Regex Made();

    [GeneratedRegex(
        @"\b(?:until|through|expire[sd]?|terminat\w+|ends?|ending|endet|bis)(?:\s+(?:on|and including|at|upon|its|the|term|zum|am|close of business|midnight|automatically|shall|11:59|p\.m\.|of)|,){0,6}\s*$",
        Options
    )]
    private static partial Regex End();

    [GeneratedRegex(Month, Options)]
    private static partial Regex Word();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
