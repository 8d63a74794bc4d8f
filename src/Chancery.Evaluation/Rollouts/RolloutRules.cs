using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Rollouts;

/// <summary>What becomes of a rollout, from its plan and what was seen. No clock and no chance: the same look ends the same anywhere.</summary>
public static class RolloutRules
{
    /// <summary>How sure a kill limit is of each arm's recent rate. It is looked at every few seconds, so that it must be surer than a test.</summary>
    private const double KillConfidence = 0.998;

    /// <summary>
    /// ln of the evidence from which on a stage is held. By each metric, a version that is no worse ever gets there in at most a quarter of
    /// rollouts, and then mostly for a short while.
    /// </summary>
    private static readonly double _leaning = Math.Log(4);

    /// <summary>
    /// Decides. Harm comes first, whatever the time and the number of samples; then the dwell, the samples and the judgements that advancing takes.
    /// </summary>
    /// <param name="progress">With everything up to <paramref name="now"/>; <see cref="RolloutProgress.LookedAt"/> is the look before.</param>
    /// <param name="recentControl">The control's uses in the last seconds or minutes, for kill limits.</param>
    /// <param name="recentTreatment">The new version's uses in the same time.</param>
    public static RolloutDecision Decide(
        RolloutPlan plan,
        RolloutProgress progress,
        ArmCounts recentControl,
        ArmCounts recentTreatment,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(progress);
        ArgumentNullException.ThrowIfNull(recentControl);
        ArgumentNullException.ThrowIfNull(recentTreatment);

        if (FindKill(plan, recentControl, recentTreatment) is { } kill)
        {
            return kill;
        }

        if (progress.Stage >= plan.Stages.Count - 1)
        {
            return new RolloutDecision.Stay(StayReason.Complete);
        }

        return plan.Policy is RolloutPolicy.DailyErrorRate
            ? DecideDaily(plan, progress, now)
            : FindHarm(plan, progress) ?? DecideStage(plan, progress, now);
    }

    private static RolloutDecision.Kill? FindKill(RolloutPlan plan, ArmCounts recentControl, ArmCounts recentTreatment)
    {
        foreach (var limit in plan.KillLimits)
        {
            var (control, treatment) = (recentControl[limit.Metric], recentTreatment[limit.Metric]);
            if (treatment.Observed < limit.FewestObserved)
            {
                continue;
            }

            var sure = Proportion.Wilson(treatment.Bad, treatment.Observed, KillConfidence).Low;
            // Without a control, an outage of the provider cannot be told from the version's own errors.
            var isOwn =
                control.Observed > 0
                    ? Proportion.Wilson(control.Bad, control.Observed, KillConfidence).High < sure
                    : limit.Metric is not RolloutMetric.Error;
            if (sure > limit.Rate && isOwn)
            {
                return new(new(limit.Metric, control, treatment, PValue: null, limit.Rate));
            }
        }

        return null;
    }

    private static RolloutDecision.RollBack? FindHarm(RolloutPlan plan, RolloutProgress progress)
    {
        var harm = (
            from metric in plan.Metrics
            where RolloutProgress.Decides(metric.Metric)
            let comparison = progress.Comparisons.GetValueOrDefault(metric.Metric, SequentialComparison.Empty)
            where comparison.Rejects(metric.Alpha)
            orderby comparison.PeakLogEvidence + Math.Log(metric.Alpha) descending, metric.Metric
            select new RolloutEvidence(
                metric.Metric,
                comparison.Control,
                comparison.Treatment,
                comparison.PValue,
                metric.Alpha
            )
        ).FirstOrDefault();
        return harm is null ? null : new RolloutDecision.RollBack(harm);
    }

    private static RolloutDecision DecideStage(RolloutPlan plan, RolloutProgress progress, DateTimeOffset now)
    {
        var stage = plan.Stages[progress.Stage];
        var dwelt = now - progress.Since;
        var isGathered = progress.Treatment.Uses >= stage.FewestSamples;
        var isLeaning = progress.Deciding.Any(comparison => comparison.LogEvidence >= _leaning);
        var isJudged = plan.JudgeSample <= 0 || progress.Judging is JudgeStanding.Compared;
        return (isGathered, isLeaning) switch
        {
            (false, _) when dwelt >= stage.LongestDwell => new RolloutDecision.AskPerson(AskReason.LowTraffic),
            (true, true) when dwelt >= stage.LongestDwell => new RolloutDecision.AskPerson(AskReason.Undecided),
            (true, false) when !isJudged && dwelt >= stage.LongestDwell => new RolloutDecision.AskPerson(
                AskReason.Unjudged
            ),
            _ when dwelt < stage.ShortestDwell => new RolloutDecision.Stay(StayReason.Dwelling),
            (false, _) => new RolloutDecision.Stay(StayReason.Gathering),
            (true, true) => new RolloutDecision.Stay(StayReason.Leaning),
            _ when !isJudged => new RolloutDecision.Stay(StayReason.Judging),
            _ => new RolloutDecision.Advance(progress.Stage + 1),
        };
    }

    private static RolloutDecision DecideDaily(RolloutPlan plan, RolloutProgress progress, DateTimeOffset now)
    {
        if (now.UtcDateTime.Date <= progress.LookedAt.UtcDateTime.Date)
        {
            return new RolloutDecision.Stay(StayReason.NotDue);
        }

        var errors = progress.Treatment[RolloutMetric.Error];
        if (errors.Rate is not { } rate)
        {
            return now - progress.Since >= plan.Stages[progress.Stage].LongestDwell
                ? new RolloutDecision.AskPerson(AskReason.LowTraffic)
                : new RolloutDecision.Stay(StayReason.Gathering);
        }

        return rate < plan.DailyErrorLimit
            ? new RolloutDecision.Advance(progress.Stage + 1)
            : new RolloutDecision.RollBack(
                new(
                    RolloutMetric.Error,
                    progress.Control[RolloutMetric.Error],
                    errors,
                    PValue: null,
                    plan.DailyErrorLimit
                )
            );
    }
}
