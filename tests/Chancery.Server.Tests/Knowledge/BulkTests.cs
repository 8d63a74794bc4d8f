using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

public sealed class BulkTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Bulk = "/api/v1/docs/bulk";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deleting_many_hides_them_from_search_at_once_and_the_undo_brings_them_back()
    {
        var user = await chancery.SignUpAsync();
        var one = (await user.ReadyTextAsync("# Herons\n\nHerons wade.")).Id();
        var two = (await user.ReadyTextAsync("# Egrets\n\nEgrets wade too.")).Id();
        var missing = Guid.CreateVersion7();

        var deleted = await user.PostAsync(Bulk, new { action = "delete", ids = new[] { one, missing, two, one } });
        var hidden = await user.SearchAsync("wade");
        var again = await user.PostAsync(Bulk, new { action = "delete", ids = new[] { one } });
        await UndoAsync(user, deleted);
        var back = await user.SearchAsync("wade");

        Assert.Equal([(one, "done"), (missing, "not-found"), (two, "done")], Results(deleted));
        Assert.Equal(2, deleted.GetProperty("changed").GetInt32());
        Assert.Empty(hidden.Results());
        Assert.Equal([(one, "unchanged")], Results(again));
        Assert.Empty(again.GetProperty("undo").EnumerateArray());
        Assert.Equal(2, back.Results().Length);
    }

    [Fact]
    public async Task The_revision_rises_once_and_tells_which_chunks_each_document_lost()
    {
        var user = await chancery.SignUpAsync();
        var one = (await user.ReadyTextAsync("# Herons\n\nHerons wade.")).Id();
        var two = (await user.ReadyTextAsync("# Egrets\n\nEgrets wade too.")).Id();
        var database = chancery.Services.GetRequiredService<TenantDatabase>();

        await user.PostAsync(Bulk, new { action = "delete", ids = new[] { two, one } });

        await using var session = await database.OpenAsync(new TenantId(user.TenantId), Cancel);
        var changes = await session.QueryAsync<(Guid Document, int Removed, bool IsLast)>(
            """
            SELECT c.document_id, cardinality(c.removed), c.revision = r.revision AND c.token = r.token
            FROM knowledge_changes AS c JOIN knowledge_revisions AS r ON r.tenant_id = c.tenant_id
            WHERE c.tenant_id = @tenant AND c.kind = 'deleted'
            ORDER BY c.revision
            """,
            new { tenant = user.TenantId },
            Cancel
        );
        Assert.Equal([(one, 1, false), (two, 1, true)], changes);
    }

    [Fact]
    public async Task Moving_many_remembers_where_each_came_from()
    {
        var user = await chancery.SignUpAsync();
        var first = await CollectionAsync(user, "First");
        var second = await CollectionAsync(user, "Second");
        var one = (await user.UploadAsync("# 1"u8.ToArray(), "1.md", ("collection_id", $"{first}"))).Id();
        var two = (await user.UploadTextAsync("# 2")).Id();
        var home = (await user.GetAsync($"/api/v1/docs/{two}")).GetProperty("collection_id").GetGuid();

        var moved = await user.PostAsync(Bulk, Move(second, one, two));
        var there = await user.GetAsync($"/api/v1/docs?collection_id={second}");
        await UndoAsync(user, moved);
        var nowhere = await user.PostAsync(Bulk, Move(Guid.CreateVersion7(), one), HttpStatusCode.NotFound);

        Assert.Equal(2, there.GetProperty("total").GetInt32());
        Assert.Equal(first, (await user.GetAsync($"/api/v1/docs/{one}")).GetProperty("collection_id").GetGuid());
        Assert.Equal(home, (await user.GetAsync($"/api/v1/docs/{two}")).GetProperty("collection_id").GetGuid());
        Assert.Equal("not-found", nowhere.Text("code"));

        static object Move(Guid collection, params Guid[] ids) =>
            new
            {
                action = "move",
                ids,
                collection_id = collection,
            };
    }

    [Fact]
    public async Task Tagging_many_and_taking_it_back_leaves_the_tags_that_were_there()
    {
        var user = await chancery.SignUpAsync();
        var one = (await user.UploadAsync("# 1"u8.ToArray(), "1.md", ("tags", "law, old"))).Id();
        var two = (await user.UploadTextAsync("# 2")).Id();

        var tagged = await user.PostAsync(Bulk, Tags("tag", "law", "new"));
        Assert.Equal(["law", "old", "new"], await TagsAsync(one));
        Assert.Equal(["law", "new"], await TagsAsync(two));
        await UndoAsync(user, tagged);
        Assert.Equal(["law", "old"], await TagsAsync(one));
        Assert.Empty(await TagsAsync(two));
        var untagged = await user.PostAsync(Bulk, Tags("untag", "law", "nobody has it"));
        Assert.Equal([(one, "done"), (two, "unchanged")], Results(untagged));
        Assert.Equal(["old"], await TagsAsync(one));

        var full = await user.PostAsync(Bulk, Tags("tag", [.. Enumerable.Range(0, 50).Select(i => $"t{i}")]));
        Assert.Equal([(one, "too-many-tags"), (two, "done")], Results(full));

        object Tags(string action, params string[] tags) =>
            new
            {
                action,
                ids = new[] { one, two },
                tags,
            };

        async Task<string[]> TagsAsync(Guid id) =>
            [
                .. (await user.GetAsync($"/api/v1/docs/{id}"))
                    .GetProperty("tags")
                    .EnumerateArray()
                    .Select(tag => tag.GetString()!),
            ];
    }

    [Fact]
    public async Task Processing_many_starts_what_waits_and_leaves_what_is_ready()
    {
        var user = await chancery.SignUpAsync();
        var waiting = (await user.UploadAsync("# Herons"u8.ToArray(), "1.md", ("process", "false"))).Id();
        var ready = (await user.ReadyTextAsync("# Egrets")).Id();
        var deleted = (await user.UploadAsync("# Storks"u8.ToArray(), "3.md", ("process", "false"))).Id();
        await user.Http.DeleteAsync($"/api/v1/docs/{deleted}", Cancel);

        var answer = await user.PostAsync(Bulk, new { action = "process", ids = new[] { waiting, ready, deleted } });
        await user.SettledAsync(waiting);

        Assert.Equal([(waiting, "done"), (ready, "unchanged"), (deleted, "document-deleted")], Results(answer));
        Assert.Empty(answer.GetProperty("undo").EnumerateArray());
    }

    [Fact]
    public async Task Anothers_document_is_the_same_as_a_missing_one_and_stays_as_it_is()
    {
        var owner = await chancery.SignUpAsync();
        var theirs = (await owner.ReadyTextAsync("# Herons\n\nHerons wade.")).Id();
        var user = await chancery.SignUpAsync();

        var answer = await user.PostAsync(Bulk, new { action = "delete", ids = new[] { theirs } });

        Assert.Equal([(theirs, "not-found")], Results(answer));
        Assert.Single((await owner.SearchAsync("wade")).Results());
    }

    [Fact]
    public async Task A_bulk_call_that_makes_no_sense_is_refused()
    {
        var user = await chancery.SignUpAsync();
        var some = new[] { Guid.CreateVersion7() };
        object[] wrong =
        [
            new { action = "burn", ids = some },
            new { ids = some },
            new { action = "delete", ids = Array.Empty<Guid>() },
            new { action = "delete" },
            new { action = "delete", ids = Enumerable.Repeat(0, 201).Select(_ => Guid.CreateVersion7()) },
            new { action = "move", ids = some },
            new { action = "tag", ids = some },
            new
            {
                action = "tag",
                ids = some,
                tags = new[] { "a,b" },
            },
            new
            {
                action = "untag",
                ids = some,
                tags = new[] { " " },
            },
        ];

        foreach (var body in wrong)
        {
            await user.PostAsync(Bulk, body, HttpStatusCode.BadRequest);
        }
    }

    private static async Task UndoAsync(TestUser user, JsonElement answer)
    {
        foreach (var call in answer.GetProperty("undo").EnumerateArray())
        {
            await user.PostAsync(Bulk, call);
        }
    }

    private static async Task<Guid> CollectionAsync(TestUser user, string name) =>
        (await user.PostAsync("/api/v1/collections", new { name }, HttpStatusCode.Created)).Id();

    private static (Guid, string)[] Results(JsonElement answer) =>
        [.. answer.GetProperty("results").EnumerateArray().Select(result => (result.Id(), result.Text("outcome")))];
}
