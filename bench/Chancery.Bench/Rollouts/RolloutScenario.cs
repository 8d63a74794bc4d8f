namespace Chancery.Bench.Rollouts;

/// <summary>What a synthetic rollout meets.</summary>
/// <param name="Baseline">Error rate of the control.</param>
/// <param name="UsesPerDay">Of both arms together.</param>
internal sealed record RolloutScenario(RolloutEffect Effect, double Baseline, int UsesPerDay);

/// <summary>What the new version does.</summary>
/// <param name="ErrorPoints">How much higher its error rate is, absolute.</param>
/// <param name="LatencyFactor">How many times longer it takes.</param>
/// <param name="HasOutage">Whether the provider of both arms fails for some hours.</param>
internal sealed record RolloutEffect(string Name, double ErrorPoints, double LatencyFactor = 1, bool HasOutage = false)
{
    public static IReadOnlyList<RolloutEffect> All { get; } =
    [
        new("none", 0),
        new("outage of both arms", 0, HasOutage: true),
        new("+1 point", 0.01),
        new("+2 points", 0.02),
        new("+5 points", 0.05),
        new("+10 points", 0.10),
        new("latency ×1.2", 0, LatencyFactor: 1.2),
        new("latency ×2", 0, LatencyFactor: 2),
    ];

    public bool IsHarm => ErrorPoints > 0 || LatencyFactor > 1;
}
