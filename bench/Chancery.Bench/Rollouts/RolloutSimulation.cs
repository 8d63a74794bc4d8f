using Chancery.Evaluation.Rollouts;

namespace Chancery.Bench.Rollouts;

internal enum RolloutEnd
{
    RolledBack,
    Asked,
    Complete,
}

/// <param name="HighestExposure">In hundredths of a percent.</param>
/// <param name="Treated">Uses of the new version until the end.</param>
/// <param name="Metric">Which metric rolled it back.</param>
internal readonly record struct RolloutRun(
    RolloutEnd End,
    int HighestExposure,
    long Treated,
    int Hours,
    RolloutMetric? Metric
);

/// <summary>Plays a rollout through, with a look every hour.</summary>
internal static class RolloutSimulation
{
    private static readonly DateTimeOffset _start = new(2025, 3, 3, 9, 0, 0, TimeSpan.Zero);

    /// <param name="isAlwaysAllowed">Whether a person who is asked says yes each time; else asking ends the rollout.</param>
    public static RolloutRun Play(RolloutPlan plan, RolloutScenario scenario, int seed, bool isAlwaysAllowed = false)
    {
        var traffic = new SimulatedTraffic(scenario, seed);
        var progress = RolloutProgress.Start(plan, _start);
        var treated = 0L;
        for (var hour = 0; ; hour++)
        {
            var now = _start.AddHours(hour + 1);
            var exposure = plan.Stages[progress.Stage].Exposure;
            var (control, treatment) = traffic.Hour(hour, exposure);
            treated += treatment.Uses;
            progress = progress.Observe(control, treatment);

            switch (RolloutRules.Decide(plan, progress, control, treatment, now))
            {
                case RolloutDecision.RollBack back:
                    return new(RolloutEnd.RolledBack, exposure, treated, hour + 1, back.Evidence.Metric);
                case RolloutDecision.Kill kill:
                    return new(RolloutEnd.RolledBack, exposure, treated, hour + 1, kill.Evidence.Metric);
                case RolloutDecision.AskPerson when !isAlwaysAllowed:
                    return new(RolloutEnd.Asked, exposure, treated, hour + 1, null);
                case RolloutDecision.AskPerson:
                    progress = progress.Enter(progress.Stage + 1, now);
                    break;
                case RolloutDecision.Advance advance:
                    progress = progress.Enter(advance.Stage, now);
                    break;
                case RolloutDecision.Stay:
                    progress = progress with { LookedAt = now };
                    break;
            }

            if (progress.Stage == plan.Stages.Count - 1)
            {
                return new(RolloutEnd.Complete, RolloutAssignment.Buckets, treated, hour + 1, null);
            }
        }
    }
}
