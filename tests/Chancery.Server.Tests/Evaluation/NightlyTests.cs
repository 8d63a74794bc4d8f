using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using static Chancery.Server.Tests.Evaluation.EvaluationApi;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>Active datasets are asked every night, and what became worse is told.</summary>
public sealed class NightlyTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_active_dataset_is_asked_once_a_night_and_a_fall_goes_to_the_record()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the godwit is sixty days.", "terms.md");
        var answer = "The notice period is sixty days [1].";
        chancery.Scripts["of the night"] = _ => new ScriptedReply(answer);
        var active = await ActiveAsync(olga, "Active", isActive: true);
        await ActiveAsync(olga, "Asleep", isActive: false);

        await NightAsync();
        await NightAsync();
        var first = await olga.EndedAsync(Assert.Single(await RunsAsync(olga)).Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        answer = "Nobody knows.";
        await NightAsync();
        var second = await olga.EndedAsync((await RunsAsync(olga))[0].Id());

        Assert.Equal("nightly", first.Text("origin"));
        Assert.Equal(active, first.GetProperty("dataset_id").GetGuid());
        Assert.Empty(first.GetProperty("regressions").EnumerateArray());
        var worse = second.GetProperty("regressions").EnumerateArray().Select(one => one.Text("name")).ToArray();
        Assert.Contains("contains_answer", worse);
        Assert.Contains("refusal_correct", worse);
        var told = await EventuallyAsync(async () =>
            (await olga.GetAsync("/api/v1/audit?limit=50"))
                .Items()
                .FirstOrDefault(entry => entry.Text("action") == "eval_run.regressed")
        );
        Assert.Equal(second.Id().ToString(), told.GetProperty("subject").Text("id"));
    }

    [Fact]
    public async Task A_night_is_judged_costs_no_more_than_it_may_and_says_where_it_ended()
    {
        const string said = "The notice period is sixty days";
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the godwit is sixty days.", "terms.md");
        chancery.Scripts["of the night"] = _ => new ScriptedReply(said + " [1].");
        chancery.Verdicts["of the night"] = request => ScriptedJudge.Verdict(request, said, 4);
        var dataset = await ActiveAsync(olga, "Judged", isActive: true);
        var path = $"{Datasets}/{dataset}";
        var usual = await olga.GetAsync(path);
        await olga.PatchAsync(path, new { nightly_judging = new { criteria = new[] { "relevance" } } });

        await NightAsync();
        var whole = await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        var cheaper = await olga.PatchAsync(path, new { nightly_cap_usd = 0.5 });
        await NightAsync();
        var capped = await olga.EndedAsync((await RunsAsync(olga))[0].Id(), "over_cap");

        Assert.Equal(5, usual.GetProperty("nightly_cap_usd").GetDecimal());
        Assert.False(usual.TryGetProperty("nightly_judging", out _));
        Assert.Equal(0.75, whole.Mean("judge_relevance"));
        Assert.Equal(5, whole.GetProperty("cost_cap_usd").GetDecimal());
        Assert.False(string.IsNullOrEmpty(whole.GetProperty("judging").Text("model")));
        // The cap is all that was changed.
        Assert.Equal("relevance", cheaper.GetProperty("nightly_judging").GetProperty("criteria")[0].GetString());
        Assert.InRange(capped.GetProperty("asked").GetInt32(), 1, 7);
        Assert.InRange(capped.GetProperty("cost_usd").GetDecimal(), 0.5m, 2m);
        var told = await EventuallyAsync(async () =>
            (await olga.GetAsync("/api/v1/audit?limit=50"))
                .Items()
                .FirstOrDefault(entry => entry.Text("action") == "eval_run.over_cap")
        );
        Assert.Equal(capped.Id().ToString(), told.GetProperty("subject").Text("id"));

        var unjudged = await olga.PatchAsync(path, new { nightly_judging = new { criteria = Array.Empty<string>() } });
        Assert.False(unjudged.TryGetProperty("nightly_judging", out _));
        Assert.Equal(0.5m, unjudged.GetProperty("nightly_cap_usd").GetDecimal());
    }

    [Theory]
    [InlineData("""{"nightly_judging":{"criteria":["beauty"]}}""", "nightly_judging.criteria")]
    [InlineData("""{"nightly":{"kind":"search"},"nightly_judging":{"criteria":["relevance"]}}""", "nightly_judging")]
    [InlineData("""{"nightly_cap_usd":0}""", "nightly_cap_usd")]
    [InlineData("""{"nightly":{"kind":"answer","model":"no-such"}}""", "nightly.model")]
    [InlineData("""{"nightly_judging":{"criteria":["relevance"],"model":"no-such"}}""", "nightly_judging.model")]
    [InlineData("""{"nightly_judging":{"criteria":["relevance"],"model":"extractive"}}""", "nightly_judging.model")]
    public async Task What_a_night_cannot_do_is_refused(string change, string field)
    {
        var olga = await chancery.SignUpAsync();
        var dataset = await olga.DatasetAsync(new { question = "What is said?" });

        var problem = await olga.PatchAsync(
            $"{Datasets}/{dataset}",
            JsonDocument.Parse(change).RootElement,
            HttpStatusCode.BadRequest
        );

        Assert.Equal([field], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task A_night_is_judged_no_more_also_where_what_it_asks_is_gone()
    {
        var olga = await chancery.SignUpAsync();
        var dataset = await olga.DatasetAsync(new { question = "What is said?" });
        var path = $"{Datasets}/{dataset}";
        await olga.PatchAsync(path, new { nightly_judging = new { criteria = new[] { "relevance" } } });
        await ExecuteAsync(
            $$"""UPDATE eval_datasets SET nightly = '{"kind":"answer","model":"gone"}' WHERE dataset_id = '{{dataset}}'"""
        );

        var unjudged = await olga.PatchAsync(path, new { nightly_judging = new { criteria = Array.Empty<string>() } });

        Assert.False(unjudged.TryGetProperty("nightly_judging", out _));
        Assert.Equal("gone", unjudged.GetProperty("nightly").Text("model"));
    }

    [Fact]
    public async Task A_night_that_wants_it_fresh_asks_the_judge_again()
    {
        const string words = "of the fresh night";
        const string said = "The notice period is sixty days";
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the godwit is sixty days.", "terms.md");
        chancery.Scripts[words] = _ => new ScriptedReply(said + " [1].");
        var asked = 0;
        chancery.Verdicts[words] = request =>
        {
            Interlocked.Increment(ref asked);
            return ScriptedJudge.Verdict(request, said, 5);
        };
        var dataset = await olga.DatasetAsync(new { question = $"How long is the notice period {words}?" });
        var path = $"{Datasets}/{dataset}";
        var changed = await olga.PatchAsync(
            path,
            new
            {
                is_active = true,
                nightly_judging = new { criteria = new[] { "relevance" }, fresh = true },
                nightly_cap_usd = 100,
            }
        );
        Assert.True(changed.GetProperty("nightly_judging").GetProperty("fresh").GetBoolean());

        await NightAsync();
        await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        await NightAsync();
        await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        Assert.Equal(2, asked);

        await olga.PatchAsync(path, new { nightly_judging = new { criteria = new[] { "relevance" } } });
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        await NightAsync();
        await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task What_judges_say_is_compared_only_with_a_night_that_was_judged_alike()
    {
        const string said = "The notice period is sixty days";
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the godwit is sixty days.", "terms.md");
        var score = 5;
        chancery.Scripts["of the night"] = _ => new ScriptedReply(said + " [1].");
        chancery.Verdicts["of the night"] = request => ScriptedJudge.Verdict(request, said, score);
        var path = $"{Datasets}/{await ActiveAsync(olga, "Alike", isActive: true)}";
        await olga.PatchAsync(
            path,
            new { nightly_judging = new { criteria = new[] { "relevance" } }, nightly_cap_usd = 100 }
        );

        await NightAsync();
        await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        await olga.PatchAsync(path, new { nightly_judging = new { criteria = new[] { "relevance", "helpfulness" } } });
        score = 3;
        await NightAsync();
        var byMore = await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        // The answers are the same: what was said of them before does not count any more.
        await ExecuteAsync("UPDATE eval_judgements SET judged_at = judged_at - interval '91 days'");
        score = 1;
        await NightAsync();
        var alike = await olga.EndedAsync((await RunsAsync(olga))[0].Id());

        Assert.Empty(byMore.GetProperty("regressions").EnumerateArray());
        Assert.Equal(
            ["judge_relevance", "judge_helpfulness"],
            alike.GetProperty("regressions").EnumerateArray().Select(one => one.Text("name"))
        );
    }

    [Theory]
    [InlineData("eval_run.regressed", 8, 100)]
    [InlineData("eval_run.over_cap", 1, 0.001)]
    public async Task A_night_that_somebody_ended_meanwhile_tells_of_nothing(string action, int held, double cap)
    {
        var words = $"of the night that ended at {held}";
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the godwit is sixty days.", "terms.md");
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        var isSecond = false;
        chancery.Scripts[words] = request =>
        {
            if (!isSecond)
            {
                return new ScriptedReply("The notice period is sixty days [1].");
            }

            if (!request.LastUserMessage.Contains($"number {held} ", StringComparison.Ordinal))
            {
                return new ScriptedReply("Nobody knows.");
            }

            asked.TrySetResult();
            return new ScriptedReply("Nobody knows.") { Held = free.Task };
        };
        var path = $"{Datasets}/{await ActiveAsync(olga, "Ended", isActive: true, words)}";
        await olga.PatchAsync(path, new { nightly_cap_usd = 100 });
        await NightAsync();
        await olga.EndedAsync((await RunsAsync(olga))[0].Id());
        await ExecuteAsync("UPDATE eval_runs SET created_at = created_at - interval '1 day'");
        await olga.PatchAsync(path, new { nightly_cap_usd = cap });
        isSecond = true;

        await NightAsync();
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        var run = (await RunsAsync(olga))[0].Id();
        // While its worker goes on.
        await ExecuteAsync($"UPDATE eval_runs SET state = 'cancelled', ended_at = now() WHERE run_id = '{run}'");
        free.SetResult();
        await EventuallyAsync(async () =>
            await CountAsync(
                $"SELECT count(*) FROM work_items WHERE tenant_id = '{olga.TenantId}' AND kind = 'eval-run' AND state IN ('queued', 'running')"
            ) == 0
                ? await olga.GetAsync($"{Runs}/{run}")
                : default
        );

        var ended = await olga.GetAsync($"{Runs}/{run}");
        Assert.Equal("cancelled", ended.Text("state"));
        Assert.Equal(held, ended.GetProperty("asked").GetInt32());
        Assert.Equal(
            0,
            await CountAsync(
                $"SELECT count(*) FROM (SELECT action, subject_id FROM audit_inbox UNION ALL SELECT action, subject_id FROM audit_entries) AS e WHERE action = '{action}' AND subject_id = '{run}'"
            )
        );
    }

    private static async Task<Guid> ActiveAsync(
        TestUser olga,
        string name,
        bool isActive,
        string words = "of the night"
    ) =>
        (
            await olga.PostAsync(
                Datasets,
                new
                {
                    name,
                    is_active = isActive,
                    questions = Enumerable
                        .Range(1, 8)
                        .Select(number => new
                        {
                            question = $"The godwit's notice period, number {number} {words}?",
                            expected_answers = new[] { "sixty days" },
                        }),
                },
                HttpStatusCode.Created
            )
        ).Id();

    private async Task NightAsync() =>
        Assert.Equal(0, await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("evaluation", Cancel));

    private static async Task<JsonElement[]> RunsAsync(TestUser olga) => (await olga.GetAsync(Runs)).Items();

    private async Task ExecuteAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private static async Task<JsonElement> EventuallyAsync(Func<Task<JsonElement>> look)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await look() is { ValueKind: JsonValueKind.Object } found)
            {
                return found;
            }

            await Task.Delay(50, Cancel);
        }

        throw new TimeoutException("It did not come to that.");
    }
}
