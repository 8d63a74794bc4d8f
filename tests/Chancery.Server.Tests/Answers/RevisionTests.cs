using System.Net;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

/// <summary>Questions that are asked again, or edited.</summary>
public sealed class RevisionTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edited_question_takes_the_place_of_the_first_which_stays_readable_and_is_not_remembered()
    {
        var user = await GivenAsync();
        var (wrong, right, later) = (Unique("Wrong"), Unique("Right"), Unique("Later"));
        Script(wrong, "The notice period is 30 days in the first year [1].");
        Script(right, "In the first year the notice period is 30 days [1].");
        Script(later, "The notice period is 30 days in the first year of work [1].");
        var first = await user.AskAsync(
            new
            {
                question = wrong,
                session_id = "mine",
                temperature = 0.5,
                tags = new[] { "hr" },
            }
        );
        var question = first.GetProperty("retrieval").Text("question_id");
        Assert.Equal(question, first.GetProperty("retrieval").Text("thread_id"));

        var second = await user.AskAsync(
            new
            {
                question = right,
                session_id = "mine",
                revises = question,
            }
        );
        // The revision of a revision stands at the same place.
        var third = await user.AskAsync(
            new
            {
                question = right,
                session_id = "mine",
                revises = second.GetProperty("retrieval").Text("question_id"),
            }
        );
        await user.AskAsync(new { question = later, session_id = "mine" });

        Assert.Equal(question, third.GetProperty("retrieval").Text("thread_id"));
        var conversation = await user.GetAsync($"/api/v1/conversations/{first.Text("conversation_id")}");
        var messages = conversation.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(
            [wrong, right, right, later],
            messages.Where(message => message.Text("role") == "user").Select(message => message.Text("content"))
        );
        Assert.Equal(2, messages.Select(message => message.Text("thread_id")).Distinct().Count());
        Assert.Equal(question, messages[1].Text("question_id"));
        var asked = messages[0].GetProperty("asked");
        Assert.Equal("hr", asked.GetProperty("tags")[0].GetString());
        Assert.Equal(0.5, asked.GetProperty("temperature").GetDouble());

        // A question that is asked again knows nothing of itself; a later one knows the last answer only.
        var told = chancery.Model.ChatRequests.Where(request => request.LastUserMessage == right).ToList();
        Assert.All(told, request => Assert.Equal(4, request.Messages.Count));
        var last = Assert.Single(chancery.Model.ChatRequests, request => request.LastUserMessage == later);
        Assert.Equal(6, last.Messages.Count);
        Assert.Equal(right, last.Messages[1].Content);
    }

    [Fact]
    public async Task Pages_of_messages_keep_places_together()
    {
        var user = await GivenAsync();
        var ids = new List<string>();
        JsonElement answer = default;
        for (var i = 0; i < 3; i++)
        {
            answer = await AskAsync(user, $"Question {i} about the notice period?", null);
            ids.Add(answer.GetProperty("retrieval").Text("question_id"));
        }

        await AskAsync(user, "Question 0, better, about the notice period?", ids[0]);
        var path = $"/api/v1/conversations/{answer.Text("conversation_id")}/messages?limit=3";
        var read = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await user.GetAsync(path + (cursor is null ? "" : $"&cursor={cursor}"));
            read.InsertRange(0, page.GetProperty("items").EnumerateArray());
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        Assert.Equal(8, read.Select(message => message.Text("id")).Distinct().Count());
        Assert.Equal(
            [ids[0], ids[0], ids[0], ids[0], ids[1], ids[1], ids[2], ids[2]],
            read.Select(message => message.Text("thread_id"))
        );
    }

    [Fact]
    public async Task Only_a_question_of_the_same_conversation_can_be_revised()
    {
        var user = await GivenAsync();
        var stranger = await GivenAsync();
        var mine = await AskAsync(user, "How long is the notice period?", null);
        await AskAsync(stranger, "How long is the notice period?", null);
        var question = mine.GetProperty("retrieval").Text("question_id");

        var foreign = await RefusedAsync(stranger, question, "mine", HttpStatusCode.NotFound);
        var missing = await RefusedAsync(stranger, Guid.CreateVersion7().ToString(), "mine", HttpStatusCode.NotFound);
        Assert.Equal(missing.Text("detail"), foreign.Text("detail"));
        await RefusedAsync(user, mine.Text("message_id"), "mine", HttpStatusCode.NotFound);
        await RefusedAsync(user, question, "another", HttpStatusCode.NotFound);
        await RefusedAsync(user, question, null, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task More_tokens_than_the_model_writes_are_refused()
    {
        var user = await GivenAsync();
        var models = (await user.GetAsync("/api/v1/models")).GetProperty("items");
        var most = models[0].GetProperty("max_output_tokens").GetInt32();

        var problem = await user.AskAsync(new { question = "Hm?", max_tokens = most + 1 }, HttpStatusCode.BadRequest);

        Assert.Contains($"{most}", problem.GetProperty("errors").GetProperty("max_tokens")[0].GetString());
        await user.AskAsync(new { question = "Hm?", max_tokens = most });
    }

    private static Task<JsonElement> RefusedAsync(TestUser user, string id, string? session, HttpStatusCode status) =>
        user.AskAsync(
            new
            {
                question = "Again?",
                session_id = session,
                revises = id,
                model = "extractive",
            },
            status
        );

    private static Task<JsonElement> AskAsync(TestUser user, string question, string? revises) =>
        user.AskAsync(
            new
            {
                question,
                session_id = "mine",
                revises,
                model = "extractive",
            }
        );

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        return user;
    }

    private void Script(string question, string reply) => chancery.Scripts[question] = new ScriptedReply(reply);

    private static string Unique(string word) => $"{word}? {Guid.CreateVersion7()}";
}
