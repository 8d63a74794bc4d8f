using System.Net;
using System.Net.Http.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class DocumentTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_is_walked_page_by_page_without_gaps_or_repeats()
    {
        var user = await chancery.SignUpAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add((await user.UploadTextAsync($"# Number {i}\n\nText {i}.")).Id());
        }

        var seen = new List<Guid>();
        var cursor = "";
        do
        {
            var page = await user.GetAsync($"/api/v1/docs?limit=3&cursor={cursor}");
            seen.AddRange(page.Items().Select(item => item.Id()));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        ids.Reverse();
        Assert.Equal(ids, seen);
    }

    [Fact]
    public async Task Filters_let_through_only_what_they_say()
    {
        var user = await chancery.SignUpAsync();
        var collection = await user.PostAsync("/api/v1/collections", new { name = "Filed" }, HttpStatusCode.Created);
        var tagged = await user.ReadyAsync("# A\n\nAlpha."u8.ToArray(), "alpha_1%.md", ("tags", "red"));
        var filed = await user.ReadyAsync(
            "# B\n\nBeta."u8.ToArray(),
            "beta.md",
            ("collection_id", $"{collection.Id()}")
        );
        var stored = await user.UploadAsync("# C\n\nGamma."u8.ToArray(), "gamma.md", ("process", "false"));

        Assert.Equal([tagged.Id()], await IdsAsync("tag=red"));
        Assert.Equal([filed.Id()], await IdsAsync($"collection_id={collection.Id()}"));
        Assert.Equal([stored.Id()], await IdsAsync("state=stored"));
        Assert.Equal([tagged.Id()], await IdsAsync("q=ALPHA"));
        Assert.Equal([tagged.Id()], await IdsAsync("q=_1%25"));
        Assert.Empty(await IdsAsync("q=b%25a"));
        Assert.Empty(await IdsAsync("deleted=true"));

        async Task<Guid[]> IdsAsync(string query) =>
            [.. (await user.GetAsync($"/api/v1/docs?{query}")).Items().Select(item => item.Id())];
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("cursor=nonsense", "cursor")]
    [InlineData("state=lost", "state")]
    public async Task A_filter_out_of_range_is_400_and_named(string query, string field)
    {
        var user = await chancery.SignUpAsync();

        var problem = await user.GetAsync($"/api/v1/docs?{query}", HttpStatusCode.BadRequest);

        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{problem}");
    }

    [Fact]
    public async Task Another_tenants_document_is_the_same_404_as_a_missing_one_on_every_route()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var theirs = (await other.ReadyTextAsync("# Theirs\n\nTheir text.")).Id();
        string[] gets = ["", "/versions", "/versions/1/content", "/versions/1/pages/1", "/events"];

        foreach (var path in gets)
        {
            var foreign = await user.GetAsync($"/api/v1/docs/{theirs}{path}", HttpStatusCode.NotFound);
            var missing = await user.GetAsync($"/api/v1/docs/{Guid.CreateVersion7()}{path}", HttpStatusCode.NotFound);
            Assert.Equal(missing.Text("detail"), foreign.Text("detail"));
        }

        var change = await user.Http.PatchAsJsonAsync($"/api/v1/docs/{theirs}", new { title = "Mine" }, Cancel);
        var delete = await user.Http.DeleteAsync($"/api/v1/docs/{theirs}", Cancel);
        await user.PostAsync($"/api/v1/docs/{theirs}/restore", expected: HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, change.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, delete.StatusCode);
        Assert.Equal("Theirs", (await other.GetAsync($"/api/v1/docs/{theirs}")).Text("title"));
    }

    [Fact]
    public async Task A_deleted_document_leaves_search_and_lists_at_once_and_comes_back_whole()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyTextAsync("# Birds\n\nThe bittern booms at dusk.")).Id();

        var deleted = await user.Http.DeleteAsync($"/api/v1/docs/{id}", Cancel);
        var hidden = await user.SearchAsync("bittern");
        var listed = await user.GetAsync("/api/v1/docs");
        var bin = await user.GetAsync("/api/v1/docs?deleted=true");
        var refused = await user.Http.PatchAsJsonAsync($"/api/v1/docs/{id}", new { title = "x" }, Cancel);
        var restored = await user.PostAsync($"/api/v1/docs/{id}/restore");
        var found = await user.SearchAsync("bittern");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty(hidden.Results());
        Assert.Empty(listed.Items());
        Assert.Equal(id, Assert.Single(bin.Items()).Id());
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.False(
            restored.TryGetProperty("deleted_at", out var at) && at.ValueKind is not System.Text.Json.JsonValueKind.Null
        );
        Assert.Equal(id, Assert.Single(found.Results()).GetProperty("document_id").GetGuid());
    }

    [Fact]
    public async Task A_new_title_is_found_and_the_old_one_is_not()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyAsync("Plain words only."u8.ToArray(), "kestrel.txt")).Id();
        var before = await user.SearchAsync("kestrel");

        var response = await user.Http.PatchAsJsonAsync($"/api/v1/docs/{id}", new { title = "Osprey" }, Cancel);
        var old = await user.SearchAsync("kestrel");
        var now = await user.SearchAsync("osprey");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Single(before.Results());
        Assert.Empty(old.Results());
        Assert.Equal("Osprey", Assert.Single(now.Results()).Text("title"));
    }

    [Fact]
    public async Task Tags_are_counted_renamed_joined_and_removed_and_search_follows()
    {
        var user = await chancery.SignUpAsync();
        var one = (await user.ReadyAsync("Dipper one."u8.ToArray(), "1.txt", ("tags", "draft,x"))).Id();
        await user.ReadyAsync("Dipper two."u8.ToArray(), "2.txt", ("tags", "final"));

        var renamed = await user.PostAsync("/api/v1/tags/rename", new { from = "draft", to = "final" });
        var tags = await user.GetAsync("/api/v1/tags");
        var removed = await user.Http.DeleteAsync("/api/v1/tags/x", Cancel);
        var filtered = await user.PostAsync("/api/v1/search", new { query = "dipper", tags = new[] { "final" } });
        var gone = await user.PostAsync("/api/v1/search", new { query = "dipper", tags = new[] { "x" } });

        Assert.Equal(1, renamed.GetProperty("documents").GetInt32());
        Assert.Equal(
            ["final:2", "x:1"],
            tags.Items().Select(tag => $"{tag.Text("tag")}:{tag.GetProperty("documents")}")
        );
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(2, filtered.Results().Length);
        Assert.Empty(gone.Results());
        Assert.Equal(
            ["final"],
            (await user.GetAsync($"/api/v1/docs/{one}"))
                .GetProperty("tags")
                .EnumerateArray()
                .Select(tag => tag.GetString())
        );
        await user.PostAsync("/api/v1/tags/rename", new { from = "missing", to = "y" }, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_tag_with_a_slash_is_removed_as_any_other_and_dots_alone_are_no_tag()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyAsync("Dipper."u8.ToArray(), "1.txt", ("tags", "HR/Legal,HR"))).Id();

        var removed = await user.Http.DeleteAsync("/api/v1/tags/HR%2FLegal", Cancel);
        var again = await user.Http.DeleteAsync("/api/v1/tags/HR%2fLegal", Cancel);
        using var dots = await user.Http.PatchAsJsonAsync($"/api/v1/docs/{id}", new { tags = new[] { ".." } }, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, dots.StatusCode);
        var left = (await user.GetAsync("/api/v1/tags")).Items().Select(tag => tag.Text("tag"));
        Assert.Equal(["HR"], left);
    }

    [Fact]
    public async Task A_tag_of_another_tenant_stays_as_it_is()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        await other.UploadAsync("Text."u8.ToArray(), "a.txt", ("tags", "theirs"));

        await user.PostAsync("/api/v1/tags/rename", new { from = "theirs", to = "mine" }, HttpStatusCode.NotFound);

        Assert.Equal("theirs", (await other.GetAsync("/api/v1/tags")).Items().Single().Text("tag"));
    }

    [Fact]
    public async Task Deleting_a_collection_moves_its_documents_to_the_default_one_which_stays()
    {
        var user = await chancery.SignUpAsync();
        var created = await user.PostAsync("/api/v1/collections", new { name = "Old" }, HttpStatusCode.Created);
        var id = (await user.ReadyAsync("Avocet."u8.ToArray(), "a.txt", ("collection_id", $"{created.Id()}"))).Id();
        var all = (await user.GetAsync("/api/v1/collections")).Items();
        var standard = all.Single(item => item.GetProperty("is_default").GetBoolean());

        var deleted = await user.Http.DeleteAsync($"/api/v1/collections/{created.Id()}", Cancel);
        var refused = await user.Http.DeleteAsync($"/api/v1/collections/{standard.Id()}", Cancel);
        var found = await user.PostAsync(
            "/api/v1/search",
            new { query = "avocet", collections = new[] { standard.Id() } }
        );

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal(standard.Id(), (await user.GetAsync($"/api/v1/docs/{id}")).GetProperty("collection_id").GetGuid());
        Assert.Single(found.Results());
        await user.GetAsync($"/api/v1/collections/{created.Id()}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Two_collections_of_one_name_are_a_conflict_within_a_tenant_only()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var mine = await user.PostAsync("/api/v1/collections", new { name = "Leases" }, HttpStatusCode.Created);

        await user.PostAsync("/api/v1/collections", new { name = "leases" }, HttpStatusCode.Conflict);
        await other.PostAsync("/api/v1/collections", new { name = "Leases" }, HttpStatusCode.Created);
        await other.GetAsync($"/api/v1/collections/{mine.Id()}", HttpStatusCode.NotFound);
        await user.PostAsync("/api/v1/collections", new { name = "" }, HttpStatusCode.BadRequest);
        await user.PostAsync("/api/v1/collections", new { name = " \u202E " }, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_viewer_reads_and_does_not_write()
    {
        var owner = await chancery.SignUpAsync();
        var id = (await owner.ReadyTextAsync("# Shared\n\nFor all.")).Id();
        var viewer = await chancery.InviteAsync(owner, "viewer");

        var delete = await viewer.Http.DeleteAsync($"/api/v1/docs/{id}", Cancel);

        await viewer.GetAsync($"/api/v1/docs/{id}");
        Assert.Equal(HttpStatusCode.Forbidden, delete.StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/docs?tag=%00")]
    [InlineData("/api/v1/docs?tag=a%00b&limit=2")]
    public async Task A_NUL_in_a_parameter_is_400(string address)
    {
        var user = await chancery.SignUpAsync();

        var problem = await user.GetAsync(address, HttpStatusCode.BadRequest);

        Assert.Equal("malformed", problem.Text("code"));
    }

    [Fact]
    public async Task A_NUL_in_a_body_is_400()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("The bittern booms.");

        await user.PostAsync("/api/v1/tags/rename", new { from = "a\0", to = "b" }, HttpStatusCode.BadRequest);
        await user.PostAsync(
            "/api/v1/search",
            new { query = "bittern", tags = new[] { "a\0" } },
            HttpStatusCode.BadRequest
        );
    }

    [Fact]
    public async Task Tags_are_listed_page_by_page()
    {
        var user = await chancery.SignUpAsync();
        await user.UploadAsync("# A"u8.ToArray(), "a.md", ("tags", "d,a,Ä b,c,b"));
        var whole = (await user.GetAsync("/api/v1/tags")).Items().Select(item => item.Text("tag")).ToArray();

        var seen = new List<string>();
        var cursor = "";
        do
        {
            var page = await user.GetAsync($"/api/v1/tags?limit=2&cursor={cursor}");
            seen.AddRange(page.Items().Select(item => item.Text("tag")));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        Assert.Equal(5, whole.Length);
        Assert.Equal(whole, seen);
        await user.GetAsync("/api/v1/tags?cursor=*", HttpStatusCode.BadRequest);
        await user.GetAsync("/api/v1/tags?limit=0", HttpStatusCode.BadRequest);
    }
}
