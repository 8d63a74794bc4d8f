using System.Collections.Immutable;
using System.Text.Json;
using Chancery.Evaluation.Rollouts;

namespace Chancery.Evaluation.Tests.Rollouts;

public sealed class RolloutRulesTests
{
    private static readonly RolloutPlan _plan = RolloutPlan.Default;
    private static readonly RolloutPlan _judged = _plan.Judged(0.2, 1_000);
    private static readonly DateTimeOffset _start = new(2025, 3, 3, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_stage_with_its_samples_and_its_dwell_advances_when_the_arms_are_alike()
    {
        var progress = Seen(Errors(30_000, 1_500), Errors(300, 15));

        Assert.Equal(new RolloutDecision.Advance(1), Decide(progress, TimeSpan.FromHours(4)));
        Assert.Equal(new RolloutDecision.Stay(StayReason.Dwelling), Decide(progress, TimeSpan.FromHours(3.9)));
    }

    [Fact]
    public void Without_its_samples_a_stage_waits_and_then_asks_and_never_advances()
    {
        for (var uses = 0; uses < 300; uses += 13)
        {
            var progress = Seen(Errors(100 * uses, uses), Errors(uses, 0));

            Assert.Equal(new RolloutDecision.Stay(StayReason.Gathering), Decide(progress, TimeSpan.FromDays(6.9)));
            Assert.Equal(new RolloutDecision.AskPerson(AskReason.LowTraffic), Decide(progress, TimeSpan.FromDays(7)));
            Assert.Equal(new RolloutDecision.AskPerson(AskReason.LowTraffic), Decide(progress, TimeSpan.FromDays(700)));
        }
    }

    [Fact]
    public void Harm_rolls_back_before_any_dwell_and_says_what_it_rests_on()
    {
        var progress = Seen(Errors(3_000, 150), Errors(30, 20));

        var back = Assert.IsType<RolloutDecision.RollBack>(Decide(progress, TimeSpan.Zero));

        Assert.Equal(RolloutMetric.Error, back.Evidence.Metric);
        Assert.Equal(new MetricCounts(30, 20), back.Evidence.Treatment);
        Assert.Equal(new MetricCounts(3_000, 150), back.Evidence.Control);
        Assert.InRange(back.Evidence.PValue!.Value, 0, back.Evidence.Limit);
    }

    [Fact]
    public void An_outage_that_hits_both_arms_stops_nothing()
    {
        var (control, treatment) = (Errors(5_000, 4_000), Errors(50, 40));
        var progress = Seen(control, treatment);

        Assert.Equal(
            new RolloutDecision.Stay(StayReason.Dwelling),
            RolloutRules.Decide(_plan, progress, control, treatment, _start.AddMinutes(1))
        );
    }

    [Fact]
    public void Evidence_that_leans_to_harm_holds_a_stage_and_then_asks()
    {
        var progress = Seen(Errors(30_000, 1_500), Errors(300, 26));
        var evidence = progress.Comparisons[RolloutMetric.Error].LogEvidence;

        Assert.InRange(evidence, Math.Log(4), Math.Log(50));
        Assert.Equal(new RolloutDecision.Stay(StayReason.Leaning), Decide(progress, TimeSpan.FromDays(1)));
        Assert.Equal(new RolloutDecision.AskPerson(AskReason.Undecided), Decide(progress, TimeSpan.FromDays(7)));
    }

    [Fact]
    public void Evidence_goes_with_the_rollout_into_the_next_stage_and_samples_do_not()
    {
        var progress = Seen(Errors(30_000, 1_500), Errors(300, 20));

        var next = progress.Enter(1, _start.AddDays(1));

        Assert.Equal(0, next.Treatment.Uses);
        Assert.Equal(progress.Comparisons, next.Comparisons);
        Assert.Equal(
            new RolloutDecision.Stay(StayReason.Gathering),
            RolloutRules.Decide(_plan, next, ArmCounts.Empty, ArmCounts.Empty, _start.AddDays(3))
        );
    }

    [Fact]
    public void A_kill_limit_acts_on_ten_uses()
    {
        var progress = RolloutProgress.Start(_plan, _start);

        var kill = Assert.IsType<RolloutDecision.Kill>(
            RolloutRules.Decide(_plan, progress, Errors(900, 40), Errors(10, 10), _start.AddSeconds(5))
        );

        Assert.Equal(0.5, kill.Evidence.Limit);
        Assert.IsType<RolloutDecision.Stay>(
            RolloutRules.Decide(_plan, progress, Errors(900, 40), Errors(9, 9), _start.AddSeconds(5))
        );
    }

    [Fact]
    public void Where_everybody_has_the_version_errors_do_not_kill_it_and_faults_of_the_prompt_do()
    {
        var progress = RolloutProgress.Start(_plan, _start).Enter(4, _start);

        Assert.Equal(
            new RolloutDecision.Stay(StayReason.Complete),
            RolloutRules.Decide(_plan, progress, ArmCounts.Empty, Errors(1_000, 1_000), _start.AddMinutes(1))
        );
        Assert.IsType<RolloutDecision.Kill>(
            RolloutRules.Decide(
                _plan,
                progress,
                ArmCounts.Empty,
                Counts(RolloutMetric.PromptFault, 1_000, 900),
                _start.AddMinutes(1)
            )
        );
    }

    [Theory]
    [InlineData(1_000, 49, true)]
    [InlineData(1_000, 50, false)]
    [InlineData(1, 0, true)]
    [InlineData(1, 1, false)]
    public void The_daily_rule_decides_at_midnight_by_the_level_alone(long uses, long errors, bool isAdvance)
    {
        var plan = _plan with { Policy = RolloutPolicy.DailyErrorRate };
        var progress = RolloutProgress.Start(plan, _start).Observe(Errors(1_000, 900), Errors(uses, errors));

        var before = RolloutRules.Decide(plan, progress, ArmCounts.Empty, ArmCounts.Empty, _start.AddHours(14.99));
        var after = RolloutRules.Decide(plan, progress, ArmCounts.Empty, ArmCounts.Empty, _start.AddHours(15));

        Assert.Equal(new RolloutDecision.Stay(StayReason.NotDue), before);
        Assert.Equal(isAdvance, after is RolloutDecision.Advance);
        Assert.Equal(!isAdvance, after is RolloutDecision.RollBack);
    }

    [Fact]
    public void The_daily_rule_decides_nothing_of_nothing_and_once_a_day()
    {
        var plan = _plan with { Policy = RolloutPolicy.DailyErrorRate };
        var progress = RolloutProgress.Start(plan, _start);

        Assert.Equal(
            new RolloutDecision.Stay(StayReason.Gathering),
            RolloutRules.Decide(plan, progress, ArmCounts.Empty, ArmCounts.Empty, _start.AddDays(1))
        );
        Assert.Equal(
            new RolloutDecision.AskPerson(AskReason.LowTraffic),
            RolloutRules.Decide(plan, progress, ArmCounts.Empty, ArmCounts.Empty, _start.AddDays(8))
        );

        var looked = progress.Observe(Errors(10, 0), Errors(10, 0)) with { LookedAt = _start.AddHours(15) };
        Assert.Equal(
            new RolloutDecision.Stay(StayReason.NotDue),
            RolloutRules.Decide(plan, looked, ArmCounts.Empty, ArmCounts.Empty, _start.AddHours(16))
        );
    }

    [Fact]
    public void Plan_progress_and_decisions_are_the_same_after_they_were_written_as_JSON()
    {
        var progress = Seen(Errors(3_000, 150), Errors(30, 20));
        var decision = Decide(progress, TimeSpan.Zero);

        var plan = JsonSerializer.Deserialize<RolloutPlan>(JsonSerializer.Serialize(_plan))!;
        var read = JsonSerializer.Deserialize<RolloutProgress>(JsonSerializer.Serialize(progress))!;

        Assert.Equal(_plan.Stages, plan.Stages);
        Assert.Equal(_plan.Metrics, plan.Metrics);
        Assert.Equal(_plan.KillLimits, plan.KillLimits);
        Assert.Equal(progress.Treatment, read.Treatment);
        Assert.Equal(progress.Comparisons, read.Comparisons);
        Assert.Equal(decision, JsonSerializer.Deserialize<RolloutDecision>(JsonSerializer.Serialize(decision)));
        Assert.Equal(decision, RolloutRules.Decide(plan, read, ArmCounts.Empty, ArmCounts.Empty, _start));
    }

    [Fact]
    public void The_default_plan_has_no_faults_and_spends_five_percent()
    {
        Assert.Empty(_plan.Faults());
        Assert.Equal(0.05, _plan.Metrics.Sum(metric => metric.Alpha), 1e-12);
    }

    [Fact]
    public void A_plan_with_a_judge_has_no_faults_and_spends_no_more()
    {
        var judged = _plan.Judged(0.2, 1_000);

        Assert.Empty(judged.Faults());
        Assert.Equal((0.2, 1_000), (judged.JudgeSample, judged.JudgeCapNano));
        Assert.Equal(0.05, judged.Metrics.Sum(metric => metric.Alpha), 1e-12);
        Assert.Contains(judged.Metrics, metric => metric.Metric is RolloutMetric.Unfaithful);
    }

    // Judged of either version in this stage, and how many of them the judge gave no score.
    [Theory]
    [InlineData(60, 0, 60, 0, JudgeStanding.Compared)]
    [InlineData(60, 3, 60, 6, JudgeStanding.Compared)]
    [InlineData(60, 0, 60, 7, JudgeStanding.Failing)]
    [InlineData(60, 7, 60, 0, JudgeStanding.Failing)]
    [InlineData(60, 0, 19, 0, JudgeStanding.TooFew)]
    [InlineData(19, 0, 60, 0, JudgeStanding.TooFew)]
    [InlineData(0, 0, 0, 0, JudgeStanding.TooFew)]
    public void Without_enough_scores_of_both_versions_a_stage_waits_and_then_asks(
        int control,
        int controlFailed,
        int treatment,
        int treatmentFailed,
        JudgeStanding standing
    )
    {
        var progress = RolloutProgress
            .Start(_judged, _start)
            .Observe(Verdicts(control, controlFailed, low: 0), Verdicts(treatment, treatmentFailed, low: 0));

        Assert.Equal(standing, progress.Judging);
        var isEnough = standing is JudgeStanding.Compared;
        Assert.Equal(
            isEnough ? new RolloutDecision.Advance(1) : new RolloutDecision.Stay(StayReason.Judging),
            DecideJudged(progress, TimeSpan.FromHours(5))
        );
        Assert.Equal(
            isEnough ? new RolloutDecision.Advance(1) : new RolloutDecision.AskPerson(AskReason.Unjudged),
            DecideJudged(progress, TimeSpan.FromDays(7))
        );
        // What was enough in one stage is not in the next.
        Assert.Equal(JudgeStanding.TooFew, progress.Enter(1, _start).Judging);
    }

    [Fact]
    public void Harm_that_a_judge_finds_turns_back_whatever_it_failed_at()
    {
        // An outage of the judge in the first stage, in which hardly anybody has the new version.
        var outage = RolloutProgress
            .Start(_judged, _start)
            .Observe(Verdicts(3_000, 40, low: 0), Verdicts(30, 30, low: 0))
            .Enter(1, _start);

        var progress = outage.Observe(Verdicts(400, 0, low: 0), Verdicts(60, 20, low: 40));

        Assert.IsType<RolloutDecision.Stay>(DecideJudged(outage, TimeSpan.FromHours(5)));
        var back = Assert.IsType<RolloutDecision.RollBack>(DecideJudged(progress, TimeSpan.FromHours(5)));
        Assert.Equal(RolloutMetric.Unfaithful, back.Evidence.Metric);
        Assert.Equal((new MetricCounts(3_360, 0), new MetricCounts(40, 40)), progress.SeenOf(RolloutMetric.Unfaithful));
    }

    [Fact]
    public void Failures_of_a_judge_are_never_evidence_of_harm()
    {
        // It fails at what is bad of the control alone, and at what is good of the new version: scores alone would say 20 of 60 against none.
        var progress = RolloutProgress
            .Start(_judged, _start)
            .Observe(Verdicts(90, 30, low: 0), Verdicts(90, 30, low: 20));

        Assert.True(progress.Comparisons[RolloutMetric.Unfaithful].LogEvidence <= 0);
        Assert.True(
            SequentialComparison.Empty.Add(new(60, 0), new(60, 20)).Rejects(0.0025),
            "Without the failures it would be rolled back."
        );
    }

    [Fact]
    public void The_evidence_is_never_more_than_it_would_be_with_all_scores_known()
    {
        var random = new Random(7);
        for (var rollout = 0; rollout < 200; rollout++)
        {
            var known = RolloutProgress.Start(_judged, _start);
            var partly = known;
            for (var look = 0; look < 6; look++)
            {
                var (old, other) = (Drawn(80, 0.1), Drawn(80, 0.3));
                known = known.Observe(Verdicts(80, 0, old.Low), Verdicts(80, 0, other.Low));
                partly = partly.Observe(
                    Verdicts(80, old.Failed, old.Low - old.LowFailed),
                    Verdicts(80, other.Failed, other.Low - other.LowFailed)
                );
                var (all, some) = (
                    known.Comparisons[RolloutMetric.Unfaithful],
                    partly.Comparisons[RolloutMetric.Unfaithful]
                );
                Assert.True(some.LogEvidence <= all.LogEvidence + 1e-9);
                Assert.True(some.PeakLogEvidence <= all.PeakLogEvidence + 1e-9);
            }
        }

        (int Low, int Failed, int LowFailed) Drawn(int asked, double rate)
        {
            // At bad and at good answers it fails as often as chance will have it.
            var (atBad, atGood) = (random.NextDouble(), random.NextDouble() / 3);
            var low = Enumerable.Range(0, asked).Count(_ => random.NextDouble() < rate);
            var lowFailed = Enumerable.Range(0, low).Count(_ => random.NextDouble() < atBad);
            return (
                low,
                lowFailed + Enumerable.Range(0, asked - low).Count(_ => random.NextDouble() < atGood),
                lowFailed
            );
        }
    }

    [Fact]
    public void A_rollout_that_was_stored_before_judgements_were_a_metric_takes_it_up()
    {
        var plan = (_plan with { JudgeSample = 0.2, JudgeCapNano = 1_000 }).Completed();
        var before = Seen(Errors(3_000, 150), Errors(30, 2))
            .Observe(Counts(RolloutMetric.LowJudgement, 10, 0), Counts(RolloutMetric.LowJudgement, 10, 9));

        var progress = before.CompletedFor(plan);
        var judged = progress.Observe(Verdicts(400, 0, low: 0), Verdicts(60, 0, low: 60));

        Assert.Empty(plan.Faults());
        Assert.Equal(0.05, plan.Metrics.Sum(metric => metric.Alpha), 1e-12);
        Assert.Equal(SequentialComparison.Empty, progress.Comparisons[RolloutMetric.LowJudgement]);
        Assert.Equal(before.Comparisons[RolloutMetric.Error], progress.Comparisons[RolloutMetric.Error]);
        Assert.IsType<RolloutDecision.RollBack>(
            RolloutRules.Decide(plan, judged, ArmCounts.Empty, ArmCounts.Empty, _start)
        );
        // Once.
        Assert.Same(judged, judged.CompletedFor(plan));
        Assert.Same(plan, plan.Completed());
        Assert.Same(before, before.CompletedFor(_plan.Completed()));
        var daily = (plan with { Metrics = _plan.Metrics, Policy = RolloutPolicy.DailyErrorRate }).Completed();
        Assert.Equal((0, 0), (daily.JudgeSample, daily.JudgeCapNano));
    }

    private static RolloutDecision DecideJudged(RolloutProgress progress, TimeSpan after) =>
        RolloutRules.Decide(_judged, progress, ArmCounts.Empty, ArmCounts.Empty, _start + after);

    private static ArmCounts Verdicts(int asked, int failed, int low) =>
        new(
            300,
            ImmutableSortedDictionary<RolloutMetric, MetricCounts>
                .Empty.Add(RolloutMetric.Unfaithful, new(asked - failed, low))
                .Add(RolloutMetric.JudgeFailure, new(asked, failed))
        );

    public static TheoryData<string, RolloutPlan> Faulty =>
        new()
        {
            { "last stage", _plan with { Stages = [] } },
            { "last stage", _plan with { Stages = [_plan.Stages[0]] } },
            { "must rise", _plan with { Stages = [_plan.Stages[1], _plan.Stages[0], _plan.Stages[^1]] } },
            { "negative", _plan with { Stages = [_plan.Stages[^1] with { FewestSamples = -1 }] } },
            {
                "longest dwell",
                _plan with
                {
                    Stages = [_plan.Stages[^1] with { LongestDwell = TimeSpan.FromDays(-1) }],
                }
            },
            { "error rates", _plan with { Metrics = [new(RolloutMetric.Error, double.NaN)] } },
            { "error rates", _plan with { Metrics = [new(RolloutMetric.Error, 0.6), new(RolloutMetric.Cost, 0.6)] } },
            { "twice", _plan with { Metrics = [new(RolloutMetric.Error, 0.01), new(RolloutMetric.Error, 0.01)] } },
            { "quantile", _plan with { Metrics = [new(RolloutMetric.Latency, 0.01, 1)] } },
            { "needs a metric", _plan with { Metrics = [] } },
            { "kill limit", _plan with { KillLimits = [new(RolloutMetric.Error, 0, 10)] } },
            { "daily error limit", _plan with { DailyErrorLimit = double.NaN } },
        };

    [Theory]
    [MemberData(nameof(Faulty), DisableDiscoveryEnumeration = true)]
    public void A_plan_that_cannot_be_followed_says_why(string word, RolloutPlan plan) =>
        Assert.Contains(plan.Faults(), fault => fault.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static RolloutDecision Decide(RolloutProgress progress, TimeSpan after) =>
        RolloutRules.Decide(_plan, progress, ArmCounts.Empty, ArmCounts.Empty, _start + after);

    private static RolloutProgress Seen(ArmCounts control, ArmCounts treatment) =>
        RolloutProgress.Start(_plan, _start).Observe(control, treatment);

    private static ArmCounts Errors(long uses, long errors) => Counts(RolloutMetric.Error, uses, errors);

    private static ArmCounts Counts(RolloutMetric metric, long uses, long bad) =>
        new(uses, ImmutableSortedDictionary<RolloutMetric, MetricCounts>.Empty.Add(metric, new(uses, bad)));
}
