using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing.Models;
using static Chancery.Server.Tests.Evaluation.EvaluationApi;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>Questions that are asked several times, since models do not say the same each time.</summary>
public sealed class RepeatTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scores_are_means_by_question_and_the_spread_between_the_times_is_told()
    {
        const string words = "of the fickle";
        var olga = await chancery.SignUpAsync();
        var asked = 0;
        // Right every second time; the other question is right each time.
        chancery.Scripts[$"first {words}"] = _ => new ScriptedReply(
            Interlocked.Increment(ref asked) % 2 == 1 ? "Sixty days" : "Never"
        );
        chancery.Scripts[$"second {words}"] = _ => new ScriptedReply("Sixty days");
        var run = await olga.RunAsync(
            new
            {
                dataset = await olga.DatasetAsync(Question($"first {words}"), Question($"second {words}")),
                target = await TargetAsync(olga),
                repeats = 4,
            }
        );
        var results = await olga.ResultsAsync(run.Id());

        Assert.Equal(4, chancery.CountOf($"first {words}"));
        Assert.Equal(4, chancery.CountOf($"second {words}"));
        Assert.Equal((4, 2, 2), (Number(run, "repeats"), Number(run, "asked"), Number(run, "total")));
        Assert.Equal([4, 4], results.Select(result => Number(result, "times")));
        Assert.Equal(0.5, results[0].Value("contains_answer"));
        Assert.Equal(1, results[1].Value("contains_answer"));
        // Of 1, 0, 1, 0: the root of a third.
        Assert.Equal(0.57735, results[0].Score("contains_answer").GetProperty("spread").GetDouble(), 4);
        Assert.Equal(0, results[1].Score("contains_answer").GetProperty("spread").GetDouble());
        var mean = run.GetProperty("scores").EnumerateArray().Single(one => one.Text("name") == "contains_answer");
        // Two questions, however often they were asked.
        Assert.Equal((0.75, 2), (mean.GetProperty("mean").GetDouble(), Number(mean, "count")));
        Assert.Equal(0.57735 / 2, mean.GetProperty("spread").GetDouble(), 4);
        Assert.Equal(
            results.Sum(result => result.GetProperty("cost_usd").GetDecimal()),
            run.GetProperty("cost_usd").GetDecimal()
        );
    }

    [Fact]
    public async Task A_label_of_the_first_answer_is_held_against_what_the_judge_said_of_the_first()
    {
        const string words = "of the wavering";
        var olga = await chancery.SignUpAsync();
        var asked = 0;
        chancery.Scripts[words] = _ => new ScriptedReply($"Sixty days, say {Interlocked.Increment(ref asked)} people");
        // Good of the first answer alone: in the mean it is none.
        chancery.Verdicts[words] = request =>
            ScriptedJudge.Verdict(
                request,
                "Sixty days",
                request.LastUserMessage.Contains("say 1 people", StringComparison.Ordinal) ? 5 : 1
            );
        var run = await olga.RunAsync(
            new
            {
                dataset = await olga.DatasetAsync(Question(words)),
                target = await TargetAsync(olga),
                repeats = 3,
                judging = new { criteria = new[] { "relevance" } },
            }
        );
        var result = Assert.Single(await olga.ResultsAsync(run.Id()));
        Assert.Equal(
            1 / 3.0,
            Convert.ToDouble(result.Value("judge_relevance"), System.Globalization.CultureInfo.InvariantCulture),
            3
        );
        using var labelled = await olga.Http.PutAsJsonAsync(
            $"{Runs}/{run.Id()}/results/{result.Text("question_id")}/labels/relevance",
            new { label = "good" },
            Cancel
        );
        Assert.Equal(HttpStatusCode.NoContent, labelled.StatusCode);

        var judge = Assert.Single(
            (await olga.GetAsync($"{Runs}/{run.Id()}/calibration")).GetProperty("criteria").EnumerateArray()
        );

        Assert.Equal(1, judge.GetProperty("agreement").GetDouble());
        Assert.Equal(0, Number(judge, "falsely_bad"));
    }

    [Fact]
    public async Task A_run_whose_worker_died_between_the_times_goes_on_and_pays_none_twice()
    {
        const string words = "of the killed between";
        var olga = await chancery.SignUpAsync();
        var (held, free, asked) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        chancery.Scripts[words] = _ =>
        {
            if (Interlocked.Increment(ref asked) != 3)
            {
                return new ScriptedReply("Sixty days");
            }

            held.TrySetResult();
            return new ScriptedReply("Sixty days") { Held = free.Task };
        };
        var id = await olga.StartAsync(
            new
            {
                dataset = await olga.DatasetAsync(Question(words)),
                target = await TargetAsync(olga),
                repeats = 4,
            }
        );
        await held.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        // As after a kill: somebody else takes the work over.
        await using (
            var command = chancery.Owner.CreateCommand(
                $"UPDATE work_items SET lease_owner = 'another', lease_until = now() + interval '1 s' WHERE tenant_id = '{olga.TenantId}' AND kind = 'eval-run'"
            )
        )
        {
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
        }

        free.SetResult();
        var run = await olga.EndedAsync(id);

        // Two with a result, the third twice, the fourth.
        Assert.Equal(5, asked);
        var result = Assert.Single(await olga.ResultsAsync(id));
        Assert.Equal(4, Number(result, "times"));
        Assert.Equal(result.GetProperty("cost_usd").GetDecimal(), run.GetProperty("cost_usd").GetDecimal());
        Assert.Equal((1, 1, 0), (Number(run, "asked"), Number(run, "total"), Number(run, "failed")));
    }

    [Fact]
    public async Task The_cap_holds_between_the_times_and_a_time_that_failed_is_no_zero()
    {
        const string words = "of the capped times";
        var olga = await chancery.SignUpAsync();
        var asked = 0;
        chancery.Scripts[words] = _ =>
            Interlocked.Increment(ref asked) == 2 ? ScriptedReply.Failing(500) : new ScriptedReply("Sixty days");
        var dataset = await olga.DatasetAsync(Question(words));
        var target = await TargetAsync(olga);

        var whole = await olga.RunAsync(
            new
            {
                dataset,
                target,
                repeats = 3,
            }
        );
        var capped = await olga.RunAsync(
            new
            {
                dataset,
                target,
                repeats = 10,
                cost_cap_usd = whole.GetProperty("cost_usd").GetDecimal(),
            },
            "over_cap"
        );

        Assert.Equal(1, whole.Mean("contains_answer"));
        Assert.Equal(1, Number(whole, "failed"));
        Assert.InRange(Number(Assert.Single(await olga.ResultsAsync(capped.Id())), "times"), 1, 3);
        Assert.Equal(1, capped.Mean("contains_answer"));
        await olga.PostAsync(Runs, new { dataset, repeats = 11 }, HttpStatusCode.BadRequest);
        await olga.PostAsync(Runs, new { dataset, repeats = 0 }, HttpStatusCode.BadRequest);
    }

    private static object Question(string words) =>
        new { question = $"How long is the notice period, {words}?", expected_answers = new[] { "sixty days" } };

    private static async Task<object> TargetAsync(Chancery.Testing.TestUser olga) =>
        new
        {
            kind = "prompt",
            prompt = await olga.PromptAsync("Be right.", $"Repeated {Guid.CreateVersion7():n}"),
            prompt_version = 1,
        };

    private static int Number(System.Text.Json.JsonElement of, string name) => of.GetProperty(name).GetInt32();
}
