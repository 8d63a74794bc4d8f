using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Quantities;

internal enum PeriodUnit
{
    Days,
    Weeks,
    Months,
    Years,
}

/// <summary>"30 days", "twelve (12) months", "zwei Jahre".</summary>
/// <param name="IsWorking">Days of work only.</param>
internal readonly record struct Period(int Number, PeriodUnit Unit, bool IsWorking = false)
{
    /// <summary>About how long: a month as 30.4 days, five days of work as seven. For comparing.</summary>
    public double Days =>
        Number
        * Unit switch
        {
            PeriodUnit.Days => IsWorking ? 1.4 : 1,
            PeriodUnit.Weeks => 7,
            PeriodUnit.Months => 365.25 / 12,
            _ => 365.25,
        };

    /// <summary>Whether both are the same length: 24 months are two years, but 30 days are not one month.</summary>
    public bool IsAsLongAs(Period other) => Math.Abs(Days - other.Days) < 0.01;

    public override string ToString()
    {
        var unit = Unit.ToString().ToLowerInvariant();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Number} {(IsWorking ? "working " : "")}{(Number == 1 ? unit[..^1] : unit)}"
        );
    }

    /// <summary>The period that the whole of a text is; null: it is none.</summary>
    public static Period? Read(string text) =>
        Periods.In(text.Trim()).FirstOrDefault() is { Length: > 0 } found && found.Length == text.Trim().Length
            ? found.Value
            : null;

    public DateOnly After(DateOnly start) =>
        Unit switch
        {
            PeriodUnit.Days => start.AddDays(Number),
            PeriodUnit.Weeks => start.AddDays(7 * Number),
            PeriodUnit.Months => start.AddMonths(Number),
            _ => start.AddYears(Number),
        };
}

/// <summary>A period where it stands in a text.</summary>
internal readonly record struct FoundPeriod(int Start, int Length, Period Value)
{
    public int End => Start + Length;
}

/// <summary>Finds periods in texts, in English and German.</summary>
internal static class Periods
{
    private static readonly Regex _periods = new(
        $@"\b(?<number>[0-9]{{1,4}}|{NumberWords.Pattern})(?:\s*\((?<again>[0-9]{{1,4}}|{NumberWords.Pattern})\))?(?:\s+|\s*-\s*)"
            + @"(?:(?<working>business|working|werk|arbeits|bank)|calendar|consecutive|full|kalender|further|additional|successive)?\s*"
            + @"(?<unit>days?|weeks?|months?|years?|tage?n?|wochen?|monate?n?|monats|jahre?n?|jahres)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static IEnumerable<FoundPeriod> In(string text)
    {
        foreach (Match match in _periods.Matches(text))
        {
            // Where words and figures disagree, the figures are what is looked at; that they do is a finding of its own.
            var again = match.Groups["again"];
            var number = NumberWords.Read(match.Groups["number"].Value);
            if (again.Success && char.IsAsciiDigit(again.Value[0]))
            {
                number = NumberWords.Read(again.Value);
            }

            // "2019 years" is a calendar year beside a word.
            var isYears = match.Groups["unit"].Value[0] is 'y' or 'Y' or 'j' or 'J';
            if (number is > 0 and < 10_000 && !(isYears && number > 200))
            {
                var unit = char.ToLowerInvariant(match.Groups["unit"].Value[0]) switch
                {
                    'd' or 't' => PeriodUnit.Days,
                    'w' => PeriodUnit.Weeks,
                    'm' => PeriodUnit.Months,
                    _ => PeriodUnit.Years,
                };
                yield return new FoundPeriod(
                    match.Index,
                    match.Length,
                    new Period((int)number, unit, match.Groups["working"].Success && unit == PeriodUnit.Days)
                );
            }
        }
    }
}
