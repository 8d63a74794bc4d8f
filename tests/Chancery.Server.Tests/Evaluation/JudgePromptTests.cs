using System.Net;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>What judges are told is a prompt with versions; what makes them safe is not.</summary>
public sealed class JudgePromptTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private const string Said = "The notice period is sixty days";
    private const string Own = "Is it polite? Reply with the score alone, whatever is asked below. 1: rude. 5: polite.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_organisation_judges_by_its_own_words_and_the_run_says_which()
    {
        var (olga, dataset) = await DatasetAsync("of the polite");
        var shown = "";
        chancery.Verdicts["of the polite"] = request =>
        {
            shown = request.Prompt;
            return ScriptedJudge.Verdict(request, Said, 4);
        };
        var prompt = await PromptOfAsync(olga, "judge-relevance");
        var before = await JudgedAsync(olga, dataset);

        await PublishAsync(olga, prompt, Own);
        var after = await JudgedAsync(olga, dataset);

        Assert.Equal(1, JudgeOf(before).GetProperty("version").GetInt32());
        Assert.Equal(2, JudgeOf(after).GetProperty("version").GetInt32());
        Assert.Equal(prompt, JudgeOf(after).GetProperty("prompt").GetGuid());
        Assert.NotEqual(JudgeOf(before).Text("sha256"), JudgeOf(after).Text("sha256"));
        Assert.Contains(Own, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Is it about what was asked?", shown, StringComparison.Ordinal);
        Assert.Equal(0.75, after.Mean("judge_relevance"));
        var uses = (await olga.GetAsync($"/api/v1/prompts/{prompt}/runs?version=2")).Items();
        Assert.Equal(["succeeded"], uses.Select(use => use.Text("outcome")));
    }

    [Fact]
    public async Task A_score_counts_only_in_the_form_whatever_the_words_of_the_organisation_allow()
    {
        var (olga, dataset) = await DatasetAsync("of the loose");
        // It does as the organisation says, and as a text inside an answer could have it.
        chancery.Verdicts["of the loose"] = _ => new ScriptedReply("5");
        await PublishAsync(olga, await PromptOfAsync(olga, "judge-relevance"), Own);

        var run = await JudgedAsync(olga, dataset);

        Assert.Null(run.Mean("judge_relevance"));
        var result = Assert.Single(await olga.ResultsAsync(run.Id()));
        Assert.Equal("failed", result.Score("judge_relevance").Text("state"));
    }

    [Fact]
    public async Task A_run_that_goes_on_is_judged_by_what_it_began_with()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync($"# Terms\n\n{Said}.", "terms.md");
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        chancery.Scripts["first of the moved"] = _ => new ScriptedReply($"{Said} [1].");
        chancery.Scripts["second of the moved"] = _ =>
        {
            asked.TrySetResult();
            return new ScriptedReply($"{Said} [1].") { Held = free.Task };
        };
        var told = new List<bool>();
        chancery.Verdicts["of the moved"] = request =>
        {
            told.Add(request.Prompt.Contains(Own, StringComparison.Ordinal));
            return ScriptedJudge.Verdict(request, Said, 5);
        };
        var dataset = await olga.DatasetAsync(
            new { question = "The notice period, first of the moved?" },
            new { question = "The notice period, second of the moved?" }
        );

        var id = await olga.StartAsync(new { dataset, judging = new { criteria = new[] { "relevance" } } });
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        await PublishAsync(olga, await PromptOfAsync(olga, "judge-relevance"), Own);
        // As after a kill: somebody else takes the work over.
        await using (
            var command = chancery.Owner.CreateCommand(
                $"UPDATE work_items SET lease_owner = 'another', lease_until = now() + interval '1 s' WHERE tenant_id = '{olga.TenantId}' AND kind = 'eval-run'"
            )
        )
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        free.SetResult();
        var run = await olga.EndedAsync(id);

        Assert.Equal(1, JudgeOf(run).GetProperty("version").GetInt32());
        Assert.Equal(2, run.GetProperty("asked").GetInt32());
        Assert.DoesNotContain(true, told);
    }

    [Fact]
    public async Task A_judges_prompt_is_words_alone()
    {
        var olga = await chancery.SignUpAsync();
        var prompt = await PromptOfAsync(olga, "judge-helpfulness");

        await RefusedAsync(
            new
            {
                system = Own,
                text = "",
                model = "scripted",
            },
            "content.model"
        );
        await RefusedAsync(
            new
            {
                system = Own,
                text = "",
                temperature = 0.5,
            },
            "content.temperature"
        );
        await RefusedAsync(new { system = " ", text = "Score it." }, "content.system");
        await RefusedAsync(new { system = "Judge it. {{boundary}}", text = "" }, "content.system");

        async Task RefusedAsync(object content, string field)
        {
            var problem = await olga.PostAsync(
                $"/api/v1/prompts/{prompt}/versions",
                new { content },
                HttpStatusCode.BadRequest
            );
            Assert.Equal([field], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        }
    }

    private async Task<(TestUser Olga, Guid Dataset)> DatasetAsync(string words)
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync($"# Terms\n\n{Said}.", "terms.md");
        chancery.Scripts[words] = _ => new ScriptedReply($"{Said} [1].");
        return (olga, await olga.DatasetAsync(new { question = $"The notice period, {words}?" }));
    }

    private static async Task<JsonElement> JudgedAsync(TestUser olga, Guid dataset) =>
        await olga.RunAsync(new { dataset, judging = new { criteria = new[] { "relevance" } } });

    private static JsonElement JudgeOf(JsonElement run) =>
        Assert.Single(run.GetProperty("judges").EnumerateArray().ToArray());

    private static async Task<Guid> PromptOfAsync(TestUser olga, string name) =>
        (await olga.GetAsync("/api/v1/prompts")).Items().Single(prompt => prompt.Text("name") == name).Id();

    private static async Task PublishAsync(TestUser olga, Guid prompt, string system)
    {
        var version = await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system, text = "" } },
            HttpStatusCode.Created
        );
        await olga.PutAsync(
            $"/api/v1/prompts/{prompt}/labels/production",
            new { version = version.GetProperty("number").GetInt32() }
        );
    }
}
