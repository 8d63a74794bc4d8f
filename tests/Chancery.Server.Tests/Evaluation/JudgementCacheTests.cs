using System.Text.Json;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>What a judge said of the same before is neither asked nor paid again.</summary>
public sealed class JudgementCacheTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private const string Said = "The notice period is sixty days";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_run_over_the_same_answers_pays_no_judge()
    {
        const string words = "of the second run";
        var olga = await GivenAsync(words, Said);
        var dataset = await olga.DatasetAsync(
            new { question = $"The notice period, first {words}?" },
            new { question = $"The notice period, second {words}?" }
        );

        var first = await JudgedAsync(olga, dataset);
        var asked = VerdictsOf(words);
        var second = await JudgedAsync(olga, dataset);
        var plain = await olga.RunAsync(new { dataset });

        Assert.Equal(4, asked);
        Assert.Equal(4, VerdictsOf(words));
        Assert.Equal(0.75, first.Mean("judge_relevance"));
        Assert.Equal(0.75, second.Mean("judge_relevance"));
        Assert.Equal(0.75, second.Mean("judge_faithfulness"));
        Assert.Equal(plain.GetProperty("cost_usd").GetDecimal(), second.GetProperty("cost_usd").GetDecimal());
        Assert.True(first.GetProperty("cost_usd").GetDecimal() > second.GetProperty("cost_usd").GetDecimal());
        Assert.All(await CachedAsync(olga, first), cached => Assert.False(cached));
        Assert.Equal([true, true], await CachedAsync(olga, second));
        // No text is kept of it.
        Assert.Equal(
            "hash,judged_at,score,tenant_id",
            await ScalarAsync(
                "SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'eval_judgements'::regclass AND attnum > 0"
            )
        );
    }

    [Fact]
    public async Task Another_answer_another_judge_prompt_and_a_fresh_run_are_judged_anew()
    {
        const string words = "of the changing";
        var olga = await GivenAsync(words, Said);
        var dataset = await olga.DatasetAsync(new { question = $"The notice period, {words}?" });
        await JudgedAsync(olga, dataset, "relevance");

        await JudgedAsync(olga, dataset, "helpfulness");
        Assert.Equal(2, VerdictsOf(words));

        await olga.RunAsync(new { dataset, judging = new { criteria = new[] { "relevance" }, fresh = true } });
        Assert.Equal(3, VerdictsOf(words));

        chancery.Scripts[words] = _ => new ScriptedReply($"{Said}, it seems [1].");
        await JudgedAsync(olga, dataset, "relevance");
        Assert.Equal(4, VerdictsOf(words));

        var prompt = (await olga.GetAsync("/api/v1/prompts"))
            .Items()
            .Single(one => one.Text("name") == "judge-relevance")
            .Id();
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = "Is it polite? 1: rude. 5: polite.", text = "" } },
            System.Net.HttpStatusCode.Created
        );
        await olga.PutAsync($"/api/v1/prompts/{prompt}/labels/production", new { version = 2 });
        await JudgedAsync(olga, dataset, "relevance");
        Assert.Equal(5, VerdictsOf(words));

        await JudgedAsync(olga, dataset, "relevance");
        Assert.Equal(5, VerdictsOf(words));
    }

    [Fact]
    public async Task A_fresh_run_judges_the_same_answer_once_however_often_it_asks()
    {
        const string words = "of the repeated and fresh";
        var olga = await GivenAsync(words, Said);
        var dataset = await olga.DatasetAsync(new { question = $"The notice period, {words}?" });
        await JudgedAsync(olga, dataset, "relevance");
        Assert.Equal(1, VerdictsOf(words));

        var fresh = new
        {
            dataset,
            repeats = 3,
            judging = new { criteria = new[] { "relevance" }, fresh = true },
        };
        await olga.RunAsync(fresh);
        Assert.Equal(2, VerdictsOf(words));

        await olga.RunAsync(fresh);
        Assert.Equal(3, VerdictsOf(words));
    }

    [Fact]
    public async Task A_failure_is_judged_again_and_what_one_organisation_paid_for_is_not_anothers()
    {
        const string words = "of the failing judge";
        var olga = await GivenAsync(words, Said);
        var otto = await GivenAsync(words, Said);
        chancery.Verdicts[words] = _ => new ScriptedReply("5");
        var (hers, his) = (
            await olga.DatasetAsync(new { question = $"The notice period, {words}?" }),
            await otto.DatasetAsync(new { question = $"The notice period, {words}?" })
        );
        var failed = await JudgedAsync(olga, hers, "relevance");
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, Said, 5);

        var healed = await JudgedAsync(olga, hers, "relevance");
        var other = await JudgedAsync(otto, his, "relevance");

        Assert.Null(failed.Mean("judge_relevance"));
        Assert.Equal(1, healed.Mean("judge_relevance"));
        Assert.Equal(1, other.Mean("judge_relevance"));
        Assert.Equal(3, VerdictsOf(words));
    }

    [Fact]
    public async Task After_ninety_days_it_is_asked_again_and_the_night_lets_go_of_it()
    {
        const string words = "of the old";
        var olga = await GivenAsync(words, Said);
        var dataset = await olga.DatasetAsync(new { question = $"The notice period, {words}?" });
        await JudgedAsync(olga, dataset, "relevance");
        await ScalarAsync(
            $"UPDATE eval_judgements SET judged_at = now() - interval '91 days' WHERE tenant_id = '{olga.TenantId}' RETURNING 1"
        );

        await JudgedAsync(olga, dataset, "relevance");
        Assert.Equal(2, VerdictsOf(words));

        await ScalarAsync(
            $"UPDATE eval_judgements SET judged_at = now() - interval '91 days' WHERE tenant_id = '{olga.TenantId}' RETURNING 1"
        );
        await chancery
            .Services.GetServices<TenantJobSchedule>()
            .Single(job => job.Name == "evaluation")
            .Create(chancery.Services)
            .RunAsync(new(olga.TenantId), Cancel);
        Assert.Equal(
            0L,
            await ScalarAsync($"SELECT count(*) FROM eval_judgements WHERE tenant_id = '{olga.TenantId}'")
        );
    }

    private async Task<TestUser> GivenAsync(string words, string said)
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync($"# Terms\n\n{said}.", "terms.md");
        chancery.Scripts[words] = _ => new ScriptedReply($"{said} [1].");
        chancery.Verdicts[words] = request => ScriptedJudge.Verdict(request, said, 4);
        return user;
    }

    private static async Task<JsonElement> JudgedAsync(TestUser user, Guid dataset, params string[] criteria) =>
        await user.RunAsync(
            new { dataset, judging = new { criteria = criteria.Length > 0 ? criteria : ["relevance", "faithfulness"] } }
        );

    private static async Task<IEnumerable<bool>> CachedAsync(TestUser user, JsonElement run) =>
        (await user.ResultsAsync(run.Id())).Select(result =>
            result.Score("judge_relevance").TryGetProperty("cached", out var cached) && cached.GetBoolean()
        );

    private int VerdictsOf(string words) =>
        chancery.Model.ChatRequests.Count(request =>
            ScriptedJudge.IsAsked(request) && request.LastUserMessage.Contains(words, StringComparison.Ordinal)
        );

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
