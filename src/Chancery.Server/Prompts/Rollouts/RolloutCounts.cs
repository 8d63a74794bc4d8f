using Chancery.Evaluation.Rollouts;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>What uses of both arms of a rollout showed. The caller's session holds the rollout's row.</summary>
internal static class RolloutCounts
{
    /// <summary>What slow and dear mean is told by so many uses of the control at least, and by the newest thousand at most.</summary>
    public const int FewestForLimits = 50;

    // Each use is counted once, whoever looks and however often: the mark is set by the statement that counts.
    private const string CountSql = """
        WITH counted AS (
          UPDATE prompt_runs SET is_counted = true
          WHERE tenant_id = @tenant AND rollout_id = @id AND outcome IS NOT NULL AND NOT is_counted
          RETURNING is_treated, outcome, latency_ms, cost_nano, score
        )
        SELECT is_treated, count(*) AS uses,
               count(*) FILTER (WHERE outcome IN ('failed', 'faulty')) AS errors,
               count(*) FILTER (WHERE outcome <> 'failed') AS answered,
               count(*) FILTER (WHERE outcome = 'faulty') AS faulty,
               count(*) FILTER (WHERE outcome = 'guarded') AS guarded,
               count(*) FILTER (WHERE outcome <> 'failed' AND latency_ms IS NOT NULL AND @slow::float8 IS NOT NULL) AS timed,
               count(*) FILTER (WHERE outcome <> 'failed' AND latency_ms > @slow::float8) AS slow,
               count(*) FILTER (WHERE outcome <> 'failed' AND @dear::int8 IS NOT NULL) AS priced,
               count(*) FILTER (WHERE outcome <> 'failed' AND cost_nano > @dear::int8) AS dear,
               count(score) AS judged, count(*) FILTER (WHERE score < 0.5) AS low
        FROM counted GROUP BY is_treated
        """;

    // What a model says comes later than the outcome, as ratings do. What it says of a use of an earlier stage was dealt by another share: it belongs
    // to no stratum of this one.
    private const string JudgementsSql = """
        WITH counted AS (
          UPDATE prompt_runs SET is_judgement_counted = true
          WHERE tenant_id = @tenant AND rollout_id = @id AND judged_at IS NOT NULL AND NOT is_judgement_counted
          RETURNING is_treated, judge_score, created_at
        )
        SELECT is_treated, count(*) AS asked, count(judge_score) AS judged, count(*) FILTER (WHERE judge_score < 0.5) AS low
        FROM counted WHERE created_at >= @since GROUP BY is_treated
        """;

    private const string RatingsSql = """
        WITH counted AS (
          UPDATE prompt_runs SET is_rating_counted = true
          WHERE tenant_id = @tenant AND rollout_id = @id AND rating IS NOT NULL AND NOT is_rating_counted
          RETURNING is_treated, rating
        )
        SELECT is_treated, count(*) AS rated, count(*) FILTER (WHERE rating < 0) AS down FROM counted GROUP BY is_treated
        """;

    private const string RecentSql = """
        SELECT is_treated, count(*) AS uses,
               count(*) FILTER (WHERE outcome IN ('failed', 'faulty')) AS errors,
               count(*) FILTER (WHERE outcome <> 'failed') AS answered,
               count(*) FILTER (WHERE outcome = 'faulty') AS faulty,
               count(*) FILTER (WHERE outcome = 'guarded') AS guarded
        FROM prompt_runs
        WHERE tenant_id = @tenant AND rollout_id = @id AND outcome IS NOT NULL AND ended_at >= @since
        GROUP BY is_treated
        """;

    private const string LimitsSql = """
        SELECT count(*) AS uses, percentile_cont(@slow) WITHIN GROUP (ORDER BY latency_ms) AS latency_ms,
               percentile_disc(@dear) WITHIN GROUP (ORDER BY cost_nano) AS cost_nano
        FROM (
          SELECT u.latency_ms, u.cost_nano FROM prompt_runs AS u
          WHERE u.tenant_id = @tenant AND u.prompt_id = @prompt AND u.version = @version AND u.outcome IS NOT NULL
            AND u.outcome <> 'failed' AND u.latency_ms IS NOT NULL
            -- What an earlier release shipped as version 1 is another control.
            AND (u.content_sha256 IS NULL OR u.content_sha256 = (
              SELECT v.sha256 FROM prompt_versions AS v
              WHERE v.tenant_id = @tenant AND v.prompt_id = @prompt AND v.number = @version
            ))
          ORDER BY u.run_id DESC LIMIT 1000
        ) AS newest
        """;

    /// <summary>What both arms showed since the last look. It counts as seen when the session commits.</summary>
    public static async Task<(ArmCounts Control, ArmCounts Treatment)> NewAsync(
        TenantSession session,
        Rollout rollout,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<CountRow>(
            CountSql,
            new
            {
                tenant = session.Tenant.Value,
                id = rollout.Id,
                slow = rollout.Limits.LatencyMs,
                dear = rollout.Limits.CostNano,
            },
            cancellationToken
        );
        var ratings = await session.QueryAsync<RatingRow>(
            RatingsSql,
            new { tenant = session.Tenant.Value, id = rollout.Id },
            cancellationToken
        );
        var judgements =
            rollout.Plan.JudgeSample > 0
                ? await session.QueryAsync<JudgementRow>(
                    JudgementsSql,
                    new
                    {
                        tenant = session.Tenant.Value,
                        id = rollout.Id,
                        since = rollout.Progress.Since,
                    },
                    cancellationToken
                )
                : [];
        return ArmsOf(rows, ratings, judgements);
    }

    /// <summary>Both arms, of rows of either.</summary>
    /// <param name="judgements">What models said of uses afterwards, where they are asked; empty where they are not.</param>
    public static (ArmCounts Control, ArmCounts Treatment) ArmsOf(
        IReadOnlyList<CountRow> rows,
        IReadOnlyList<RatingRow> ratings,
        IReadOnlyList<JudgementRow> judgements
    )
    {
        return (Of(isTreated: false), Of(isTreated: true));

        ArmCounts Of(bool isTreated)
        {
            var counts = rows.FirstOrDefault(row => row.IsTreated == isTreated)?.ToCounts() ?? ArmCounts.Empty;
            if (judgements.FirstOrDefault(row => row.IsTreated == isTreated) is { } judged)
            {
                counts = counts with
                {
                    Metrics = counts
                        .Metrics.SetItem(RolloutMetric.Unfaithful, new MetricCounts(judged.Judged, judged.Low))
                        .SetItem(
                            RolloutMetric.JudgeFailure,
                            new MetricCounts(judged.Asked, judged.Asked - judged.Judged)
                        ),
                };
            }

            return ratings.FirstOrDefault(row => row.IsTreated == isTreated) is { } rated
                ? counts with
                {
                    Metrics = counts.Metrics.SetItem(
                        RolloutMetric.ThumbsDown,
                        new MetricCounts(rated.Rated, rated.Down)
                    ),
                }
                : counts;
        }
    }

    /// <summary>What both arms showed since a time, for limits that end a rollout at once.</summary>
    public static async Task<(ArmCounts Control, ArmCounts Treatment)> RecentAsync(
        TenantSession session,
        Guid rollout,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<CountRow>(
            RecentSql,
            new
            {
                tenant = session.Tenant.Value,
                id = rollout,
                since,
            },
            cancellationToken
        );
        return ArmsOf(rows, [], []);
    }

    /// <summary>What slow and dear mean from now on, by the control's newest uses; unknown while they are few.</summary>
    public static async Task<RolloutLimits> LimitsAsync(
        TenantSession session,
        RolloutPlan plan,
        Guid prompt,
        int control,
        CancellationToken cancellationToken
    )
    {
        var row = await session.FindAsync<LimitRow>(
            LimitsSql,
            new
            {
                tenant = session.Tenant.Value,
                prompt,
                version = control,
                slow = QuantileOf(plan, RolloutMetric.Latency),
                dear = QuantileOf(plan, RolloutMetric.Cost),
            },
            cancellationToken
        );
        return row?.ToLimits() ?? RolloutLimits.Unknown;
    }

    /// <summary>Beyond which share of the control's values a use is bad by this metric.</summary>
    public static double QuantileOf(RolloutPlan plan, RolloutMetric metric) =>
        plan.Metrics.FirstOrDefault(planned => planned.Metric == metric)?.ControlQuantile
        ?? (metric is RolloutMetric.Cost ? 0.9 : 0.95);

    /// <summary>What one arm's uses showed.</summary>
    internal sealed class CountRow
    {
        public bool IsTreated { get; init; }

        public long Uses { get; init; }

        public long Errors { get; init; }

        public long Answered { get; init; }

        public long Faulty { get; init; }

        public long Guarded { get; init; }

        public long Timed { get; init; }

        public long Slow { get; init; }

        public long Priced { get; init; }

        public long Dear { get; init; }

        public long Judged { get; init; }

        public long Low { get; init; }

        public ArmCounts ToCounts() =>
            new(
                Uses,
                ArmCounts
                    .Empty.Metrics.Add(RolloutMetric.Error, new MetricCounts(Uses, Errors))
                    .Add(RolloutMetric.PromptFault, new MetricCounts(Answered, Faulty))
                    .Add(RolloutMetric.GuardHit, new MetricCounts(Answered, Guarded))
                    .Add(RolloutMetric.Latency, new MetricCounts(Timed, Slow))
                    .Add(RolloutMetric.Cost, new MetricCounts(Priced, Dear))
                    .Add(RolloutMetric.LowJudgement, new MetricCounts(Judged, Low))
            );
    }

    /// <summary>What models said of one arm's uses.</summary>
    internal sealed class JudgementRow
    {
        public bool IsTreated { get; init; }

        public long Asked { get; init; }

        /// <summary>Those that have a score.</summary>
        public long Judged { get; init; }

        public long Low { get; init; }
    }

    /// <summary>How one arm's uses were rated.</summary>
    internal sealed class RatingRow
    {
        public bool IsTreated { get; init; }

        public long Rated { get; init; }

        public long Down { get; init; }
    }

    /// <summary>The control's quantiles.</summary>
    internal sealed class LimitRow
    {
        public long Uses { get; init; }

        public double? LatencyMs { get; init; }

        public long? CostNano { get; init; }

        public RolloutLimits ToLimits() => Uses >= FewestForLimits ? new(LatencyMs, CostNano) : RolloutLimits.Unknown;
    }
}
