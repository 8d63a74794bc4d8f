using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Answers;

/// <summary>Thumbs up and down for answers.</summary>
public sealed class AnswerFeedbackTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Thumbs_stand_with_the_answer_are_changed_and_taken_back()
    {
        var user = await GivenAsync();
        var answer = await AskAsync(user, "extractive");
        Assert.Null(await FeedbackAsync(user, answer));

        var given = await user.PutAsync(Of(answer), new { rating = "down", comment = "  Which year?  " });
        var read = await FeedbackAsync(user, answer);
        await user.PutAsync(Of(answer), new { rating = "up" });
        var changed = await FeedbackAsync(user, answer);
        using var taken = await user.Http.DeleteAsync(Of(answer), Cancel);
        using var again = await user.Http.DeleteAsync(Of(answer), Cancel);

        Assert.Equal(("down", "Which year?"), (given.Text("rating"), given.Text("comment")));
        Assert.Equal(given.GetRawText(), read?.GetRawText());
        Assert.Equal("up", changed?.Text("rating"));
        Assert.False(changed?.TryGetProperty("comment", out _));
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (taken.StatusCode, again.StatusCode));
        Assert.Null(await FeedbackAsync(user, answer));
    }

    [Fact]
    public async Task What_is_shared_becomes_a_question_of_a_dataset_and_what_is_taken_back_does_not()
    {
        var user = await GivenAsync();
        var viewer = await chancery.InviteAsync(user, "viewer");
        var good = await AskAsync(user, "extractive");
        var bad = await AskAsync(user, "extractive");
        var kept = await AskAsync(user, "extractive");
        await user.PutAsync(Of(good), new { rating = "up", share = true });
        await user.PutAsync(
            Of(bad),
            new
            {
                rating = "down",
                comment = "No.",
                share = true,
            }
        );
        await user.PutAsync(Of(kept), new { rating = "up", share = true });
        await user.PutAsync(Of(kept), new { rating = "up" });
        Assert.True((await FeedbackAsync(user, good))?.GetProperty("shared").GetBoolean());
        var made = await user.PostAsync("/api/v1/eval/datasets", new { name = "Grown" }, HttpStatusCode.Created);

        var shared = (await user.GetAsync("/api/v1/eval/shared-answers"))
            .GetProperty("items")
            .EnumerateArray()
            .ToArray();
        using var hidden = await viewer.Http.GetAsync("/api/v1/eval/shared-answers", Cancel);
        var grown = await user.PostAsync(
            $"/api/v1/eval/datasets/{made.Id()}/questions/shared",
            new { answers = shared.Select(one => one.Id()) },
            HttpStatusCode.Created
        );
        await user.PostAsync(
            $"/api/v1/eval/datasets/{made.Id()}/questions/shared",
            new { answers = shared.Select(one => one.Id()) },
            HttpStatusCode.NotFound
        );

        Assert.Equal(["down", "up"], shared.Select(one => one.Text("rating")));
        Assert.Equal("No.", shared[0].Text("comment"));
        Assert.DoesNotContain(user.Email, shared[0].GetRawText(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, hidden.StatusCode);
        Assert.Equal(2, grown.GetProperty("questions").GetInt32());
        var questions = (await user.GetAsync($"/api/v1/eval/datasets/{made.Id()}/questions"))
            .GetProperty("items")
            .EnumerateArray()
            .ToArray();
        Assert.Contains(
            "30 days",
            questions[0].GetProperty("expected_answers")[0].GetString(),
            StringComparison.Ordinal
        );
        Assert.NotEmpty(questions[0].GetProperty("expected_places").EnumerateArray());
        Assert.Empty(questions[1].GetProperty("expected_answers").EnumerateArray());
        Assert.Empty((await user.GetAsync("/api/v1/eval/shared-answers")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Nobody_rates_what_is_not_an_answer_of_their_own()
    {
        var user = await GivenAsync();
        var answer = await AskAsync(user, "extractive");
        var conversation = answer.Text("conversation_id");
        var question = answer.GetProperty("retrieval").Text("question_id");
        var other = await AskAsync(user, "extractive");

        foreach (var stranger in new[] { await GivenAsync(), await chancery.InviteAsync(user, "admin") })
        {
            await stranger.PutAsync(Of(answer), new { rating = "up" }, HttpStatusCode.NotFound);
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.Http.DeleteAsync(Of(answer), Cancel)).StatusCode);
        }

        await user.PutAsync(Of(conversation, question), new { rating = "up" }, HttpStatusCode.NotFound);
        await user.PutAsync(Of(conversation, other.Text("message_id")), new { rating = "up" }, HttpStatusCode.NotFound);
        await user.PutAsync(Of(answer), new { rating = "sideways" }, HttpStatusCode.BadRequest);
        await user.PutAsync(Of(answer), new { rating = "up", comment = "a\0b" }, HttpStatusCode.BadRequest);
        await user.PutAsync(
            Of(answer),
            new { rating = "up", comment = new string('x', 2001) },
            HttpStatusCode.BadRequest
        );
        Assert.Null(await FeedbackAsync(user, answer));
        await user.Http.DeleteAsync($"/api/v1/conversations/{conversation}", Cancel);
        await user.PutAsync(Of(answer), new { rating = "up" }, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Thumbs_reach_the_rollout_of_the_version_that_made_the_answer_once()
    {
        var user = await GivenAsync();
        var (prompt, rollout) = await RollOutAsync(user);
        var answer = await AskAsync(user, "scripted");

        await user.PutAsync(Of(answer), new { rating = "down" });
        await LookAsync(user, rollout);
        // The rollout has seen it: what is thought of it later does not count again.
        await user.PutAsync(Of(answer), new { rating = "up" });
        await LookAsync(user, rollout);

        var run = Assert.Single(
            (await user.GetAsync($"/api/v1/prompts/{prompt}/runs")).GetProperty("items").EnumerateArray()
        );
        Assert.Equal(answer.Text("message_id"), run.Text("id"));
        Assert.Equal("up", run.Text("rating"));
        var seen = await user.GetAsync($"/api/v1/prompts/{prompt}/rollout");
        var arm = seen.GetProperty(run.Text("arm"));
        var thumbs = arm.GetProperty("metrics")
            .EnumerateArray()
            .Single(metric => metric.Text("metric") == "thumbs_down");
        Assert.Equal((1, 1), (thumbs.GetProperty("observed").GetInt32(), thumbs.GetProperty("bad").GetInt32()));
    }

    [Fact]
    public async Task Answers_that_the_passages_do_not_support_are_judged_low_in_the_rollout_of_their_version()
    {
        var user = await GivenAsync();
        var (prompt, rollout) = await RollOutAsync(user);
        await AskAsync(user, "scripted");
        await AskAsync(user, "scripted", "That is not in your documents.");
        await AskAsync(user, "scripted", "Bananas ripen on the ferry to Gatonia while everybody sings [1].");

        var runs = (await user.GetAsync($"/api/v1/prompts/{prompt}/runs")).GetProperty("items").EnumerateArray();
        Assert.Equal([0, 0, 1], runs.Select(run => run.GetProperty("score").GetDouble()).Order());
        // The server looks by itself, too; whoever comes second finds nothing to count.
        var (observed, bad) = (0, 0);
        for (var i = 0; i < 100 && observed < 3; i++)
        {
            await LookAsync(user, rollout);
            var seen = await user.GetAsync($"/api/v1/prompts/{prompt}/rollout");
            var judged = new[] { "control", "treatment" }
                .SelectMany(arm => seen.GetProperty(arm).GetProperty("metrics").EnumerateArray())
                .Where(metric => metric.Text("metric") == "low_judgement")
                .ToList();
            observed = judged.Sum(metric => metric.GetProperty("observed").GetInt32());
            bad = judged.Sum(metric => metric.GetProperty("bad").GetInt32());
        }

        Assert.Equal((3, 2), (observed, bad));
    }

    [Fact]
    public async Task What_was_found_and_did_not_fit_into_what_the_model_was_shown_supports_nothing()
    {
        const string hidden = "Lighthouse keepers receive a lamp allowance every winter.";
        var user = await GivenAsync();
        var filling = string.Concat(Enumerable.Range(0, 1500).Select(i => $"clause{i} "));
        chancery.Passages.Of(user.TenantId, Notice, filling, hidden);
        var (prompt, _) = await RollOutAsync(user);

        await AskAsync(user, "scripted", $"The notice period is 30 days in the first year [1]. {hidden}");

        var told = chancery.Model.ChatRequests.Last(request =>
            request.Prompt.Contains(Notice, StringComparison.Ordinal)
            && request.LastUserMessage.StartsWith("How long is the notice period?", StringComparison.Ordinal)
        );
        Assert.DoesNotContain("Lighthouse", told.Prompt, StringComparison.Ordinal);
        var run = (await user.GetAsync($"/api/v1/prompts/{prompt}/runs")).Items().Single();
        Assert.Equal(0.5, run.GetProperty("score").GetDouble());
    }

    /// <summary>A version of the product's prompt for answers, which half of the conversations get.</summary>
    private static async Task<(string Prompt, JsonElement Rollout)> RollOutAsync(TestUser user)
    {
        var prompt = (await user.GetAsync("/api/v1/prompts"))
            .GetProperty("items")
            .EnumerateArray()
            .Single(one => one.Text("name") == "answer")
            .Text("id");
        await user.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = "Answer shortly from what stands between {{boundary}}.", text = "" } },
            HttpStatusCode.Created
        );
        return (
            prompt,
            await user.PostAsync(
                $"/api/v1/prompts/{prompt}/rollout",
                new
                {
                    version = 2,
                    stages = new[]
                    {
                        new
                        {
                            percent = 50,
                            min_uses = 1000,
                            min_hours = 10,
                            max_hours = 24,
                        },
                        new
                        {
                            percent = 100,
                            min_uses = 0,
                            min_hours = 0,
                            max_hours = 24,
                        },
                    },
                },
                HttpStatusCode.Created
            )
        );
    }

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        return user;
    }

    private async Task<JsonElement> AskAsync(
        TestUser user,
        string model,
        string said = "The notice period is 30 days in the first year [1]."
    )
    {
        var question = $"How long is the notice period? {Guid.CreateVersion7():n}";
        chancery.Scripts[question] = new ScriptedReply(said);
        return await user.AskAsync(new { question, model });
    }

    private static string Of(JsonElement answer) => Of(answer.Text("conversation_id"), answer.Text("message_id"));

    private static string Of(string conversation, string message) =>
        $"/api/v1/conversations/{conversation}/messages/{message}/feedback";

    /// <summary>As the conversation shows it; null for none.</summary>
    private static async Task<JsonElement?> FeedbackAsync(TestUser user, JsonElement answer)
    {
        var conversation = await user.GetAsync($"/api/v1/conversations/{answer.Text("conversation_id")}");
        return conversation
            .GetProperty("messages")
            .EnumerateArray()
            .Single(message => message.Text("id") == answer.Text("message_id"))
            .TryGetProperty("feedback", out var feedback)
            ? feedback
            : null;
    }

    private Task LookAsync(TestUser user, JsonElement rollout) =>
        chancery
            .Services.GetRequiredService<RolloutSteps>()
            .LookAsync(new TenantId(user.TenantId), Guid.Parse(rollout.Text("id")), Cancel);
}
