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
        var open = await conversations.OpenAsync(principal, "twice", "", null, withMemory: true, Cancel);
        var start = TimeProvider.System.GetUtcNow().AddSeconds(1);
        await SaveAsync("First?", 0, "First.", 20);
        await SaveAsync("Second?", 10, "Second.", 30);
        await SaveAsync("Third?", 15, "Third.", 25);

        var again = await conversations.OpenAsync(principal, "twice", "", null, withMemory: true, Cancel);

        Assert.Equal(
            [
                new RememberedPair("First?", "First."),
                new RememberedPair("Second?", "Second."),
                new RememberedPair("Third?", "Third."),
            ],
            again.Memory.Skip(1).Select(pair => pair with { ThreadId = null }).OrderBy(pair => pair.Question)
        );

        Task SaveAsync(string question, int askedMs, string answer, int answeredMs)
        {
            var id = Guid.CreateVersion7(start.AddMilliseconds(askedMs));
            return conversations.SaveAsync(
                principal,
                open,
                new Exchange(
                    id,
                    id,
                    new Asked(null, null, null, null, null),
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
    }

    [Fact]
    public async Task Words_of_a_title_or_a_message_find_a_conversation_and_their_signs_mean_nothing()
    {
        var user = await GivenAsync();
        var notice = (await AskAsync(user, "How long is the notice period?", null)).Text("conversation_id");
        var percent = (await AskAsync(user, "What is 100% of the volcano_tax?", null)).Text("conversation_id");
        var colleague = await chancery.InviteAsync(user, "admin");

        Assert.Equal([notice], await FoundAsync(user, "30 DAYS for"));
        Assert.Equal([percent], await FoundAsync(user, "100%"));
        Assert.Equal([percent], await FoundAsync(user, "volcano_t"));
        Assert.Empty(await FoundAsync(user, "1_0%"));
        Assert.Equal([percent, notice], await FoundAsync(user, "  "));
        Assert.Empty(await FoundAsync(colleague, "notice"));
        var match = (await user.GetAsync("/api/v1/conversations?q=first%20year")).GetProperty("items")[0].Text("match");
        Assert.Contains("first year", match, StringComparison.Ordinal);
        await user.GetAsync($"/api/v1/conversations?q={new string('x', 201)}", HttpStatusCode.BadRequest);

        async Task<IEnumerable<string>> FoundAsync(TestUser by, string words) =>
            (await by.GetAsync($"/api/v1/conversations?q={Uri.EscapeDataString(words)}"))
                .GetProperty("items")
                .EnumerateArray()
                .Select(item => item.Text("id"));
    }

    [Fact]
    public async Task A_deleted_conversation_comes_back_also_when_its_name_was_given_away()
    {
        var user = await GivenAsync();
        var first = (await AskAsync(user, "How long is the notice period?", "hr")).Text("conversation_id");
        using var deleted = await user.Http.DeleteAsync($"/api/v1/conversations/{first}", Cancel);
        var second = (await AskAsync(user, "And the probation?", "hr")).Text("conversation_id");
        Assert.NotEqual(first, second);

        using var restored = await user.Http.PostAsync($"/api/v1/conversations/{first}/restore", null, Cancel);

        var conversation = await restored.ReadAsync(HttpStatusCode.OK);
        Assert.NotEqual("hr", conversation.Text("session_id"));
        Assert.Equal(
            2,
            (await user.GetAsync($"/api/v1/conversations/{first}")).GetProperty("messages").GetArrayLength()
        );
        Assert.Equal("hr", (await user.GetAsync($"/api/v1/conversations/{second}")).Text("session_id"));
    }

    [Fact]
    public async Task An_organisation_that_wants_it_is_rid_of_old_conversations_for_good_and_of_what_was_shared()
    {
        var user = await GivenAsync();
        var other = await GivenAsync();
        var old = (await AskAsync(user, "How long is the notice period?", null)).Text("conversation_id");
        var kept = (await AskAsync(other, "How long is the notice period?", null)).Text("conversation_id");
        using var shared = await user.Http.PostAsync($"/api/v1/conversations/{old}/shares", null, Cancel);
        var share = (await shared.ReadAsync(HttpStatusCode.Created)).Text("id");
        await using (
            var age = chancery.Owner.CreateCommand(
                $"UPDATE conversations SET updated_at = now() - interval '8 days' WHERE conversation_id IN ('{old}', '{kept}')"
            )
        )
        {
            Assert.Equal(2, await age.ExecuteNonQueryAsync(Cancel));
        }

        var retention = chancery.Services.GetRequiredService<ConversationRetention>();
        Assert.Equal(0, await retention.EraseAsync(new TenantId(user.TenantId), Cancel));
        using var changed = await user.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { conversation_retention_days = 7 },
            Cancel
        );
        Assert.Equal(
            7,
            (await changed.ReadAsync(HttpStatusCode.OK)).GetProperty("conversation_retention_days").GetInt32()
        );

        Assert.Equal(1, await retention.EraseAsync(new TenantId(user.TenantId), Cancel));
        Assert.Equal(0, await retention.EraseAsync(new TenantId(other.TenantId), Cancel));
        await AssertMissingAsync(user, old);
        await user.GetAsync($"/api/v1/shares/{share}", HttpStatusCode.NotFound);
        using var restore = await user.Http.PostAsync($"/api/v1/conversations/{old}/restore", null, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, restore.StatusCode);
        await other.GetAsync($"/api/v1/conversations/{kept}");
        await using var left = chancery.Owner.CreateCommand(
            $"SELECT count(*) FROM messages WHERE conversation_id = '{old}'"
        );
        Assert.Equal(0L, await left.ExecuteScalarAsync(Cancel));
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
