using System.Globalization;

namespace Chancery.Documents;

/// <summary>Days since the start of a workbook's calendar, as a date or a time of day.</summary>
internal static class SerialDate
{
    private const double MaxDays = 2_958_466;
    private const int DaysFrom1900To1904 = 1462;
    private const int SecondsOfDay = 86_400;

    /// <summary>Lotus took 1900 for a leap year, and Excel has to this day.</summary>
    private const int DayThatNeverWas = 60;

    private static readonly DateTime Start1900 = new(1899, 12, 30, 0, 0, 0, DateTimeKind.Unspecified);
    private static readonly DateTime Start1904 = new(1904, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    /// <summary>Null for what is no date, such as a negative number.</summary>
    public static string? Format(double value, NumberSection shown, bool is1904)
    {
        if (value < 0 || value >= (is1904 ? MaxDays - DaysFrom1900To1904 : MaxDays) - 1)
        {
            return null;
        }

        var seconds = (long)Math.Round(value * SecondsOfDay);
        var (days, ofDay) = Math.DivRem(seconds, SecondsOfDay);
        if (shown.IsElapsed)
        {
            return Time(seconds, shown.HasSeconds);
        }

        if (!shown.HasDay || (days == 0 && shown.HasTime && !is1904))
        {
            return Time(ofDay, shown.HasSeconds);
        }

        var date = Day(days, is1904);
        return shown.HasTime ? $"{date} {Time(ofDay, shown.HasSeconds)}" : date;
    }

    private static string Day(long days, bool is1904)
    {
        if (!is1904 && days == DayThatNeverWas)
        {
            return "1900-02-29";
        }

        var date = is1904 ? Start1904.AddDays(days) : Start1900.AddDays(days < DayThatNeverWas ? days + 1 : days);
        return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private static string Time(long seconds, bool withSeconds)
    {
        var (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        return withSeconds
            ? string.Create(CultureInfo.InvariantCulture, $"{hours:00}:{minutes:00}:{seconds % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{hours:00}:{minutes:00}");
    }
}
