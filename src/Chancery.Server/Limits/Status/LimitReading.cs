using Chancery.Server.Access;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Limits.Status;

/// <summary>A limit, and what it is used up to.</summary>
/// <param name="Level">Whether it counts the whole organisation or whoever calls.</param>
/// <param name="Remaining">Never below 0.</param>
/// <param name="Percent">What is used, of what may be; 100 for a limit of 0.</param>
/// <param name="State">near from 80 percent on, reached when nothing is left.</param>
/// <param name="WindowSeconds">Of a limit on requests.</param>
/// <param name="ResetsAt">When the next window or month begins; absent for what there is at any moment.</param>
public sealed record LimitReading(
    string Name,
    [property: OneOf("LimitKind", "window", "month", "stock", "at_once")] string Kind,
    [property: OneOf("LimitCounts", "tenant", "caller")] string Level,
    long Most,
    long Used,
    long Remaining,
    int Percent,
    [property: OneOf("LimitState", "ok", "near", "reached")] string State,
    long? WindowSeconds,
    DateTimeOffset? ResetsAt
)
{
    private const int NearFrom = 80;

    public static LimitReading Of(
        string name,
        LimitKind kind,
        LimitLevel level,
        long most,
        long used,
        TimeSpan? window = null,
        DateTimeOffset? resetsAt = null
    )
    {
        var percent = most == 0 ? 100 : (int)Int128.Min(100, (Int128)used * 100 / most);
        return new LimitReading(
            name,
            kind switch
            {
                LimitKind.Window => "window",
                LimitKind.Month => "month",
                LimitKind.Stock => "stock",
                _ => "at_once",
            },
            level == LimitLevel.Tenant ? "tenant" : "caller",
            most,
            used,
            Math.Max(0, most - used),
            percent,
            used >= most ? "reached"
                : percent >= NearFrom ? "near"
                : "ok",
            (long?)window?.TotalSeconds,
            resetsAt
        );
    }

    /// <summary>A limit of the organisation, as plans name it.</summary>
    public static LimitReading Of(LimitName limit, long most, long used, DateTimeOffset? resetsAt = null)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return Of(limit.Name, limit.Kind, limit.Level, most, used, limit.Window, resetsAt);
    }
}

/// <summary>Tells what is used of limits that a later capability counts: tokens, documents, streams.</summary>
public interface ILimitReadings
{
    /// <summary>Of the limits that <paramref name="limits"/> has, those that this one counts.</summary>
    public Task<IReadOnlyList<LimitReading>> OfAsync(
        Principal principal,
        TenantLimits limits,
        CancellationToken cancellationToken
    );
}
