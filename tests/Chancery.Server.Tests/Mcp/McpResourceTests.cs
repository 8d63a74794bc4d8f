using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp;

/// <summary>Documents as resources: which are listed, and what is read of them.</summary>
public sealed class McpResourceTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_documents_that_are_ready_and_that_the_caller_may_read_are_listed()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "viewer");
        var ready = (await olga.ReadyTextAsync("The avocet sweeps.", "avocet.txt")).Id();
        var waiting = (
            await olga.UploadAsync("The curlew waits."u8.ToArray(), "curlew.txt", ("process", "false"))
        ).Id();
        var deleted = (await olga.ReadyTextAsync("The godwit left.", "godwit.txt")).Id();
        using (var gone = await olga.Http.DeleteAsync($"/api/v1/docs/{deleted}", Cancel))
        {
            Assert.True(gone.IsSuccessStatusCode);
        }

        var hidden = (await olga.ReadyTextAsync("The stint hides.", "stint.txt")).Id();
        using (
            var restricted = await olga.Http.PutAsync(
                $"/api/v1/docs/{hidden}/access",
                JsonBody(new { readers = new[] { olga.UserId } }),
                Cancel
            )
        )
        {
            Assert.True(restricted.IsSuccessStatusCode, await restricted.Content.ReadAsStringAsync(Cancel));
        }

        var mine = await ListedAsync(olga);
        var his = await ListedAsync(eddie);

        Assert.Equal([Uri(ready), Uri(hidden)], mine.Order().ToArray(), StringComparer.Ordinal);
        Assert.Equal([Uri(ready)], his);
        foreach (var id in new[] { waiting, deleted })
        {
            var (_, message) = await ReadRefusedAsync(olga, Uri(id));
            Assert.NotEmpty(message);
        }

        var (code, unseen) = await ReadRefusedAsync(eddie, Uri(hidden));
        var (missingCode, missing) = await ReadRefusedAsync(eddie, Uri(Guid.CreateVersion7()));
        Assert.Equal((missingCode, missing), (code, unseen));
    }

    [Fact]
    public async Task A_long_list_goes_by_pages_and_each_document_is_in_it_once()
    {
        const int count = 53;
        var olga = await chancery.SignUpAsync();
        var ids = new List<string>();
        foreach (var number in Enumerable.Range(1, count))
        {
            ids.Add(Uri((await olga.UploadTextAsync($"Plover number {number}.", $"plover-{number}.txt")).Id()));
        }

        foreach (var uri in ids)
        {
            await olga.SettledAsync(Guid.Parse(uri[(uri.LastIndexOf('/') + 1)..]));
        }

        var first = await chancery.ResultAsync(olga.AccessToken, "resources/list");
        var second = await chancery.ResultAsync(
            olga.AccessToken,
            "resources/list",
            new JsonObject { ["cursor"] = first.Text("nextCursor") }
        );

        Assert.Equal(50, first.GetProperty("resources").GetArrayLength());
        Assert.False(second.TryGetProperty("nextCursor", out _));
        Assert.Equal(ids.Order(), UrisOf(first).Concat(UrisOf(second)).Order());
    }

    [Fact]
    public async Task Text_is_read_whole_or_page_by_page_at_the_addresses_that_the_templates_give()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.ReadyTextAsync("The lapwing calls.", "lapwing.txt")).Id();

        var templates = await chancery.ResultAsync(olga.AccessToken, "resources/templates/list");
        var whole = await ReadAsync(olga, Uri(id));
        var page = await ReadAsync(olga, $"{Uri(id)}/pages/1");

        Assert.Equal(
            ["chancery://documents/{id}", "chancery://documents/{id}/pages/{page}"],
            templates
                .GetProperty("resourceTemplates")
                .EnumerateArray()
                .Select(template => template.Text("uriTemplate"))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal($"{Uri(id)}/pages/1", whole[0].Text("uri"));
        Assert.Contains("The lapwing calls.", whole[0].Text("text"), StringComparison.Ordinal);
        Assert.Equal(whole[0].GetRawText(), Assert.Single(page).GetRawText());
    }

    [Fact]
    public async Task What_is_read_may_be_kept_by_its_reader_only()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.ReadyTextAsync("The redshank.", "redshank.txt")).Id();

        var listed = await chancery.ResultAsync(olga.AccessToken, "resources/list");
        var read = await chancery.ResultAsync(olga.AccessToken, "resources/read", new JsonObject { ["uri"] = Uri(id) });

        Assert.Equal("private", listed.Text("cacheScope"));
        Assert.Equal("private", read.Text("cacheScope"));
    }

    private static string Uri(Guid id) => $"chancery://documents/{id}";

    private static StringContent JsonBody(object body) =>
        new(JsonSerializer.Serialize(body, ChanceryFixture.Json), System.Text.Encoding.UTF8, "application/json");

    private static IEnumerable<string> UrisOf(JsonElement listed) =>
        listed.GetProperty("resources").EnumerateArray().Select(resource => resource.Text("uri"));

    private async Task<IReadOnlyList<string>> ListedAsync(TestUser user) =>
        [.. UrisOf(await chancery.ResultAsync(user.AccessToken, "resources/list"))];

    private async Task<JsonElement[]> ReadAsync(TestUser user, string uri) =>
        [
            .. (await chancery.ResultAsync(user.AccessToken, "resources/read", new JsonObject { ["uri"] = uri }))
                .GetProperty("contents")
                .EnumerateArray(),
        ];

    private Task<(int Code, string Message)> ReadRefusedAsync(TestUser user, string uri) =>
        chancery.RefusalAsync(user.AccessToken, "resources/read", new JsonObject { ["uri"] = uri });
}
