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

    /// <summary>From when the contract binds, as its opening says; null where it does not.</summary>
    public static DateOnly? EffectiveIn(string opening) =>
        (Effective().Match(opening) is { Success: true } effective ? Read(effective) : null)
        ?? (Made().Match(opening) is { Success: true } made ? Read(made) : null);

    /// <summary>Until when it does.</summary>
    public static DateOnly? EndIn(string clause) => End().Match(clause) is { Success: true } end ? Read(end) : null;

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

    [GeneratedRegex(
        $@"(?:effective|commenc\w+|begin\w*)\s+(?:date\s+)?(?:is|shall be|as of|on|from|this|:)?\s*(?:the\s+)?{Date}|{Date}\s*,?\s*\((?:the\s+|hereinafter\s+|"")*[""“]?(?:effective|commencement) date",
        Options
    )]
    private static partial Regex Effective();

    [GeneratedRegex(
        $@"(?:dated|made|entered|effective|executed|agreement|as of|this|on|the|am|vom)[^.;]{{0,60}}?\s{Date}",
        Options
    )]
    private static partial Regex Made();

    [GeneratedRegex(
        $@"\b(?:until|through|expire[sd]?|terminat\w+|ends?|ending|endet|bis)\b(?:\s+(?:on|and including|at|upon|its|the|term|zum|am|close of business|midnight|automatically|shall|11:59|p\.m\.|of|,)){{0,6}}\s+{Date}",
        Options
    )]
    private static partial Regex End();

    [GeneratedRegex(Month, Options)]
    private static partial Regex Word();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
