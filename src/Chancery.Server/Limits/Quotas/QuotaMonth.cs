namespace Chancery.Server.Limits.Quotas;

/// <summary>A month of UTC's calendar: when it is over, all its quotas begin anew by themselves.</summary>
internal static class QuotaMonth
{
    public static DateOnly Of(DateTimeOffset moment) => new(moment.UtcDateTime.Year, moment.UtcDateTime.Month, 1);

    public static DateTimeOffset EndOf(DateOnly month) =>
        new(month.AddMonths(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
