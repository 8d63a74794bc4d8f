using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Quantities;

/// <summary>A date where it stands in a text.</summary>
/// <param name="Value">Null: there is no such day, as 31 June.</param>
internal readonly record struct FoundDate(int Start, int Length, DateOnly? Value);

/// <summary>
/// Finds dates, in English and German. What could be two dates, as 03/04/2026, is left out; days between points come first, as in
/// 03.04.2026.
/// </summary>
internal static class Dates
{
    private static readonly string _months = string.Join(
        '|',
        MonthNames
            .English.Concat(MonthNames.German)
            .Concat(["Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept", "Sep", "Oct", "Okt", "Nov", "Dec", "Dez"])
            .Distinct()
    );

    private static readonly Regex _dates = new(
        $@"\b(?:(?<year>[12][0-9]{{3}})-(?<month>[0-9]{{2}})-(?<day>[0-9]{{2}})"
            + @"|(?<day>[0-9]{1,2})\.\s?(?<month>[0-9]{1,2})\.\s?(?<year>[12][0-9]{3})"
            + $@"|(?<day>[0-9]{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:day\s+of\s+)?(?<name>{_months})\.?,?\s+(?<year>[12][0-9]{{3}})"
            + $@"|(?<name>{_months})\.?\s+(?<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+(?<year>[12][0-9]{{3}})"
            + @"|(?<first>[0-9]{1,2})/(?<second>[0-9]{1,2})/(?<year>[12][0-9]{3}))\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static IEnumerable<FoundDate> In(string text)
    {
        foreach (Match match in _dates.Matches(text))
        {
            var (day, month) = DayAndMonth(match);
            // "39 May 2004" is a page's number before a date's month.
            if (day is > 0 and <= 31)
            {
                var year = Number(match.Groups["year"]);
                var exists = month is >= 1 and <= 12 && day <= DateTime.DaysInMonth(year, month);
                yield return new FoundDate(match.Index, match.Length, exists ? new DateOnly(year, month, day) : null);
            }
        }
    }

    private static (int Day, int Month) DayAndMonth(Match match)
    {
        if (match.Groups["first"].Success)
        {
            var (first, second) = (Number(match.Groups["first"]), Number(match.Groups["second"]));
            return first == second || second > 12 ? (second, first)
                : first > 12 ? (first, second)
                : (0, 0);
        }

        return (
            Number(match.Groups["day"]),
            match.Groups["name"].Success ? MonthOf(match.Groups["name"].Value) : Number(match.Groups["month"])
        );
    }

    private static int MonthOf(string name)
    {
        for (var month = 0; month < 12; month++)
        {
            if (
                MonthNames.English[month].StartsWith(name[..3], StringComparison.OrdinalIgnoreCase)
                || MonthNames.German[month].StartsWith(name[..3], StringComparison.OrdinalIgnoreCase)
            )
            {
                return month + 1;
            }
        }

        return 0;
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
}
