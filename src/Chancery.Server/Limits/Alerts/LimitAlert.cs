namespace Chancery.Server.Limits.Alerts;

/// <summary>What is sent when a limit is nearly or wholly used: numbers and ids, nothing of what they were used for.</summary>
/// <param name="Type">limit.near from 80 percent, limit.reached, or limit.test.</param>
/// <param name="Limit">A quota of the plan's, or budget for a cap on money that somebody set.</param>
/// <param name="Level">Whom it counts: tenant, user or key.</param>
/// <param name="Most">Of money in nano-dollars.</param>
public sealed record LimitAlert(
    string Type,
    Guid OrganizationId,
    string Limit,
    string Level,
    Guid SubjectId,
    string Period,
    DateOnly PeriodStart,
    int Percent,
    long Most,
    long Used,
    DateTimeOffset ResetsAt,
    DateTimeOffset At
) : IAlert
{
    public const string Near = "limit.near";
    public const string Reached = "limit.reached";
    public const string Test = "limit.test";

    /// <summary>The shares that are told of, the largest first.</summary>
    internal static readonly int[] Percents = [100, 80];

    public static string TypeOf(int percent) => percent >= 100 ? Reached : Near;
}
