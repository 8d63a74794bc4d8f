using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Answers;

public sealed class ConversationTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_conversation_holds_its_questions_and_answers_and_is_named_after_the_first()
    {
        var user = await GivenAsync();
        var first = await AskAsync(user, "How long is the notice period?", "mine");
        await AskAsync(user, "And in the first year of work?", "mine");

        var conversation = await user.GetAsync($"/api/v1/conversations/{first.Text("conversation_id")}");

        Assert.Equal("How long is the notice period?", conversation.Text("title"));
        Assert.Equal("mine", conversation.Text("session_id"));
        var messages = conversation.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(["user", "assistant", "user", "assistant"], messages.Select(message => message.Text("role")));
        Assert.Equal(first.Text("answer"), messages[1].Text("content"));
        Assert.Equal(first.Text("message_id"), messages[1].Text("id"));
        Assert.Equal(
            first.GetProperty("citations")[0].GetRawText(),
            messages[1].GetProperty("citations")[0].GetRawText()
        );
    }

    [Fact]
    public async Task Two_people_of_one_tenant_never_meet_under_the_same_session_id()
    {
        var owner = await GivenAsync();
        var colleague = await chancery.InviteAsync(owner, "admin");

        var mine = await AskAsync(owner, "How long is the notice period?", "test");
        var theirs = await AskAsync(colleague, "How long is the notice period?", "test");

        Assert.NotEqual(mine.Text("conversation_id"), theirs.Text("conversation_id"));
        var seen = (await colleague.GetAsync("/api/v1/conversations")).GetProperty("items").EnumerateArray();
        Assert.Equal([theirs.Text("conversation_id")], seen.Select(item => item.Text("id")));
        await AssertMissingAsync(colleague, mine.Text("conversation_id"));
    }

    [Fact]
    public async Task A_conversation_of_another_tenant_is_as_good_as_missing()
    {
        var stranger = await GivenAsync();
        var mine = await AskAsync(await GivenAsync(), "How long is the notice period?", "test");

        await AssertMissingAsync(stranger, mine.Text("conversation_id"));
        await AssertMissingAsync(stranger, Guid.CreateVersion7().ToString());
    }

    [Fact]
    public async Task Concurrent_first_questions_under_one_name_share_a_conversation()
    {
        var user = await GivenAsync();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(i => AskAsync(user, $"How long is the notice period, {i}?", "shared"))
        );

        Assert.Single(answers.Select(answer => answer.Text("conversation_id")).Distinct());
        var conversation = await user.GetAsync($"/api/v1/conversations/{answers[0].Text("conversation_id")}");
        Assert.Equal(12, conversation.GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task Conversations_are_listed_page_by_page_newest_first()
    {
        var user = await GivenAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await AskAsync(user, $"Question {i} about the notice period?", null)).Text("conversation_id"));
        }

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = await user.GetAsync($"/api/v1/conversations?limit=2&cursor={cursor}");
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.Text("id")));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        ids.Reverse();
        Assert.Equal(ids, listed);
        await user.GetAsync("/api/v1/conversations?cursor=nonsense", HttpStatusCode.BadRequest);
        await user.GetAsync("/api/v1/conversations?limit=0", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_renamed_conversation_keeps_its_new_title()
    {
        var user = await GivenAsync();
        var id = (await AskAsync(user, "How long is the notice period?", null)).Text("conversation_id");

        using var response = await user.Http.PatchAsJsonAsync(
            $"/api/v1/conversations/{id}",
            new { title = " Leaving " },
            Cancel
        );
        using var refused = await user.Http.PatchAsJsonAsync($"/api/v1/conversations/{id}", new { title = "" }, Cancel);

        Assert.Equal("Leaving", (await response.ReadAsync(HttpStatusCode.OK)).Text("title"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task A_deleted_conversation_is_gone_and_its_name_is_free_again()
    {
        var user = await GivenAsync();
        var id = (await AskAsync(user, "How long is the notice period?", "again")).Text("conversation_id");

        using var deleted = await user.Http.DeleteAsync($"/api/v1/conversations/{id}", Cancel);
        var next = await AskAsync(user, "How long is the notice period?", "again");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await AssertMissingAsync(user, id);
        Assert.NotEqual(id, next.Text("conversation_id"));
    }

    [Fact]
    public async Task A_reset_conversation_remembers_nothing_of_before()
    {
        var user = await GivenAsync();
        var id = (await AskAsync(user, "How long is the notice period?", "reset")).Text("conversation_id");

        using var reset = await user.Http.PostAsync($"/api/v1/conversations/{id}/reset", null, Cancel);
        await reset.ReadAsync(HttpStatusCode.OK);
        var question = $"And now? {Guid.CreateVersion7()}";
        await user.AskAsync(new { question, session_id = "reset" });

        var told = Assert.Single(chancery.Model.ChatRequests, request => request.LastUserMessage == question);
        Assert.Equal(4, told.Messages.Count);
        var messages = (await user.GetAsync($"/api/v1/conversations/{id}")).GetProperty("messages").EnumerateArray();
        Assert.Equal(
            [false, false, true, true],
            messages.Select(message => message.GetProperty("remembered").GetBoolean())
        );
    }

    [Fact]
    public async Task Earlier_messages_come_page_by_page()
    {
        var user = await GivenAsync();
        var id = "";
        for (var i = 0; i < 3; i++)
        {
            id = (await AskAsync(user, $"Question {i} about the notice period?", "long")).Text("conversation_id");
        }

        var page = await user.GetAsync($"/api/v1/conversations/{id}/messages?limit=4");
        var rest = await user.GetAsync($"/api/v1/conversations/{id}/messages?cursor={page.Text("next_cursor")}");

        Assert.Equal(4, page.GetProperty("items").GetArrayLength());
        Assert.Equal(2, rest.GetProperty("items").GetArrayLength());
        Assert.StartsWith("Question 0", rest.GetProperty("items")[0].Text("content"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retention_lets_go_of_what_nobody_touched_and_of_nothing_of_other_tenants()
    {
        var user = await GivenAsync();
        var other = await GivenAsync();
        var old = (await AskAsync(user, "How long is the notice period?", "old")).Text("conversation_id");
        var fresh = (await AskAsync(user, "How long is the notice period?", "fresh")).Text("conversation_id");
        var foreign = (await AskAsync(other, "How long is the notice period?", "old")).Text("conversation_id");
        await using (
            var age = chancery.Owner.CreateCommand(
                $"UPDATE conversations SET updated_at = now() - interval '31 days' WHERE conversation_id IN ('{old}', '{foreign}')"
            )
        )
        {
            Assert.Equal(2, await age.ExecuteNonQueryAsync(Cancel));
        }

        var retention = chancery.Services.GetRequiredService<ConversationRetention>();
        var expired = await retention.RunAsync(new TenantId(user.TenantId), Cancel);

        Assert.Equal(1, expired);
        await AssertMissingAsync(user, old);
        await user.GetAsync($"/api/v1/conversations/{fresh}");
        await other.GetAsync($"/api/v1/conversations/{foreign}");
    }

    [Fact]
    public async Task A_session_without_its_principal_sees_no_conversation()
    {
        var user = await GivenAsync();
        await AskAsync(user, "How long is the notice period?", "private");

        var database = chancery.Services.GetRequiredService<TenantDatabase>();
        await using var session = await database.OpenAsync(new TenantId(user.TenantId), Cancel);

        Assert.Equal(0, await session.FindAsync<long>("SELECT count(*) FROM conversations", null, Cancel));
        Assert.Equal(0, await session.FindAsync<long>("SELECT count(*) FROM messages", null, Cancel));
    }

    private static async Task AssertMissingAsync(TestUser user, string id)
    {
        var missing = await user.GetAsync($"/api/v1/conversations/{id}", HttpStatusCode.NotFound);
        Assert.Equal("There is no such conversation, or it is not yours to see.", missing.Text("detail"));
        await user.GetAsync($"/api/v1/conversations/{id}/messages", HttpStatusCode.NotFound);
        using var renamed = await user.Http.PatchAsJsonAsync(
            $"/api/v1/conversations/{id}",
            new { title = "x" },
            Cancel
        );
        using var deleted = await user.Http.DeleteAsync($"/api/v1/conversations/{id}", Cancel);
        using var reset = await user.Http.PostAsync($"/api/v1/conversations/{id}/reset", null, Cancel);
        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound],
            new[] { renamed.StatusCode, deleted.StatusCode, reset.StatusCode }
        );
    }

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        return user;
    }

    private static Task<JsonElement> AskAsync(TestUser user, string question, string? session) =>
        user.AskAsync(
            new
            {
                question,
                session_id = session,
                model = AnswerModelId,
            }
        );

    private const string AnswerModelId = "extractive";

    [Fact]
    public async Task Questions_asked_at_once_are_remembered_with_their_own_answers()
    {
        var user = await GivenAsync();
        await AskAsync(user, "How long is the notice period?", "twice");
        var conversations = chancery.Services.GetRequiredService<ConversationStore>();
        var principal = new Principal(
            new TenantId(user.TenantId),
            user.UserId,
            user.UserId,
            null,
            "owner",
            "",
            "",
            "",
            "free"
        );
        var open = await conversations.OpenAsync(principal, "twice", "", withMemory: true, Cancel);
        var start = TimeProvider.System.GetUtcNow().AddSeconds(1);
        await SaveAsync("First?", 0, "First.", 20);
        await SaveAsync("Second?", 10, "Second.", 30);
        await SaveAsync("Third?", 15, "Third.", 25);

        var again = await conversations.OpenAsync(principal, "twice", "", withMemory: true, Cancel);

        Assert.Equal(
            [
                new RememberedPair("First?", "First."),
                new RememberedPair("Second?", "Second."),
                new RememberedPair("Third?", "Third."),
            ],
            again.Memory.Skip(1).OrderBy(pair => pair.Question)
        );

        Task SaveAsync(string question, int askedMs, string answer, int answeredMs) =>
            conversations.SaveAsync(
                principal,
                open,
                new Exchange(
                    question,
                    start.AddMilliseconds(askedMs),
                    Guid.CreateVersion7(start.AddMilliseconds(answeredMs)),
                    answer,
                    start.AddMilliseconds(answeredMs),
                    "answered",
                    AnswerModelId,
                    false,
                    [],
                    [],
                    new { }
                ),
                Cancel
            );
    }

    [Theory]
    [InlineData("How long\0?", null, "question")]
    [InlineData("How long?", "a\0b", "session_id")]
    public async Task A_NUL_is_no_text_and_is_refused(string question, string? session, string field)
    {
        var user = await GivenAsync();

        var problem = await user.AskAsync(
            new
            {
                question,
                session_id = session,
                model = AnswerModelId,
            },
            HttpStatusCode.BadRequest
        );

        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{problem}");
    }
}
