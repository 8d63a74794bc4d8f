namespace Chancery.Server.Inference.Ledger;

/// <summary>The periods of caps: months and days of UTC's calendar.</summary>
internal static class BudgetWindow
{
    public const string Month = "month";
    public const string Day = "day";

    public static DateOnly StartOf(string period, DateOnly day) =>
        period == Day ? day : new DateOnly(day.Year, day.Month, 1);

    public static DateTimeOffset EndOf(string period, DateOnly day)
    {
        var start = StartOf(period, day);
        var end = period == Day ? start.AddDays(1) : start.AddMonths(1);
        return new DateTimeOffset(end.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
    }
}

/// <summary>Who is capped.</summary>
internal static class BudgetLevel
{
    public const string Installation = "installation";
    public const string Tenant = "tenant";
    public const string User = "user";
    public const string Key = "key";

    /// <summary>What the plan lets the organisation's models cost in a month.</summary>
    public const string Plan = "plan";

    /// <summary>What the plan lets them take in a month, in tokens: the one cap that is not of money.</summary>
    public const string Quota = "quota";
}
