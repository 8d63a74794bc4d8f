using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Rollouts;
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
        Assert.Equal((old, 0), Metric(seen, "control", "low_judgement"));
        Assert.Equal((other, other), Metric(seen, "treatment", "low_judgement"));
        foreach (var metric in (string[])["error", "prompt_fault", "guard_hit", "thumbs_down"])
        {
            Assert.Equal(0, Metric(seen, "treatment", metric).Bad);
        }

        // Once, whoever looks how often.
        await LookAsync(olga, rollout);
        Assert.Equal(
            (other, other),
            Metric(await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout"), "treatment", "low_judgement")
        );
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
    public async Task Judging_costs_no_more_in_a_day_than_it_may()
    {
        const string words = "of the capped rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 0.0001 });
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Fact, 5);

        await AskAsync(olga, words, 1);
        await EventuallyAsync(async () => await CountAsync(olga, "judge_nano > 100000") == 1);
        await AskAsync(olga, words, 5);
        await Task.Delay(1000, Cancel);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal(1, VerdictsOf(words));
        Assert.Equal(1, await CountAsync(olga, "judged_at IS NOT NULL"));
        // What is computed does not count in its place.
        Assert.Equal(
            1,
            Metric(seen, "control", "low_judgement").Observed + Metric(seen, "treatment", "low_judgement").Observed
        );

        // Another day.
        await ExecuteAsync(
            $"UPDATE prompt_runs SET judged_at = judged_at - interval '1 day' WHERE tenant_id = '{olga.TenantId}' AND judged_at IS NOT NULL"
        );
        await AskAsync(olga, words, 1, from: 10);
        await EventuallyAsync(() => Task.FromResult(VerdictsOf(words) == 2));
    }

    [Fact]
    public async Task A_judge_that_fails_leaves_no_score_and_nobody_sees_an_error()
    {
        const string words = "of the failing rollout";
        var (olga, prompt, rollout) = await RollingAsync(words, new { judge_sample = 1, judge_cap_usd = 1000 });
        chancery.Verdicts[words] = _ => ScriptedReply.Failing(500);

        await AskAsync(olga, words, 6);
        await EventuallyAsync(async () => await CountAsync(olga, "judged_at IS NOT NULL") == 6);
        await LookAsync(olga, rollout);
        var seen = await olga.GetAsync($"/api/v1/prompts/{prompt}/rollout");

        Assert.Equal("running", seen.Text("state"));
        Assert.Equal(0, await CountAsync(olga, "judge_score IS NOT NULL"));
        foreach (var arm in (string[])["control", "treatment"])
        {
            Assert.Equal((0, 0), Metric(seen, arm, "low_judgement"));
            Assert.Equal(0, Metric(seen, arm, "error").Bad);
        }
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

    /// <summary>The prompt of answers with a second version, which half of the conversations get.</summary>
    private async Task<(TestUser Olga, Guid Prompt, Guid Rollout)> RollingAsync(string words, object judging)
    {
        const string spoken = "Answer like a quarryman";
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync($"# Quarry\n\n{Fact}.");
        var prompt = (await olga.GetAsync("/api/v1/prompts")).Items().Single(one => one.Text("name") == "answer").Id();
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = $"{spoken}, from what stands between {{{{boundary}}}}.", text = "" } },
            HttpStatusCode.Created
        );
        chancery.Scripts[words] = request => new ScriptedReply(
            request.Prompt.Contains(spoken, StringComparison.Ordinal) ? $"Well now: {Fact} [1]." : $"{Fact} [1]."
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
    private static async Task<IReadOnlyList<int>> AskAsync(TestUser user, string words, int count, int from = 0)
    {
        var versions = new List<int>();
        foreach (var number in Enumerable.Range(from, count))
        {
            var answer = await user.PostAsync(
                "/api/v1/chat",
                new { question = $"When does the quarry open, number {number} {words}?" }
            );
            Assert.Equal("answered", answer.Text("outcome"));
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
