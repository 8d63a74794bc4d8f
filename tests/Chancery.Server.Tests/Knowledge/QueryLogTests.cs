using System.Net;
using System.Text.Json;
using Chancery.Server.Access.Members;
using Chancery.Server.Knowledge.QueryLog;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>What is searched for is written down, for those who may see it, and can be searched for again.</summary>
public sealed class QueryLogTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private const string Route = "/api/v1/queries";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_search_is_written_down_with_its_filters_results_scores_and_times()
    {
        var user = await chancery.SignUpAsync();
        var document = await user.ReadyTextAsync("# Birds\n\nThe curlew probes the mud for worms.");
        await VectorTests.CompleteAsync(user, document.Id());

        var answer = await user.PostAsync(
            "/api/v1/search",
            new
            {
                query = "curlew \0 mud",
                limit = 7,
                threshold = 0.1,
                documents = new[] { document.Id() },
            }
        );
        await user.PostAsync("/api/v1/chat", new { question = "What does the curlew do?", model = "extractive" });
        var logged = Assert.Single((await user.GetAsync(Route)).Items());
        var detail = await user.GetAsync($"{Route}/{logged.Id()}");

        Assert.Equal("curlew \uFFFD mud", logged.Text("query"));
        Assert.Equal("search", logged.Text("source"));
        Assert.Equal("hybrid", logged.Text("mode"));
        Assert.Equal(7, logged.GetProperty("wish").GetProperty("limit").GetInt32());
        Assert.Equal(0.1, logged.GetProperty("wish").GetProperty("threshold").GetDouble());
        Assert.Equal(document.Id(), logged.GetProperty("wish").GetProperty("documents")[0].GetGuid());
        Assert.Equal(user.UserId, logged.GetProperty("user_id").GetGuid());
        Assert.False(logged.TryGetProperty("key_id", out _));
        Assert.Equal(
            logged.Text("engine") == "memory"
                ? ["embedding", "index", "ranking", "texts"]
                : ["embedding", "index", "meaning", "words"],
            logged.GetProperty("stages").EnumerateObject().Select(stage => stage.Name).Order()
        );
        Assert.True(logged.GetProperty("total_ms").GetDouble() > 0);
        var passage = Assert.Single(detail.Results());
        Assert.Equal(answer.Results()[0].GetProperty("chunk_id").GetGuid(), passage.GetProperty("chunk_id").GetGuid());
        Assert.Equal(answer.Results()[0].GetProperty("score").GetDouble(), passage.GetProperty("score").GetDouble());
        Assert.Equal("Birds", passage.Text("title"));
    }

    [Fact]
    public async Task A_colleagues_queries_are_seen_by_owners_and_admins_only()
    {
        var owner = await chancery.SignUpAsync();
        var editor = await chancery.InviteAsync(owner, "editor");
        var admin = await chancery.InviteAsync(owner, "admin");
        await owner.SearchAsync("what the owner looks for");
        await editor.SearchAsync("what the editor looks for");
        var ofOwner = Assert.Single((await owner.GetAsync(Route)).Items()).Id();
        var ofEditor = Assert.Single((await editor.GetAsync(Route)).Items()).Id();

        var refused = await editor.GetAsync($"{Route}?all=true", HttpStatusCode.Forbidden);
        var foreign = await editor.GetAsync($"{Route}/{ofOwner}", HttpStatusCode.NotFound);
        var missing = await editor.GetAsync($"{Route}/{Guid.CreateVersion7()}", HttpStatusCode.NotFound);
        await editor.PostAsync($"{Route}/{ofOwner}/replay", new { }, HttpStatusCode.NotFound);
        await BodyAsync(editor, $"{Route}/{ofOwner}", HttpStatusCode.NotFound);
        await BodyAsync(editor, $"{Route}?all=true", HttpStatusCode.Forbidden);
        var all = await admin.GetAsync($"{Route}?all=true");
        var one = await admin.GetAsync($"{Route}?all=true&user_id={editor.UserId}");

        Assert.Equal("forbidden", refused.Text("code"));
        Assert.Equal(missing.Text("detail"), foreign.Text("detail"));
        Assert.Equal([ofEditor, ofOwner], all.Items().Select(query => query.Id()));
        Assert.Equal([ofEditor], one.Items().Select(query => query.Id()));
        Assert.Empty((await admin.GetAsync(Route)).Items());
        Assert.Equal(ofEditor, (await admin.GetAsync($"{Route}/{ofEditor}")).GetProperty("query").Id());
    }

    [Fact]
    public async Task The_list_is_paged_newest_first_and_holds_what_stands_in_a_query()
    {
        var user = await chancery.SignUpAsync();
        foreach (var query in new[] { "alpha one", "beta", "Alpha two", "100% sure" })
        {
            await user.SearchAsync(query);
        }

        var first = await user.GetAsync($"{Route}?limit=3");
        var second = await user.GetAsync($"{Route}?limit=3&cursor={first.Text("next_cursor")}");
        var alpha = await user.GetAsync($"{Route}?q=alpha");
        var percent = await user.GetAsync($"{Route}?q=%25");

        Assert.Equal(["100% sure", "Alpha two", "beta"], Queries(first));
        Assert.Equal(["alpha one"], Queries(second));
        Assert.Equal(["Alpha two", "alpha one"], Queries(alpha));
        Assert.Equal(["100% sure"], Queries(percent));
        await user.GetAsync($"{Route}?cursor=made-up", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_list_is_narrowed_by_time_engine_mode_and_what_found_nothing()
    {
        var user = await chancery.SignUpAsync();
        var store = chancery.Services.GetRequiredService<QueryStore>();
        var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        var hit = new LoggedPassage(Guid.CreateVersion7(), Guid.CreateVersion7(), 1, 0.5);
        await store.AddAsync(
            new TenantId(user.TenantId),
            [
                Old(user, noon) with
                {
                    Query = "one",
                },
                Old(user, noon.AddMinutes(1)) with
                {
                    Query = "two",
                    Results = [hit],
                },
                Old(user, noon.AddMinutes(2)) with
                {
                    Query = "three",
                    Mode = "hybrid",
                    Engine = "memory",
                },
            ],
            Cancel
        );

        async Task<string> OfAsync(string filter) =>
            string.Join(' ', Queries(await user.GetAsync($"{Route}?{filter}")));

        Assert.Equal("three two", await OfAsync("from=2026-03-01T12:01:00Z"));
        Assert.Equal("one", await OfAsync("to=2026-03-01T12:01:00Z"));
        Assert.Equal("two", await OfAsync("from=2026-03-01T13:01:00%2B01:00&to=2026-03-01T12:02:00Z"));
        Assert.Equal("three", await OfAsync("engine=memory"));
        Assert.Equal("two one", await OfAsync("engine=postgres"));
        Assert.Equal("three", await OfAsync("mode=hybrid"));
        Assert.Equal("three one", await OfAsync("no_hits=true"));
        Assert.Equal("one", await OfAsync("no_hits=true&mode=lexical&q=on"));
        Assert.Equal("", await OfAsync("to=0001-01-01T00:00:00Z"));
        foreach (var wrong in new[] { "engine=redis", "mode=fast", "from=2026-03-02&to=2026-03-01" })
        {
            await user.GetAsync($"{Route}?{wrong}", HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task A_replay_is_made_by_the_engine_that_it_names()
    {
        var user = await chancery.SignUpAsync();
        await ReadyAsync(user, "# Birds\n\nThe curlew probes the mud for worms.");
        await user.SearchAsync("curlew");
        var id = Assert.Single((await user.GetAsync(Route)).Items()).Id();

        var postgres = await user.PostAsync($"{Route}/{id}/replay", new { engine = "postgres" });
        await AccessApi.EventuallyAsync(
            async () =>
                (await user.PostAsync($"{Route}/{id}/replay", new { engine = "memory" }))
                    .GetProperty("after")
                    .Text("engine") == "memory",
            TimeSpan.FromSeconds(30)
        );
        var wrong = await user.PostAsync($"{Route}/{id}/replay", new { engine = "disk" }, HttpStatusCode.BadRequest);

        Assert.Equal("postgres", postgres.GetProperty("after").Text("engine"));
        Assert.Equal(1, postgres.GetProperty("kept").GetInt32());
        Assert.True(wrong.GetProperty("errors").TryGetProperty("engine", out _));
    }

    [Fact]
    public async Task One_query_is_deleted_and_then_all_of_ones_own_and_then_all()
    {
        var owner = await chancery.SignUpAsync();
        var editor = await chancery.InviteAsync(owner, "editor");
        await owner.SearchAsync("of the owner");
        await editor.SearchAsync("one");
        await editor.SearchAsync("two");
        var one = (await editor.GetAsync(Route)).Items()[1];

        await BodyAsync(editor, $"{Route}/{one.Id()}", HttpStatusCode.NoContent);
        await BodyAsync(editor, $"{Route}/{one.Id()}", HttpStatusCode.NotFound);
        var afterOne = await editor.GetAsync(Route);
        await editor.SearchAsync("three, asked a moment before");
        var own = await BodyAsync(editor, Route, HttpStatusCode.OK);
        var left = await owner.GetAsync($"{Route}?all=true");
        var all = await BodyAsync(owner, $"{Route}?all=true", HttpStatusCode.OK);

        Assert.Equal(["two"], Queries(afterOne));
        Assert.Equal(2, own.GetProperty("deleted").GetInt32());
        Assert.Equal(["of the owner"], Queries(left));
        Assert.Equal(1, all.GetProperty("deleted").GetInt32());
        Assert.Empty((await owner.GetAsync($"{Route}?all=true")).Items());
    }

    [Fact]
    public async Task An_organisation_switches_the_log_off_and_on_for_itself()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var before = await user.GetAsync("/api/v1/organization");

        await ChangeAsync(user, new { query_log = false });
        await user.SearchAsync("not written down");
        await other.SearchAsync("written down");
        var off = await user.GetAsync(Route);
        // Other rules leave it as it is.
        var changed = await ChangeAsync(user, new { conversation_retention_days = 90 });
        await ChangeAsync(user, new { query_log = true });
        await user.SearchAsync("written down again");

        Assert.True(before.GetProperty("query_log").GetBoolean());
        Assert.Empty(off.Items());
        Assert.False(changed.GetProperty("query_log").GetBoolean());
        Assert.Equal(90, changed.GetProperty("conversation_retention_days").GetInt32());
        Assert.Equal(["written down"], Queries(await other.GetAsync(Route)));
        Assert.Equal(["written down again"], Queries(await user.GetAsync(Route)));
    }

    [Fact]
    public async Task Old_queries_are_erased_and_young_ones_stay()
    {
        var user = await chancery.SignUpAsync();
        var store = chancery.Services.GetRequiredService<QueryStore>();
        var job = chancery.Services.GetRequiredService<TenantJobRunner>();
        await user.SearchAsync("young");
        await store.AddAsync(
            new TenantId(user.TenantId),
            [Old(user, TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(31))],
            Cancel
        );

        var both = await user.GetAsync(Route);
        Assert.Equal(0, await job.RunAsync("query-log-retention", Cancel));
        var left = await user.GetAsync(Route);

        Assert.Equal(["young", "old"], Queries(both));
        Assert.Equal(["young"], Queries(left));
    }

    [Fact]
    public async Task A_replay_shows_both_lists_and_how_far_each_passage_moved()
    {
        var user = await chancery.SignUpAsync();
        await ReadyAsync(user, "# Birds\n\nThe curlew probes the mud for worms.");
        await ReadyAsync(user, "# Rent\n\nThe tenant pays on the first working day of the month.");
        await user.SearchAsync("which animal looks for food in wet soil");
        var id = Assert.Single((await user.GetAsync(Route)).Items()).Id();
        await ReadyAsync(user, "# Plovers\n\nThis animal looks for food in wet soil, and which one is it? A plover.");

        var now = await user.PostAsync($"{Route}/{id}/replay", new { explain = true, limit = 3 });
        var words = await user.PostAsync($"{Route}/{id}/replay", new { mode = "lexical" });
        var wrong = await user.PostAsync($"{Route}/{id}/replay", new { mode = "fast" }, HttpStatusCode.BadRequest);
        var both = await user.PostAsync(
            $"{Route}/{id}/replay",
            new { threshold = 0.2, no_threshold = true },
            HttpStatusCode.BadRequest
        );

        var then = Assert.Single(now.GetProperty("before").EnumerateArray());
        var changes = now.GetProperty("changes").EnumerateArray().ToArray();
        Assert.Equal("hybrid", now.GetProperty("after").Text("mode"));
        Assert.Equal(3, now.GetProperty("after").GetProperty("wish").GetProperty("limit").GetInt32());
        Assert.True(now.GetProperty("after").Results()[0].TryGetProperty("explain", out _));
        Assert.Equal(2, changes.Length);
        Assert.False(changes[0].TryGetProperty("before", out _));
        Assert.Equal(1, changes[0].GetProperty("after").GetInt32());
        Assert.Equal(then.GetProperty("chunk_id").GetGuid(), changes[1].GetProperty("chunk_id").GetGuid());
        Assert.Equal(-1, changes[1].GetProperty("moved").GetInt32());
        Assert.Equal(1, now.GetProperty("kept").GetInt32());
        Assert.Equal("lexical", words.GetProperty("after").Text("mode"));
        Assert.Contains("as asked", words.GetProperty("after").Text("note"), StringComparison.Ordinal);
        var gone = words.GetProperty("changes").EnumerateArray().Last();
        Assert.Equal(1, gone.GetProperty("before").GetInt32());
        Assert.False(gone.TryGetProperty("after", out _));
        Assert.True(wrong.GetProperty("errors").TryGetProperty("mode", out _));
        Assert.True(both.GetProperty("errors").TryGetProperty("no_threshold", out _));
        // A replay is no search of anybody's.
        Assert.Single((await user.GetAsync(Route)).Items());
    }

    [Fact]
    public async Task What_a_member_searched_for_is_erased_with_their_removal_and_does_not_come_back()
    {
        var owner = await chancery.SignUpAsync();
        var editor = await chancery.InviteAsync(owner, "admin");
        var other = await chancery.InviteAsync(owner, "editor");
        var store = chancery.Services.GetRequiredService<QueryStore>();
        var recorder = chancery.Services.GetRequiredService<QueryRecorder>();
        var now = TimeProvider.System.GetUtcNow();
        await editor.SearchAsync("of the one who leaves");
        await other.SearchAsync("of the one who stays");
        await store.AddAsync(
            new TenantId(owner.TenantId),
            [Old(editor, now) with { Query = "by their key", PrincipalId = Guid.CreateVersion7() }],
            Cancel
        );
        Assert.Equal(3, (await owner.GetAsync($"{Route}?all=true")).Items().Length);

        await BodyAsync(owner, $"/api/v1/members/{editor.UserId}", HttpStatusCode.NoContent);
        // What another server had not written yet.
        recorder.Record(Old(editor, now) with { Query = "came late" });
        recorder.Record(Old(other, now) with { Query = "came late, of the one who stays" });
        var left = await owner.GetAsync($"{Route}?all=true");

        Assert.Equal(["came late, of the one who stays", "of the one who stays"], Queries(left).Order());
    }

    [Fact]
    public async Task A_query_that_is_being_written_while_its_asker_is_removed_is_erased_too()
    {
        var owner = await chancery.SignUpAsync();
        var editor = await chancery.InviteAsync(owner, "editor");
        var tenant = new TenantId(owner.TenantId);
        var database = chancery.Services.GetRequiredService<TenantDatabase>();
        Task removal;
        await using (var session = await database.OpenAsync(tenant, Cancel))
        {
            Assert.Equal(editor.UserId, Assert.Single(await MemberStore.HoldAsync(session, [editor.UserId], Cancel)));
            removal = BodyAsync(owner, $"/api/v1/members/{editor.UserId}", HttpStatusCode.NoContent);
            await Task.Delay(200, Cancel);

            Assert.False(removal.IsCompleted);
            await session.CommitAsync(Cancel);
        }

        await removal;
        await using var after = await database.OpenAsync(tenant, Cancel);
        Assert.Empty(await MemberStore.HoldAsync(after, [editor.UserId], Cancel));
    }

    [Fact]
    public async Task An_older_path_says_in_the_log_that_it_was_one()
    {
        var user = await chancery.SignUpAsync();

        await user.PostAsync("/api/rag/search", new { query = "lenses" });

        var logged = Assert.Single((await user.GetAsync(Route)).Items());
        Assert.Equal("compatible", logged.Text("source"));
        Assert.Equal(0.7, logged.GetProperty("wish").GetProperty("threshold").GetDouble());
    }

    [Fact]
    public async Task What_waits_when_the_server_stops_is_written_and_what_cannot_wait_is_counted()
    {
        var user = await chancery.SignUpAsync();
        var recorder = ActivatorUtilities.CreateInstance<QueryRecorder>(chancery.Services);

        foreach (var _ in Enumerable.Range(0, QueryRecorder.MostWaiting + 10))
        {
            recorder.Record(Old(user, TimeProvider.System.GetUtcNow()));
        }

        await recorder.StartAsync(Cancel);
        await AccessApi.EventuallyAsync(async () => await CountAsync(user) > 0, TimeSpan.FromSeconds(30));
        await recorder.StopAsync(Cancel);

        Assert.Equal(10, recorder.Dropped);
        Assert.Equal(QueryRecorder.MostWaiting, await CountAsync(user));
    }

    [Fact]
    public async Task A_query_that_cannot_be_stored_costs_the_others_nothing()
    {
        var user = await chancery.SignUpAsync();
        var recorder = chancery.Services.GetRequiredService<QueryRecorder>();
        var now = TimeProvider.System.GetUtcNow();

        recorder.Record(Old(user, now) with { Query = "before" });
        recorder.Record(Old(user, now) with { Query = "cannot be \0 stored" });
        recorder.Record(Old(user, now) with { Query = "after" });

        Assert.Equal(["after", "before"], Queries(await user.GetAsync(Route)).Order());
    }

    private static LoggedQuery Old(TestUser user, DateTimeOffset at) =>
        new(
            user.TenantId,
            Guid.CreateVersion7(at),
            user.UserId,
            user.UserId,
            QuerySource.Search,
            "old",
            new QueryWish(5, null, null, null, null, null, null),
            "lexical",
            "postgres",
            null,
            [],
            new Dictionary<string, double>(),
            1,
            at
        );

    private async Task<long> CountAsync(TestUser user)
    {
        await using var count = chancery.Owner.CreateCommand(
            "SELECT count(*) FROM search_queries WHERE tenant_id = $1"
        );
        count.Parameters.Add(new Npgsql.NpgsqlParameter { Value = user.TenantId });
        return (long)(await count.ExecuteScalarAsync(Cancel))!;
    }

    private static async Task ReadyAsync(TestUser user, string text) =>
        await VectorTests.CompleteAsync(user, (await user.ReadyTextAsync(text)).Id());

    private static IEnumerable<string> Queries(JsonElement list) => list.Items().Select(query => query.Text("query"));

    private static async Task<JsonElement> BodyAsync(TestUser user, string path, HttpStatusCode expected) =>
        await KnowledgeApi.BodyAsync(await user.Http.DeleteAsync(path, Cancel), expected);

    private static async Task<JsonElement> ChangeAsync(TestUser user, object change) =>
        await KnowledgeApi.BodyAsync(
            await user.Http.PatchAsync(
                "/api/v1/organization",
                System.Net.Http.Json.JsonContent.Create(change, options: ChanceryFixture.Json),
                Cancel
            ),
            HttpStatusCode.OK
        );
}
