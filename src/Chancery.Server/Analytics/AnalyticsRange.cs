using Chancery.Server.Inference.Ledger.Usage;

namespace Chancery.Server.Analytics;

/// <summary>How far back a time series goes, and in which steps.</summary>
internal sealed record AnalyticsRange(string Name, UsageStep Step, int Steps)
{
    public const string Hour = "hour";
    public const string TwoDays = "two_days";
    public const string ThirtyDays = "thirty_days";
    public const string Year = "year";

    private static readonly AnalyticsRange[] All =
    [
        new(Hour, UsageStep.Minute, 60),
        new(TwoDays, UsageStep.Hour, 48),
        new(ThirtyDays, UsageStep.Day, 30),
        new(Year, UsageStep.Month, 12),
    ];

    public static AnalyticsRange? Find(string name) => All.FirstOrDefault(range => range.Name == name);

    /// <summary>Whether the counters in Redis, which keep the newest messages, are asked for it.</summary>
    public bool IsFine => Step is UsageStep.Minute or UsageStep.Hour;

    /// <summary>Of <see cref="IsFine"/>.</summary>
    public TimeSpan Length => Step == UsageStep.Minute ? TimeSpan.FromMinutes(1) : TimeSpan.FromHours(1);

    /// <summary>Starts of the steps in UTC, the oldest first; the last one has begun and is not over.</summary>
    public IReadOnlyList<DateTimeOffset> StartsAt(DateTimeOffset now)
    {
        var utc = now.UtcDateTime;
        var current = Step switch
        {
            UsageStep.Minute => new DateTime(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerMinute), DateTimeKind.Utc),
            UsageStep.Hour => new DateTime(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerHour), DateTimeKind.Utc),
            UsageStep.Day => utc.Date,
            _ => new DateTime(utc.Year, utc.Month, 1, 0, 0, 0, DateTimeKind.Utc),
        };
        return
        [
            .. Enumerable
                .Range(1 - Steps, Steps)
                .Select(back => new DateTimeOffset(
                    Step switch
                    {
                        UsageStep.Minute => current.AddMinutes(back),
                        UsageStep.Hour => current.AddHours(back),
                        UsageStep.Day => current.AddDays(back),
                        _ => current.AddMonths(back),
                    },
                    TimeSpan.Zero
                )),
        ];
    }
}
