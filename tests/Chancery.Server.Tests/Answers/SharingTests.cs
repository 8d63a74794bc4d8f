using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Answers;

/// <summary>What leaves a conversation: links for colleagues, and files. Over real documents, because they may be deleted.</summary>
public sealed class SharingTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Text = "# Lease\n\nThe rent is due on the first day of each month.\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_colleague_reads_what_was_said_until_then_and_nobody_elsewhere_does()
    {
        var owner = await chancery.SignUpAsync();
        var (conversation, _) = await GivenAsync(owner);
        var colleague = await chancery.InviteAsync(owner, "viewer");
        var stranger = await chancery.SignUpAsync();
        var share = await ShareAsync(owner, conversation);
        await AskAsync(owner, "Is the rent due on the first day?");

        var read = await colleague.GetAsync($"/api/v1/shares/{share.Text("id")}");

        Assert.EndsWith($"/shared/{share.Text("id")}", share.Text("url"), StringComparison.Ordinal);
        Assert.Equal("Olga Owner", read.Text("shared_by"));
        Assert.False(read.GetProperty("is_mine").GetBoolean());
        var turn = Assert.Single(read.GetProperty("turns").EnumerateArray().ToList());
        Assert.Contains("first day", turn.Text("answer"), StringComparison.Ordinal);
        Assert.Contains("first day", turn.GetProperty("citations")[0].Text("quote"), StringComparison.Ordinal);
        Assert.True((await owner.GetAsync($"/api/v1/shares/{share.Text("id")}")).GetProperty("is_mine").GetBoolean());

        var foreign = await stranger.GetAsync($"/api/v1/shares/{share.Text("id")}", HttpStatusCode.NotFound);
        var missing = await stranger.GetAsync($"/api/v1/shares/{Guid.CreateVersion7()}", HttpStatusCode.NotFound);
        Assert.Equal(missing.Text("detail"), foreign.Text("detail"));
        // A reader neither revokes the link nor reaches the conversation behind it.
        await DeleteAsync(colleague, $"/api/v1/shares/{share.Text("id")}", HttpStatusCode.NotFound);
        await colleague.GetAsync($"/api/v1/conversations/{conversation}/shares", HttpStatusCode.NotFound);
        await colleague.GetAsync($"/api/v1/conversations/{conversation}/export", HttpStatusCode.NotFound);

        Assert.Single((await SharesAsync(owner, conversation)).EnumerateArray().ToList());
        await DeleteAsync(owner, $"/api/v1/shares/{share.Text("id")}", HttpStatusCode.NoContent);
        await colleague.GetAsync($"/api/v1/shares/{share.Text("id")}", HttpStatusCode.NotFound);
        Assert.Empty((await SharesAsync(owner, conversation)).EnumerateArray().ToList());
    }

    [Fact]
    public async Task An_answer_is_withheld_with_its_passages_when_the_document_is_gone_and_the_link_goes_with_the_conversation()
    {
        var owner = await chancery.SignUpAsync();
        var (conversation, document) = await GivenAsync(owner);
        var colleague = await chancery.InviteAsync(owner, "admin");
        var path = $"/api/v1/shares/{(await ShareAsync(owner, conversation)).Text("id")}";

        await DeleteAsync(owner, $"/api/v1/docs/{document}", null);
        var withheld = (await colleague.GetAsync(path)).GetProperty("turns")[0];
        Assert.True(withheld.GetProperty("withheld").GetBoolean());
        Assert.DoesNotContain("first day", withheld.GetRawText(), StringComparison.Ordinal);
        using (await owner.Http.PostAsync($"/api/v1/docs/{document}/restore", null, Cancel)) { }
        Assert.Contains("first day", (await colleague.GetAsync(path)).GetRawText(), StringComparison.Ordinal);

        await DeleteAsync(owner, $"/api/v1/conversations/{conversation}", HttpStatusCode.NoContent);
        await colleague.GetAsync(path, HttpStatusCode.NotFound);
        using (await owner.Http.PostAsync($"/api/v1/conversations/{conversation}/restore", null, Cancel)) { }
        await colleague.GetAsync(path);
        // Whoever manages members may take a colleague's link back.
        await DeleteAsync(colleague, path, HttpStatusCode.NoContent);
        await owner.GetAsync(path, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_conversation_that_is_deleted_while_it_is_shared_leaves_no_link_behind()
    {
        var owner = await chancery.SignUpAsync();
        for (var round = 0; round < 10; round++)
        {
            var (conversation, _) = await GivenAsync(owner);
            var sharing = owner.Http.PostAsync($"/api/v1/conversations/{conversation}/shares", null, Cancel);
            var deleting = owner.Http.DeleteAsync($"/api/v1/conversations/{conversation}", Cancel);
            using var shared = await sharing;
            using var deleted = await deleting;

            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
            if (shared.StatusCode == HttpStatusCode.Created)
            {
                var share = await shared.Content.ReadFromJsonAsync<JsonElement>(Cancel);
                await owner.GetAsync($"/api/v1/shares/{share.Text("id")}", HttpStatusCode.NotFound);
            }
            else
            {
                Assert.Equal(HttpStatusCode.NotFound, shared.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Two_deleted_conversations_of_one_name_come_back_at_once()
    {
        var owner = await chancery.SignUpAsync();
        var (first, _) = await GivenAsync(owner);
        var name = (await owner.GetAsync($"/api/v1/conversations/{first}")).Text("session_id");
        await DeleteAsync(owner, $"/api/v1/conversations/{first}", HttpStatusCode.NoContent);
        var second = (await owner.AskAsync(new { question = "When is the rent due?", session_id = name })).Text(
            "conversation_id"
        );
        await DeleteAsync(owner, $"/api/v1/conversations/{second}", HttpStatusCode.NoContent);

        var back = await Task.WhenAll(
            new[] { first, second }.Select(id =>
                owner.Http.PostAsync($"/api/v1/conversations/{id}/restore", null, Cancel)
            )
        );

        Assert.All(back, one => Assert.True(one.IsSuccessStatusCode, $"{one.StatusCode}"));
        await owner.GetAsync($"/api/v1/conversations/{first}");
        await owner.GetAsync($"/api/v1/conversations/{second}");
    }

    [Fact]
    public async Task An_exported_conversation_is_whole_and_loads_nothing_from_elsewhere()
    {
        var owner = await chancery.SignUpAsync();
        var (conversation, _) = await GivenAsync(owner);
        await AskAsync(owner, "![x](https://evil.example/a.png) <script>boo</script> rent?");

        using var markdown = await owner.Http.GetAsync($"/api/v1/conversations/{conversation}/export", Cancel);
        var text = await markdown.Content.ReadAsStringAsync(Cancel);
        var json = await owner.GetAsync($"/api/v1/conversations/{conversation}/export?format=json");

        Assert.Equal("text/markdown", markdown.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", markdown.Content.Headers.ContentDisposition?.DispositionType);
        Assert.EndsWith(".md", markdown.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        Assert.Contains("> The rent is due on the first day of each month.", text, StringComparison.Ordinal);
        Assert.Matches(@"\[1\] Lease, [^\n]+, version 1:", text);
        Assert.DoesNotContain("![", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", text, StringComparison.Ordinal);
        Assert.Equal(4, json.GetProperty("messages").GetArrayLength());
        await owner.GetAsync($"/api/v1/conversations/{conversation}/export?format=pdf", HttpStatusCode.BadRequest);
    }

    private static async Task<JsonElement> ShareAsync(TestUser user, string conversation)
    {
        using var shared = await user.Http.PostAsync($"/api/v1/conversations/{conversation}/shares", null, Cancel);
        return await shared.ReadAsync(HttpStatusCode.Created);
    }

    private static async Task<JsonElement> SharesAsync(TestUser user, string conversation) =>
        (await user.GetAsync($"/api/v1/conversations/{conversation}/shares")).GetProperty("items");

    private static async Task DeleteAsync(TestUser user, string path, HttpStatusCode? expected)
    {
        using var deleted = await user.Http.DeleteAsync(path, Cancel);
        Assert.True(deleted.IsSuccessStatusCode || expected is not null, $"{deleted.StatusCode}");
        Assert.Equal(expected ?? deleted.StatusCode, deleted.StatusCode);
    }

    private static Task<JsonElement> AskAsync(TestUser user, string question) =>
        user.AskAsync(
            new
            {
                question,
                session_id = "lease",
                model = "extractive",
            }
        );

    private static async Task<(string Conversation, string Document)> GivenAsync(TestUser owner)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(Text, Encoding.UTF8, "text/markdown"), "file", "lease.md" },
        };
        using var uploaded = await owner.Http.PostAsync("/api/v1/docs", form, Cancel);
        var document = (await uploaded.Content.ReadFromJsonAsync<JsonElement>(Cancel)).Text("id");
        for (var tries = 0; (await owner.GetAsync($"/api/v1/docs/{document}")).Text("state") != "ready"; tries++)
        {
            Assert.True(tries < 600, "The document is not read.");
            await Task.Delay(50, Cancel);
        }

        return ((await AskAsync(owner, "When is the rent due?")).Text("conversation_id"), document);
    }
}
