using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Tests.Access;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class AccessListTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_of_its_own_counts_before_its_collections_and_without_either_everybody_reads()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var vera = await chancery.InviteAsync(olga, "viewer");
        var collection = (
            await olga.PostAsync("/api/v1/collections", new { name = "HR" }, HttpStatusCode.Created)
        ).Id();
        var document = (await olga.UploadAsync("Pay."u8.ToArray(), "pay.md", ("collection_id", $"{collection}"))).Id();
        Assert.Equal((true, true, true), await MayAsync());
        Assert.Equal("everybody", (await AccessOfAsync(olga, document)).Text("source"));

        await SetAsync(olga, $"collections/{collection}", eddie.UserId);
        Assert.Equal((true, true, false), await MayAsync());
        var access = await AccessOfAsync(eddie, document);
        Assert.Equal("collection", access.Text("source"));
        Assert.Equal(eddie.Email, access.GetProperty("readers")[0].Text("email"));

        await SetAsync(olga, $"docs/{document}", vera.UserId);
        Assert.Equal((true, false, true), await MayAsync());
        Assert.Equal("document", (await AccessOfAsync(olga, document)).Text("source"));

        await SetAsync(olga, $"docs/{document}");
        Assert.Equal((true, false, false), await MayAsync());
        Assert.Empty((await AccessOfAsync(olga, document)).GetProperty("readers").EnumerateArray());

        await ClearAsync(olga, $"docs/{document}");
        Assert.Equal((true, true, false), await MayAsync());

        await ClearAsync(olga, $"collections/{collection}");
        Assert.Equal((true, true, true), await MayAsync());

        async Task<(bool, bool, bool)> MayAsync() =>
            (await ReadsAsync(olga, document), await ReadsAsync(eddie, document), await ReadsAsync(vera, document));
    }

    [Fact]
    public async Task What_a_reader_may_not_see_is_in_no_list_no_count_and_no_facet()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var collection = (
            await olga.PostAsync("/api/v1/collections", new { name = "HR" }, HttpStatusCode.Created)
        ).Id();
        await olga.UploadAsync("Open."u8.ToArray(), "open.md", ("tags", "both,open"));
        var own = (await olga.UploadAsync("Own list."u8.ToArray(), "own.md", ("tags", "both,secret"))).Id();
        await olga.UploadAsync("In HR."u8.ToArray(), "hr.md", ("tags", "both"), ("collection_id", $"{collection}"));
        await SetAsync(olga, $"docs/{own}");
        await SetAsync(olga, $"collections/{collection}", olga.UserId);

        var documents = (await vera.GetAsync("/api/v1/docs")).Items();
        var tags = (await vera.GetAsync("/api/v1/tags")).Items();
        var collections = (await vera.GetAsync("/api/v1/collections")).Items();

        Assert.Equal(["open.md"], documents.Select(one => one.Text("path")));
        Assert.Equal(["both", "open"], tags.Select(tag => tag.Text("tag")).Order());
        Assert.All(tags, tag => Assert.Equal(1, tag.GetProperty("documents").GetInt32()));
        Assert.Equal(1, Assert.Single(collections).GetProperty("documents").GetInt32());
        Assert.Equal(3, (await olga.GetAsync("/api/v1/docs")).Items().Length);
    }

    [Fact]
    public async Task Who_may_read_it_is_told_one_by_one_with_the_reason()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var vera = await chancery.InviteAsync(olga, "viewer");
        var victor = await chancery.InviteAsync(olga, "viewer");
        var group = (await olga.PostAsync("/api/v1/groups", new { name = "Legal" }, HttpStatusCode.Created)).Id();
        using var joined = await olga.Http.PutAsync($"/api/v1/groups/{group}/members/{vera.UserId}", null, Cancel);
        var (_, key) = await olga.CreateKeyAsync("viewer");
        var document = (await olga.UploadTextAsync("Secret.")).Id();
        await SetAsync(olga, $"docs/{document}", eddie.UserId, group, key);

        var readers = (await eddie.GetAsync($"/api/v1/docs/{document}/readers")).Items();
        var first = await eddie.GetAsync($"/api/v1/docs/{document}/readers?limit=1");
        var rest = await eddie.GetAsync($"/api/v1/docs/{document}/readers?cursor={first.Text("next_cursor")}");

        Assert.Equal(
            [(olga.UserId, "role"), (eddie.UserId, "named"), (vera.UserId, "group"), (key, "named")],
            readers.Select(one => (one.Id(), one.Text("reason")))
        );
        Assert.Equal("Legal", readers[2].GetProperty("groups")[0].GetString());
        Assert.DoesNotContain(readers, one => one.Id() == victor.UserId);
        Assert.Equal(readers.Length - 1, rest.Items().Length);
        Assert.False(rest.TryGetProperty("next_cursor", out _));
    }

    [Fact]
    public async Task An_editor_sets_lists_of_what_they_may_read_and_cannot_leave_themselves_out()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var vera = await chancery.InviteAsync(olga, "viewer");
        var group = (await olga.PostAsync("/api/v1/groups", new { name = "Legal" }, HttpStatusCode.Created)).Id();
        using var joined = await olga.Http.PutAsync($"/api/v1/groups/{group}/members/{eddie.UserId}", null, Cancel);
        var document = (await eddie.UploadTextAsync("Secret.")).Id();

        Assert.Equal("locks-you-out", await RefusedAsync(eddie, document, HttpStatusCode.Conflict, vera.UserId));
        Assert.Equal("locks-you-out", await RefusedAsync(eddie, document, HttpStatusCode.Conflict));
        Assert.Equal("forbidden", await RefusedAsync(vera, document, HttpStatusCode.Forbidden, vera.UserId));
        await SetAsync(eddie, $"docs/{document}", group);
        Assert.False(await ReadsAsync(vera, document));
        await SetAsync(olga, $"docs/{document}", vera.UserId);
        Assert.Equal("not-found", await RefusedAsync(eddie, document, HttpStatusCode.NotFound, eddie.UserId));
    }

    [Fact]
    public async Task Lists_name_nobody_who_is_not_there()
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync("Globex");
        var document = (await olga.UploadTextAsync("Secret.")).Id();

        Assert.Equal("not-found", await RefusedAsync(olga, document, HttpStatusCode.NotFound, other.UserId));
        Assert.Equal("not-found", await RefusedAsync(olga, document, HttpStatusCode.NotFound, Guid.CreateVersion7()));
        using var none = await olga.Http.PutAsJsonAsync($"/api/v1/docs/{document}/access", new { }, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);
        using var many = await olga.Http.PutAsJsonAsync(
            $"/api/v1/docs/{document}/access",
            new { readers = Enumerable.Range(0, 501).Select(_ => Guid.CreateVersion7()) },
            Cancel
        );
        Assert.Equal(HttpStatusCode.BadRequest, many.StatusCode);
    }

    [Fact]
    public async Task The_default_collection_takes_no_list()
    {
        var olga = await chancery.SignUpAsync();
        var id = Assert.Single((await olga.GetAsync("/api/v1/collections")).Items()).Id();

        using var refused = await olga.Http.PutAsJsonAsync(
            $"/api/v1/collections/{id}/access",
            new { readers = new[] { olga.UserId } },
            Cancel
        );

        Assert.Equal("default-collection-open", await refused.CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Deleting_a_collection_opens_nothing_that_was_in_it()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var vera = await chancery.InviteAsync(olga, "viewer");
        var collection = (
            await olga.PostAsync("/api/v1/collections", new { name = "HR" }, HttpStatusCode.Created)
        ).Id();
        var inherited = (await olga.UploadAsync("Pay."u8.ToArray(), "pay.md", ("collection_id", $"{collection}"))).Id();
        var own = (await olga.UploadAsync("Plan."u8.ToArray(), "plan.md", ("collection_id", $"{collection}"))).Id();
        await SetAsync(olga, $"collections/{collection}", eddie.UserId);
        await SetAsync(olga, $"docs/{own}", vera.UserId);

        // By one who does not see all that is in it.
        using var deleted = await eddie.Http.DeleteAsync($"/api/v1/collections/{collection}", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal((true, false), (await ReadsAsync(eddie, inherited), await ReadsAsync(eddie, own)));
        Assert.Equal((false, true), (await ReadsAsync(vera, inherited), await ReadsAsync(vera, own)));
        var left = await olga.GetAsync($"/api/v1/docs/{own}");
        Assert.NotEqual(collection, left.GetProperty("collection_id").GetGuid());
    }

    [Fact]
    public async Task A_key_reads_what_its_maker_may_and_what_names_it_and_an_admins_key_of_a_lower_role_no_more()
    {
        var olga = await chancery.SignUpAsync();
        var document = (await olga.UploadTextAsync("Secret.")).Id();
        var (text, id) = await olga.CreateKeyAsync("viewer");
        using var client = ChanceryFixture.Client(chancery.Address);
        client.DefaultRequestHeaders.Add("X-API-Key", text);
        var machine = olga with { Http = client };

        await SetAsync(olga, $"docs/{document}");
        Assert.False(await ReadsAsync(machine, document));
        await SetAsync(olga, $"docs/{document}", id);
        Assert.True(await ReadsAsync(machine, document));
        await SetAsync(olga, $"docs/{document}", olga.UserId);
        Assert.True(await ReadsAsync(machine, document));
    }

    [Fact]
    public async Task Losing_the_role_that_read_everything_acts_on_the_next_request()
    {
        var olga = await chancery.SignUpAsync();
        var adam = await chancery.InviteAsync(olga, "admin");
        var document = (await olga.UploadTextAsync("Secret.")).Id();
        await SetAsync(olga, $"docs/{document}", olga.UserId);
        Assert.True(await ReadsAsync(adam, document));

        using var demoted = await olga.Http.PatchAsJsonAsync(
            $"/api/v1/members/{adam.UserId}",
            new { role = "editor" },
            Cancel
        );

        Assert.Equal(HttpStatusCode.OK, demoted.StatusCode);
        Assert.False(await ReadsAsync(adam, document));
    }

    [Fact]
    public async Task On_another_server_a_list_acts_on_the_next_request_too()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var document = (await olga.ReadyTextAsync("The ptarmigan turns white.")).Id();
        var replica = await chancery.StartReplicaAsync();
        using var client = ChanceryFixture.Client(replica);
        client.DefaultRequestHeaders.Authorization = vera.Http.DefaultRequestHeaders.Authorization;
        var there = vera with { Http = client };
        Assert.NotEmpty((await there.SearchAsync("ptarmigan")).Results());

        await SetAsync(olga, $"docs/{document}", olga.UserId);

        Assert.Empty((await there.SearchAsync("ptarmigan")).Results());
        Assert.False(await ReadsAsync(there, document));
    }

    [Fact]
    public async Task A_repeated_call_is_not_answered_with_what_may_not_be_read_any_more()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var document = (await olga.ReadyTextAsync("# Pay\n\nThe salary of the director is 90,000 crowns.")).Id();
        var first = await AskAsync();
        var again = await AskAsync();

        await SetAsync(olga, $"docs/{document}", olga.UserId);
        var later = await AskAsync();

        Assert.Contains("90,000", await first.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.True(again.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("idempotency-answer-outdated", await later.CodeAsync(HttpStatusCode.Conflict));

        Task<HttpResponseMessage> AskAsync()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/chat")
            {
                Content = JsonContent.Create(
                    new
                    {
                        question = "What is the salary of the director?",
                        model = "extractive",
                        stream = false,
                    }
                ),
            };
            request.Headers.Add("Idempotency-Key", "the-same");
            return eddie.Http.SendAsync(request, Cancel);
        }
    }

    [Fact]
    public async Task Answers_are_withheld_with_their_sources_in_the_conversation_its_export_its_search_and_its_share()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var victor = await chancery.InviteAsync(olga, "viewer");
        var document = (await olga.ReadyTextAsync("# Pay\n\nThe salary of the director is 90,000 crowns.")).Id();
        var answer = await vera.PostAsync(
            "/api/v1/chat",
            new
            {
                question = "What is the salary of the director?",
                model = "extractive",
                stream = false,
                session_id = "pay",
            }
        );
        var conversation = answer.GetProperty("conversation_id").GetGuid();
        var shared = (
            await vera.PostAsync($"/api/v1/conversations/{conversation}/shares", expected: HttpStatusCode.Created)
        ).Id();
        string[] places =
        [
            $"/api/v1/conversations/{conversation}",
            $"/api/v1/conversations/{conversation}/messages",
            $"/api/v1/conversations/{conversation}/export?format=json",
            $"/api/v1/conversations/{conversation}/export?format=markdown",
            "/api/v1/conversations?q=90,000",
            $"/api/v1/shares/{shared}",
        ];
        foreach (var place in places)
        {
            Assert.Contains("90,000", await vera.Http.GetStringAsync(place, Cancel), StringComparison.Ordinal);
        }

        await SetAsync(olga, $"docs/{document}", victor.UserId);

        foreach (var place in places)
        {
            Assert.DoesNotContain("90,000", await vera.Http.GetStringAsync(place, Cancel), StringComparison.Ordinal);
        }

        var messages = (await vera.GetAsync(places[1])).Items();
        Assert.True(messages[1].GetProperty("withheld").GetBoolean());
        Assert.Contains("not available to you", messages[1].Text("content"), StringComparison.Ordinal);
        Assert.Contains("90,000", await victor.Http.GetStringAsync(places[^1], Cancel), StringComparison.Ordinal);

        await ClearAsync(olga, $"docs/{document}");
        Assert.Contains("90,000", await vera.Http.GetStringAsync(places[0], Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_of_reasoning_are_hidden_when_one_of_the_documents_that_the_model_had_before_it_may_not_be_read()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        await olga.ReadyTextAsync("# Canteen\n\nThe canteen opens at noon.");
        var pay = (await olga.ReadyTextAsync("# Pay\n\nThe salary of the director is 90,000 crowns.")).Id();
        var answer = await vera.PostAsync(
            "/api/v1/chat",
            new
            {
                question = "When does the canteen open?",
                model = "extractive",
                stream = false,
            }
        );
        var conversation = answer.GetProperty("conversation_id").GetGuid();
        // As a model would have left it that had both documents before it, and cited one.
        await using (
            var command = chancery.Owner.CreateCommand(
                """
                UPDATE messages
                SET reasoning = jsonb_build_object(
                  'documents', jsonb_build_array($2::uuid),
                  'steps', '[{"number":1,"thought":"90,000 is no time","at":"2026-01-01T00:00:00Z"}]'::jsonb)
                WHERE conversation_id = $1 AND role = 'assistant'
                """
            )
        )
        {
            command.Parameters.AddWithValue(conversation);
            command.Parameters.AddWithValue(pay);
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
        }

        var before = (await vera.GetAsync($"/api/v1/conversations/{conversation}")).GetProperty("messages")[1];
        Assert.Equal("90,000 is no time", before.GetProperty("reasoning_steps")[0].Text("thought"));

        await SetAsync(olga, $"docs/{pay}", olga.UserId);

        var after = (await vera.GetAsync($"/api/v1/conversations/{conversation}")).GetProperty("messages")[1];
        Assert.False(after.TryGetProperty("reasoning_steps", out _));
        Assert.Equal(before.Text("content"), after.Text("content"));
    }

    [Fact]
    public async Task A_logged_query_and_its_replay_show_nothing_that_may_not_be_read_any_more()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var document = (await olga.ReadyTextAsync("# Ptarmigan plan\n\nThe ptarmigan turns white.", "plan.md")).Id();
        await vera.SearchAsync("ptarmigan");
        await AccessApi.EventuallyAsync(
            async () => (await vera.GetAsync("/api/v1/queries")).Items().Length == 1,
            TimeSpan.FromSeconds(20)
        );
        var query = (await vera.GetAsync("/api/v1/queries")).Items()[0].Id();
        var before = await vera.GetAsync($"/api/v1/queries/{query}");

        await SetAsync(olga, $"docs/{document}", olga.UserId);
        var after = await vera.GetAsync($"/api/v1/queries/{query}");
        var replay = await vera.PostAsync($"/api/v1/queries/{query}/replay");

        Assert.Contains("turns white", (await olga.SearchAsync("ptarmigan")).ToString(), StringComparison.Ordinal);
        Assert.Contains("plan", before.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("plan", after.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("plan", replay.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(replay.GetProperty("after").Results());
    }

    [Fact]
    public async Task Whoever_watches_a_document_is_told_nothing_more_once_they_may_not_read_it()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var document = (await olga.UploadAsync("Waits."u8.ToArray(), "waits.md", ("process", "false"))).Id();
        using var stream = await vera.Http.GetAsync(
            $"/api/v1/docs/{document}/events",
            HttpCompletionOption.ResponseHeadersRead,
            Cancel
        );
        await SetAsync(olga, $"docs/{document}", olga.UserId);

        var text = await stream.Content.ReadAsStringAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        using var again = await vera.Http.GetAsync($"/api/v1/docs/{document}/events", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Contains("stored", text, StringComparison.Ordinal);
    }

    private static async Task<bool> ReadsAsync(TestUser user, Guid document)
    {
        using var response = await user.Http.GetAsync($"/api/v1/docs/{document}", Cancel);
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{response.StatusCode}");
        return response.StatusCode == HttpStatusCode.OK;
    }

    private static Task<JsonElement> AccessOfAsync(TestUser user, Guid document) =>
        user.GetAsync($"/api/v1/docs/{document}/access");

    private static async Task SetAsync(TestUser user, string what, params Guid[] readers)
    {
        using var response = await user.Http.PutAsJsonAsync($"/api/v1/{what}/access", new { readers }, Cancel);
        await response.ReadAsync();
    }

    private static async Task ClearAsync(TestUser user, string what)
    {
        using var response = await user.Http.DeleteAsync($"/api/v1/{what}/access", Cancel);
        await response.ReadAsync();
    }

    private static async Task<string?> RefusedAsync(
        TestUser user,
        Guid document,
        HttpStatusCode expected,
        params Guid[] readers
    )
    {
        using var response = await user.Http.PutAsJsonAsync($"/api/v1/docs/{document}/access", new { readers }, Cancel);
        return await response.CodeAsync(expected);
    }
}
