using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>A model judges a share of the answers that a rollout's versions give, after they were given.</summary>
public sealed class LiveJudgingTests(LiveJudgingTests.Fixture chancery) : IClassFixture<LiveJudgingTests.Fixture>
{
    private const string Fact = "The quarry opens at seven";
    private const string Spoken = "Answer like a quarryman";

    // What the judge was asked about, and has been written down.
    private const string Settled = "judged_at IS NOT NULL AND NOT is_judgement_counted";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_version_whose_answers_a_judge_finds_bad_goes_back_though_all_else_is_alike()
    {
        const string words = "of the judged rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        // Both say what stands in the passages, word by word; the judge minds how the new one says it.
        chancery.Verdicts[words] = request =>
            ScriptedJudge.Verdict(
                request,
                Fact,
                request.LastUserMessage.Contains("Well now", StringComparison.Ordinal) ? 1 : 5
            );

        var versions = await AskAsync(olga, words, 120);
        await EventuallyAsync(async () =>
            await CountAsync(olga, "judge_score IS NOT NULL AND judge_nano > 0") == versions.Count
        );
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal("rolled_back", seen.Text("state"));
        Assert.Equal(
            (1, 1000),
            (seen.GetProperty("judge_sample").GetDouble(), seen.GetProperty("judge_cap_usd").GetInt32())
        );
        var (old, other) = (versions.Count(version => version == 1), versions.Count(version => version == 2));
        Assert.Equal((old, 0), Metric(seen, "control", "unfaithful"));
        Assert.Equal((other, other), Metric(seen, "treatment", "unfaithful"));
        Assert.Equal((other, 0), Metric(seen, "treatment", "judge_failure"));
        Assert.Equal("compared", seen.Text("judging"));
        foreach (var metric in (string[])["error", "prompt_fault", "guard_hit", "thumbs_down", "low_judgement"])
        {
            Assert.Equal(0, Metric(seen, "treatment", metric).Bad);
        }

        // Once, whoever looks how often.
        await LookAsync(olga, rollout);
        Assert.Equal(
            (other, other),
            Metric(await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout"), "treatment", "unfaithful")
        );
        var uses = (await olga.GetAsync($"/api/v1/prompts/{prompt}/runs?version=2&limit=1")).Items().Single();
        Assert.Equal((1, 0), (uses.GetProperty("score").GetDouble(), uses.GetProperty("judge_score").GetDouble()));
        var usage = await olga.GetAsync("/api/v1/usage?group_by=component");
        Assert.Contains(usage.GetProperty("groups").EnumerateArray(), group => group.Text("key") == "judge");
    }

    [Fact]
    public async Task Where_personal_data_is_kept_from_models_the_judge_is_not_told_it_either()
    {
        const string words = "asks ada.byron@example.com of the hidden rollout";
        const string told = "of the hidden rollout";
        var (olga, _, _) = await RollingAsync(told, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[told] = request => ScriptedJudge.Verdict(request, Fact, 5);
        using var set = await olga.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { personal_data_to_models = "pseudonyms" },
            Cancel
        );
        set.EnsureSuccessStatusCode();

        await AskAsync(olga, words, 3);
        await EventuallyAsync(async () => await CountAsync(olga, "judge_score = 1") == 3);

        var judged = chancery
            .Model.ChatRequests.Where(request =>
                ScriptedJudge.IsAsked(request) && request.LastUserMessage.Contains(told, StringComparison.Ordinal)
            )
            .ToList();
        Assert.Equal(3, judged.Count);
        Assert.All(judged, request => Assert.Contains("[EMAIL_1]", request.LastUserMessage, StringComparison.Ordinal));
        Assert.DoesNotContain(judged, request => request.Prompt.Contains("ada.byron", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_computed_of_every_answer_counts_also_where_hardly_any_is_judged()
    {
        const string words = "of the mostly unjudged rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 0.000001, judge_cap_usd = 1000 });
        // The new one cites nothing, and so nothing supports it.
        chancery.Scripts[words] = request => new ScriptedReply(
            request.Prompt.Contains(Spoken, StringComparison.Ordinal) ? "Well now, who knows." : $"{Fact} [1]."
        );

        var versions = await AskAsync(olga, words, 60, outcome: null);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        var (old, other) = (versions.Count(version => version == 1), versions.Count(version => version == 2));
        Assert.Equal((old, 0), Metric(seen, "control", "low_judgement"));
        Assert.Equal((other, other), Metric(seen, "treatment", "low_judgement"));
        Assert.Equal("rolled_back", seen.Text("state"));
        Assert.Equal("too_few", seen.Text("judging"));
    }

    [Fact]
    public async Task An_answer_that_cites_nothing_is_judged_as_any_other()
    {
        const string words = "of the refusing rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Scripts[words] = _ => new ScriptedReply("The passages do not say.");
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);

        await AskAsync(olga, words, 4, outcome: "unsupported");
        await EventuallyAsync(async () => await CountAsync(olga, "judge_score = 1") == 4);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal((4, 0), Both(seen, "unfaithful"));
        Assert.Equal((4, 4), Both(seen, "low_judgement"));
    }

    [Fact]
    public async Task What_a_judge_finds_bad_counts_also_where_it_fails_at_one_version_more_often_and_the_rollout_says_so()
    {
        const string words = "of the rollout whose judge fails at one version";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        var seenOfNew = 0;
        chancery.Verdicts[words] = request =>
            !request.LastUserMessage.Contains("Well now", StringComparison.Ordinal)
                ? ScriptedJudge.Verdict(request, Fact, 5)
            : Interlocked.Increment(ref seenOfNew) % 2 == 0 ? new ScriptedReply("I cannot say.")
            : ScriptedJudge.Verdict(request, Fact, 1);

        var versions = await AskAsync(olga, words, 120);
        await EventuallyAsync(async () => await CountAsync(olga, Settled) == versions.Count);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        var other = versions.Count(version => version == 2);
        Assert.Equal("rolled_back", seen.Text("state"));
        Assert.Equal("failing", seen.Text("judging"));
        Assert.Equal((other, other / 2), Metric(seen, "treatment", "judge_failure"));
        Assert.Equal((other - other / 2, other - other / 2), Metric(seen, "treatment", "unfaithful"));
    }

    [Fact]
    public async Task A_verdict_of_an_answer_of_an_earlier_stage_counts_in_no_later_one()
    {
        const string words = "of the rollout that went on";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);

        await AskAsync(olga, words, 2);
        await ExecuteAsync(
            $"UPDATE prompt_runs SET created_at = created_at - interval '1 hour' WHERE tenant_id = '{olga.TenantId}'"
        );
        await AskAsync(olga, words, 3, from: 10);
        await EventuallyAsync(async () => await CountAsync(olga, Settled) == 5);
        await LookAsync(olga, rollout);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal((3, 0), Both(seen, "unfaithful"));
        Assert.Equal((3, 0), Both(seen, "judge_failure"));
    }

    [Fact]
    public async Task A_rollout_that_was_begun_before_judgements_were_a_metric_goes_by_them_now()
    {
        const string words = "of the old rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);
        await ExecuteAsync(
            $"""
            UPDATE prompt_rollouts
            SET plan = jsonb_set(plan, '{"{metrics}"}', jsonb_path_query_array(plan, '$.metrics[*] ? (@.metric != "unfaithful")')),
                progress = progress #- '{"{comparisons,unfaithful}"}' #- '{"{comparisons,judge_failure}"}'
            WHERE tenant_id = '{olga.TenantId}'
            """
        );

        await AskAsync(olga, words, 3);
        await EventuallyAsync(async () => await CountAsync(olga, Settled) == 3);
        await LookAsync(olga, rollout);
        await AskAsync(olga, words, 2, from: 10);
        // The first three were counted by the look.
        await EventuallyAsync(async () => await CountAsync(olga, Settled) == 2);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal((5, 0), Both(seen, "unfaithful"));
        Assert.Equal((5, 0), Both(seen, "low_judgement"));
        Assert.Equal("too_few", seen.Text("judging"));

        // Errors alone decide: nothing that decides nothing is paid for.
        await ExecuteAsync(
            $"UPDATE prompt_rollouts SET plan = jsonb_set(plan, '{"{policy}"}', '\"daily_error_rate\"') WHERE tenant_id = '{olga.TenantId}'"
        );
        await AskAsync(olga, words, 2, from: 20);
        await Task.Delay(500, Cancel);
        Assert.Equal(5, VerdictsOf(words));
    }

    [Fact]
    public async Task Judging_costs_no_more_in_a_day_than_it_may()
    {
        const string words = "of the capped rollout";
        const double cap = 7;
        var (olga, _, _) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = cap });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);

        await AskAsync(olga, words, 20);
        await EventuallyAsync(async () => await CountAsync(olga, Settled) > 0);
        await Task.Delay(1000, Cancel);

        // What any answer may cost has to be left: the last ones that would have gone well are left out, too.
        var judged = await CountAsync(olga, Settled);
        Assert.InRange(judged, 1, 19);
        Assert.Equal(judged, VerdictsOf(words));
        Assert.Equal(judged, await CountAsync(olga, "judged_at IS NOT NULL AND judge_nano > 0"));
        Assert.Equal(
            0,
            await CountAsync(
                olga,
                $"(SELECT sum(u.judge_nano) FROM prompt_runs AS u WHERE u.tenant_id = prompt_runs.tenant_id) > {cap * 1e9}"
            )
        );

        // Another day.
        await ExecuteAsync(
            $"UPDATE prompt_runs SET judged_at = judged_at - interval '1 day' WHERE tenant_id = '{olga.TenantId}' AND judged_at IS NOT NULL"
        );
        await AskAsync(olga, words, 1, from: 30);
        await EventuallyAsync(() => Task.FromResult(VerdictsOf(words) == judged + 1));
    }

    [Fact]
    public async Task What_is_paid_counts_though_nothing_can_be_kept_of_it()
    {
        const string words = "of the rollout that keeps nothing";
        var (olga, _, _) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);
        await ExecuteAsync(
            $"""
            CREATE OR REPLACE FUNCTION refuse_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$;
            CREATE OR REPLACE TRIGGER refuse_kept BEFORE INSERT OR UPDATE ON eval_judgements FOR EACH ROW
              WHEN (NEW.tenant_id = '{olga.TenantId}') EXECUTE FUNCTION refuse_kept();
            """
        );

        await AskAsync(olga, words, 3);

        await EventuallyAsync(async () => await CountAsync(olga, "judge_score = 1 AND judge_nano > 0") == 3);
        await ExecuteAsync("DROP TRIGGER refuse_kept ON eval_judgements");
    }

    [Fact]
    public async Task An_answer_of_a_rollout_is_judged_though_the_same_was_judged_before()
    {
        const string words = "of the rollout that repeats itself";
        var (olga, _, _) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);

        // What is given again is nobody's use: each is written anew, in the same words.
        olga.Http.DefaultRequestHeaders.CacheControl = new CacheControlHeaderValue { NoCache = true };
        foreach (var round in Enumerable.Range(1, 4))
        {
            await AskAsync(olga, words, 1);
            await EventuallyAsync(async () => await CountAsync(olga, "judge_score = 1") == round);
        }

        Assert.Equal(4, VerdictsOf(words));
        Assert.Equal(4, await CountAsync(olga, "judge_nano > 0"));
    }

    [Fact]
    public async Task What_a_judge_said_is_written_down_also_where_the_database_is_away_for_a_moment()
    {
        const string words = "of the rollout without a database";
        var (olga, _, _) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);
        await ExecuteAsync(
            $"""
            CREATE SEQUENCE refused_settling;
            CREATE FUNCTION refuse_settling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            BEGIN
              IF nextval('refused_settling') <= 2 THEN RAISE EXCEPTION 'away'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER refuse_settling BEFORE UPDATE ON prompt_runs FOR EACH ROW
              WHEN (NEW.tenant_id = '{olga.TenantId}' AND NEW.judge_score IS NOT NULL) EXECUTE FUNCTION refuse_settling();
            """
        );

        await AskAsync(olga, words, 1);
        await EventuallyAsync(async () => await CountAsync(olga, $"judge_score = 1 AND {Settled}") == 1);
        await ExecuteAsync("DROP TRIGGER refuse_settling ON prompt_runs");

        Assert.Equal(1, VerdictsOf(words));
    }

    [Fact]
    public async Task Nothing_is_paid_for_a_use_whose_rollout_has_ended_or_that_was_never_written_down()
    {
        const string words = "of the ending rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 0.000001, judge_cap_usd = 1 });
        await AskAsync(olga, words, 1);
        var run = (await olga.GetAsync($"/api/v1/prompts/{prompt}/runs")).Items().Single().Id();
        var judgements = chancery.Services.GetRequiredService<UseJudgements>();
        var use = new PromptUse(prompt, "answer", 1, AnswerPrompt.Shipped.Content, true, true, rollout, false)
        {
            Judging = new UseJudging(1, 1_000),
        };
        var tenant = new TenantId(olga.TenantId);

        Assert.False(await judgements.BeginAsync(tenant, use, Guid.CreateVersion7(), 1, 1, Cancel));
        Assert.False(await judgements.BeginAsync(tenant, use, run, 1, 1_001, Cancel));
        Assert.True(await judgements.BeginAsync(tenant, use, run, 1, 1_000, Cancel));
        Assert.False(await judgements.BeginAsync(tenant, use, run, 0, 0, Cancel));
        // Set aside is not yet said.
        await LookAsync(olga, rollout);
        Assert.Equal((0, 0), Both(await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout"), "judge_failure"));

        await judgements.DropAsync(tenant, run, Cancel);
        await olga.PostAsync($"/api/v1/prompts/{prompt}/rollback", new { });
        Assert.False(await judgements.BeginAsync(tenant, use, run, 1, 1, Cancel));
        Assert.Equal(0, await CountAsync(olga, "judged_at IS NOT NULL"));
    }

    [Fact]
    public async Task What_waits_is_not_judged_once_the_rollout_has_ended()
    {
        const string words = "of the rollout that ends while it is judged";
        var (olga, prompt, _) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        using var gate = new ManualResetEventSlim();
        chancery.Verdicts[words] = request =>
        {
            gate.Wait(TimeSpan.FromSeconds(15), Cancel);
            return ScriptedJudge.Verdict(request, Fact, 5);
        };

        await AskAsync(olga, words, 8);
        await EventuallyAsync(async () => await CountAsync(olga, "judged_at IS NOT NULL") == 2);
        await olga.PostAsync($"/api/v1/prompts/{prompt}/rollback", new { });
        gate.Set();
        await EventuallyAsync(async () => await CountAsync(olga, "judge_score = 1") == 2);
        await Task.Delay(1000, Cancel);

        Assert.Equal(2, VerdictsOf(words));
        Assert.Equal(2, await CountAsync(olga, "judged_at IS NOT NULL"));
    }

    [Fact]
    public async Task A_judge_that_fails_leaves_no_score_and_nobody_sees_an_error()
    {
        const string words = "of the failing rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = _ => ScriptedReply.Failing(500);

        await AskAsync(olga, words, 6);
        await EventuallyAsync(async () => await CountAsync(olga, Settled) == 6);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal("running", seen.Text("state"));
        Assert.Equal(0, await CountAsync(olga, "judge_score IS NOT NULL"));
        Assert.Equal((6, 6), Both(seen, "judge_failure"));
        Assert.Equal((0, 0), Both(seen, "unfaithful"));
        Assert.Equal((6, 0), Both(seen, "error"));
        Assert.Equal("too_few", seen.Text("judging"));
    }

    [Fact]
    public async Task Without_a_share_nothing_is_judged_and_it_takes_a_cap_and_the_prompt_of_answers()
    {
        const string words = "of the usual rollout";
        var (olga, prompt, _) = await RollingAsync(words, new { });
        await AskAsync(olga, words, 3);
        var own = await olga.PromptAsync("One.");
        await olga.PostAsync(
            $"/api/v1/prompts/{own}/versions",
            new { content = PromptApi.Saying("Two.") },
            HttpStatusCode.Created
        );

        await RefusedAsync(
            own,
            new
            {
                version = 2,
                judge_sample = 0.5,
                judge_cap_usd = 1,
            },
            "judge_sample"
        );
        await RefusedAsync(prompt, new { version = 2, judge_sample = 0.5 }, "judge_cap_usd");
        await RefusedAsync(
            prompt,
            new
            {
                version = 2,
                policy = "daily_error_rate",
                judge_sample = 0.5,
                judge_cap_usd = 1,
            },
            "judge_sample"
        );
        await RefusedAsync(prompt, new { version = 2, judge_cap_usd = 1 }, "judge_cap_usd");
        await Task.Delay(500, Cancel);
        Assert.Equal(0, await CountAsync(olga, "judged_at IS NOT NULL"));

        async Task RefusedAsync(Guid of, object rollout, string field)
        {
            var problem = await olga.PostAsync($"/api/v1/prompts/{of}/rollout", rollout, HttpStatusCode.BadRequest);
            Assert.Equal([field], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        }
    }

    [Fact]
    public void A_share_is_drawn_by_the_use_alone()
    {
        var uses = Enumerable.Range(0, 4000).Select(_ => Guid.CreateVersion7()).ToList();

        Assert.InRange(uses.Count(use => LiveJudging.IsDrawn(use, 0.25)), 850, 1150);
        Assert.All(uses, use => Assert.True(LiveJudging.IsDrawn(use, 1)));
        Assert.All(uses, use => Assert.False(LiveJudging.IsDrawn(use, 0)));
        Assert.All(
            uses.Where(use => LiveJudging.IsDrawn(use, 0.1)),
            use => Assert.True(LiveJudging.IsDrawn(use, 0.25))
        );
    }

    [Theory]
    [InlineData(100, 0.2 / 99, 0.2)]
    [InlineData(2500, 0.2 / 3, 0.2)]
    [InlineData(5000, 0.2, 0.2)]
    [InlineData(9000, 0.2, 0.2 / 9)]
    public void As_many_answers_are_drawn_of_either_version_whatever_share_of_people_has_it(
        int exposure,
        double former,
        double next
    )
    {
        Assert.Equal(former, UseJudging.Of(0.2, 1, isTreated: false, exposure).Sample, 9);
        Assert.Equal(next, UseJudging.Of(0.2, 1, isTreated: true, exposure).Sample, 9);
    }

    /// <summary>The prompt of answers with a second version, which half of the conversations get.</summary>
    private async Task<(TestUser Olga, Guid Prompt, Guid Rollout)> RollingAsync(string words, object judging)
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync($"# Quarry\n\n{Fact}.");
        var prompt = (await olga.GetAsync("/api/v1/prompts")).Items().Single(one => one.Text("name") == "answer").Id();
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = $"{Spoken}, from what stands between {{{{boundary}}}}.", text = "" } },
            HttpStatusCode.Created
        );
        chancery.Scripts[words] = request => new ScriptedReply(
            request.Prompt.Contains(Spoken, StringComparison.Ordinal) ? $"Well now: {Fact} [1]." : $"{Fact} [1]."
        );
        var start = JsonSerializer.SerializeToNode(judging)!.AsObject();
        start["version"] = 2;
        start["stages"] = JsonSerializer.SerializeToNode(
            new[]
            {
                new
                {
                    percent = 50,
                    min_uses = 10_000,
                    min_hours = 1,
                    max_hours = 24,
                },
                new
                {
                    percent = 100,
                    min_uses = 0,
                    min_hours = 0,
                    max_hours = 24,
                },
            }
        );
        return (
            olga,
            prompt,
            (await olga.PostAsync($"/api/v1/prompts/{prompt}/rollout", start, HttpStatusCode.Created)).Id()
        );
    }

    /// <summary>Each in a conversation of its own; answers the versions that were given.</summary>
    private static async Task<IReadOnlyList<int>> AskAsync(
        TestUser user,
        string words,
        int count,
        int from = 0,
        string? outcome = "answered"
    )
    {
        var versions = new List<int>();
        foreach (var number in Enumerable.Range(from, count))
        {
            var answer = await user.PostAsync(
                "/api/v1/chat",
                new { question = $"When does the quarry open, number {number} {words}?" }
            );
            Assert.Equal(outcome ?? answer.Text("outcome"), answer.Text("outcome"));
            versions.Add(answer.Text("answer").Contains("Well now", StringComparison.Ordinal) ? 2 : 1);
        }

        return versions;
    }

    private Task LookAsync(TestUser user, Guid rollout) =>
        chancery.Services.GetRequiredService<RolloutSteps>().LookAsync(new TenantId(user.TenantId), rollout, Cancel);

    private int VerdictsOf(string words) =>
        chancery.Model.ChatRequests.Count(request =>
            ScriptedJudge.IsAsked(request) && request.LastUserMessage.Contains(words, StringComparison.Ordinal)
        );

    private static (long Observed, long Bad) Metric(JsonElement rollout, string arm, string name)
    {
        var metric = rollout
            .GetProperty(arm)
            .GetProperty("metrics")
            .EnumerateArray()
            .Single(one => one.Text("metric") == name);
        return (metric.GetProperty("observed").GetInt64(), metric.GetProperty("bad").GetInt64());
    }

    private static (long Observed, long Bad) Both(JsonElement rollout, string name)
    {
        var (control, treatment) = (Metric(rollout, "control", name), Metric(rollout, "treatment", name));
        return (control.Observed + treatment.Observed, control.Bad + treatment.Bad);
    }

    private async Task<long> CountAsync(TestUser user, string where)
    {
        await using var command = chancery.Owner.CreateCommand(
            $"SELECT count(*) FROM prompt_runs WHERE tenant_id = '{user.TenantId}' AND rollout_id IS NOT NULL AND {where}"
        );
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        var watch = Stopwatch.StartNew();
        while (!await isSo())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "It did not come.");
            await Task.Delay(50, Cancel);
        }
    }

    public sealed class Fixture : EvaluationFixture
    {
        // Nobody looks but the tests.
        public Fixture() =>
            ConfigureServices = services =>
                services.Remove(services.Single(service => service.ImplementationType == typeof(RolloutWatch)));
    }
}
