using System.Collections.Immutable;
using System.Text.Json;
using Chancery.Evaluation.Rollouts;

namespace Chancery.Evaluation.Tests.Rollouts;

public sealed class RolloutRulesTests
{
    private static readonly RolloutPlan _plan = RolloutPlan.Default;
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

    // Judged of either version, and how many of them the judge gave no score; all that it gave the new version's are low.
    [Theory]
    [InlineData(60, 0, 60, 0, JudgeStanding.Compared)]
    [InlineData(60, 3, 60, 6, JudgeStanding.Compared)]
    [InlineData(60, 0, 60, 20, JudgeStanding.Uneven)]
    [InlineData(60, 20, 60, 0, JudgeStanding.Uneven)]
    [InlineData(60, 0, 19, 0, JudgeStanding.TooFew)]
    [InlineData(19, 0, 60, 0, JudgeStanding.TooFew)]
    [InlineData(60, 35, 60, 35, JudgeStanding.TooFew)]
    public void What_a_judge_says_decides_where_it_said_enough_and_failed_at_both_alike(
        int control,
        int controlFailed,
        int treatment,
        int treatmentFailed,
        JudgeStanding standing
    )
    {
        var plan = _plan.Judged(1, 1_000);
        var progress = RolloutProgress
            .Start(plan, _start)
            .Observe(
                Verdicts(control, controlFailed, low: 0),
                Verdicts(treatment, treatmentFailed, low: treatment - treatmentFailed)
            );

        var decision = RolloutRules.Decide(plan, progress, ArmCounts.Empty, ArmCounts.Empty, _start.AddHours(5));

        Assert.Equal(standing, progress.Judging);
        if (standing is JudgeStanding.Compared)
        {
            Assert.Equal(RolloutMetric.Unfaithful, Assert.IsType<RolloutDecision.RollBack>(decision).Evidence.Metric);
        }
        else
        {
            Assert.IsType<RolloutDecision.Advance>(decision);
        }
    }

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
