using System.Net;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Contracts;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.ModelChanges;

/// <summary>An organisation changes its model: the former serves until the other has all vectors, and none is held against the other's.</summary>
public sealed class ModelChangeTests(ModelChangeFixture chancery) : IClassFixture<ModelChangeFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_former_model_serves_until_all_vectors_are_made_and_the_other_from_then_on()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("bittern", 6);
        var before = await user.SearchAsync("bittern");
        chancery.Second.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.Contains("part 6", StringComparison.Ordinal))
                ? ScriptedReply.Failing(503)
                : new ScriptedReply()
        );

        await user.ChangeAsync("second");
        // It waits, tries again, and waits: what is asked later may find it trying.
        var waiting = await user.RunningAsync(change => change.Waiting() is not null);
        var during = await user.SearchAsync("bittern");
        var standing = await user.ModelAsync();
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());
        var after = await user.ServedByAsync("second");
        var found = await user.SearchAsync("bittern");
        var inPostgres = await chancery
            .Services.GetRequiredService<PostgresPassageSearch>()
            .SearchAsync(new TenantId(user.TenantId), new PassageQuery("bittern"), Cancel);

        Assert.Equal(("hybrid", "first"), (before.Text("mode"), before.Text("model")));
        Assert.Equal(("hybrid", "first"), (during.Text("mode"), during.Text("model")));
        Assert.False(during.TryGetProperty("note", out _));
        var change = standing.GetProperty("change");
        Assert.Equal("first", standing.Text("serving"));
        Assert.Contains("gave no complete answer", waiting.Waiting(), StringComparison.Ordinal);
        Assert.Equal(6, change.GetProperty("passages").GetInt32());
        Assert.InRange(change.GetProperty("done").GetInt32(), 1, 5);
        Assert.Equal(user.UserId, change.GetProperty("started_by").GetGuid());
        Assert.Equal("done", after.Ended().Text("state"));
        Assert.Equal(6, after.Ended().GetProperty("done").GetInt32());
        Assert.Equal(("hybrid", "second"), (found.Text("mode"), found.Text("model")));
        Assert.Equal(5, found.Results().Length);
        Assert.False(found.TryGetProperty("note", out _));
        Assert.All(found.Results(), one => Assert.True(one.GetProperty("explain").TryGetProperty("dense", out _)));
        Assert.Equal(("hybrid", "second", null), (inPostgres.Mode, inPostgres.Model, inPostgres.Note));
    }

    [Fact]
    public async Task What_comes_and_goes_during_a_change_is_found_by_either_model_and_nothing_is_left_without_a_vector()
    {
        var user = await chancery.SignUpAsync();
        var early = await user.ShelveAsync("corncrake", 5);
        chancery.Second.EmbeddingsBehave(_ => ScriptedReply.Failing(503));
        await user.ChangeAsync("second");
        await user.RunningAsync(change => change.Waiting() is not null);

        var late = await user.ShelveAsync("corncrake late", 3);
        await user.Http.DeleteAsync($"/api/v1/docs/{early[0]}", Cancel);
        var during = await user.SearchAsync("corncrake", 20);
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());
        var after = await user.ServedByAsync("second");
        var found = await user.SearchAsync("corncrake", 20);

        Assert.Equal(("first", 7), (during.Text("model"), during.Results().Length));
        Assert.False(during.TryGetProperty("note", out _));
        Assert.Equal(("second", 7), (found.Text("model"), found.Results().Length));
        Assert.False(found.TryGetProperty("note", out _));
        Assert.All(found.Results(), one => Assert.True(one.GetProperty("explain").TryGetProperty("dense", out _)));
        Assert.Equal(7, after.Ended().GetProperty("passages").GetInt32());
        Assert.Equal(3, late.Length);
    }

    [Fact]
    public async Task A_change_amid_uploads_leaves_no_passage_behind()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("dotterel", 4);

        var uploads = Task.Run(() => user.ShelveAsync("dotterel wave", 12), Cancel);
        foreach (var model in new[] { "second", "first", "third" })
        {
            await user.ChangeAsync(model);
            await user.ServedByAsync(model);
        }

        await uploads;
        await AccessApi.EventuallyAsync(
            async () => !(await user.SearchAsync("dotterel", 20)).TryGetProperty("note", out _),
            TimeSpan.FromSeconds(5)
        );
        var found = await user.SearchAsync("dotterel", 20);

        Assert.Equal(("third", 16), (found.Text("model"), found.Results().Length));
        Assert.Equal(16, await chancery.VectorsAsync(user, "third"));
    }

    [Fact]
    public async Task A_change_that_is_cancelled_leaves_the_former_model_and_none_of_its_vectors()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("egret", 6);
        chancery.Second.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.Contains("part 6", StringComparison.Ordinal))
                ? ScriptedReply.Failing(429)
                : new ScriptedReply()
        );
        await user.ChangeAsync("second");
        await user.RunningAsync(change => change.GetProperty("done").GetInt32() > 0);

        var cancelled = await user.CancelAsync();
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());
        await AccessApi.EventuallyAsync(async () => await chancery.VectorsAsync(user, "second") == 0, Patience);
        var again = await user.CancelAsync();
        var found = await user.SearchAsync("egret");

        Assert.Equal("first", cancelled.Text("serving"));
        Assert.False(cancelled.TryGetProperty("change", out _));
        Assert.Equal("cancelled", cancelled.Ended().Text("state"));
        Assert.Single(again.GetProperty("ended").EnumerateArray());
        Assert.Equal(("hybrid", "first"), (found.Text("mode"), found.Text("model")));
        Assert.Equal(6, await chancery.VectorsAsync(user, "first"));
    }

    [Fact]
    public async Task A_second_change_has_to_wait_and_the_same_one_again_is_no_second()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("firecrest", 2);
        chancery.Second.EmbeddingsBehave(_ => ScriptedReply.Failing(503));

        var asked = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => user.ChangeAsync("second")));
        var refused = await user.ChangeAsync("third", HttpStatusCode.Conflict);
        var back = await user.ChangeAsync(null, HttpStatusCode.Conflict);
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());
        var standing = await user.ServedByAsync("second");

        Assert.Single(asked.Select(one => one.GetProperty("change").Id()).Distinct());
        Assert.Equal("urn:chancery:problem:model-change-running", refused.Text("type"));
        Assert.Contains("The change to second", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("urn:chancery:problem:model-change-running", back.Text("type"));
        Assert.Single(standing.GetProperty("ended").EnumerateArray());
    }

    [Fact]
    public async Task The_way_back_takes_what_is_kept_and_makes_only_what_is_new()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("godwit", 5);
        await user.ChangeAsync("second");
        var standing = await user.ServedByAsync("second");
        await user.ShelveAsync("godwit new", 1);
        chancery.First.Forget();

        var estimate = await user.PostAsync("/api/v1/embeddings/model/estimate", new { model = "first" });
        chancery.First.Forget();
        await user.ChangeAsync("first");
        await user.ServedByAsync("first");
        var made = chancery.First.EmbeddingRequests.SelectMany(request => request.Inputs).ToArray();
        var found = await user.SearchAsync("godwit", 10);

        var kept = standing.GetProperty("models").EnumerateArray().Single(one => one.Text("name") == "first");
        Assert.Equal(5, kept.GetProperty("vectors").GetInt32());
        Assert.True(kept.TryGetProperty("kept_until", out _));
        Assert.Equal(1, estimate.GetProperty("missing").GetInt32());
        Assert.Contains("godwit new", Assert.Single(made), StringComparison.Ordinal);
        Assert.Equal(("hybrid", "first"), (found.Text("mode"), found.Text("model")));
        Assert.Equal(6, found.Results().Length);
        Assert.False(found.TryGetProperty("note", out _));
    }

    [Fact]
    public async Task Former_vectors_are_removed_after_their_time_and_no_others()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("hoopoe", 3);
        await user.DraftAsync();
        await AccessApi.EventuallyAsync(async () => await ClauseVectorsAsync(user, "first") > 0, Patience);
        await user.ChangeAsync("second");
        await user.ServedByAsync("second");
        var runner = chancery.Services.GetRequiredService<TenantJobRunner>();

        await runner.RunAsync("vectors", Cancel);
        await Task.Delay(200, Cancel);
        var kept = await chancery.VectorsAsync(user, "first");
        Assert.True(await ClauseVectorsAsync(user, "first") > 0);
        await chancery.ExecuteAsync(
            "UPDATE model_changes SET kept_until = now() - interval '1 second' WHERE tenant_id = $1",
            user.TenantId
        );
        await runner.RunAsync("vectors", Cancel);
        await AccessApi.EventuallyAsync(async () => await chancery.VectorsAsync(user, "first") == 0, Patience);
        await AccessApi.EventuallyAsync(async () => await ClauseVectorsAsync(user, "first") == 0, Patience);
        var found = await user.SearchAsync("hoopoe");

        Assert.Equal(3, kept);
        Assert.Equal(3, await chancery.VectorsAsync(user, "second"));
        Assert.Equal(("hybrid", "second"), (found.Text("mode"), found.Text("model")));
    }

    private async Task<long> ClauseVectorsAsync(TestUser user, string model)
    {
        await using var command = chancery.Owner.CreateCommand(
            "SELECT count(*) FROM contract_vectors WHERE tenant_id = $1 AND model = $2"
        );
        command.Parameters.Add(new() { Value = user.TenantId });
        command.Parameters.Add(new() { Value = model });
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    [Fact]
    public async Task What_the_model_does_not_take_is_found_by_words_and_holds_nothing_up()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("ibis", 5);
        chancery.Second.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.Contains("part 3", StringComparison.Ordinal))
                ? ScriptedReply.Failing(400)
                : new ScriptedReply()
        );

        await user.ChangeAsync("second");
        var standing = await user.ServedByAsync("second");
        var found = await user.SearchAsync("ibis");
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal(1, standing.Ended().GetProperty("refused").GetInt32());
        Assert.Equal(("hybrid", 5), (found.Text("mode"), found.Results().Length));
        Assert.StartsWith("1 passages have no vector", found.Text("note"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_takes_nothing_does_not_come_to_serve()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("jackdaw", 3);
        chancery.Second.EmbeddingsBehave(_ => ScriptedReply.Failing(404));

        await user.ChangeAsync("third");
        var standing = await user.ServedByAsync("first");
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal("failed", standing.Ended().Text("state"));
        Assert.StartsWith("The model refused", standing.Ended().Text("failure"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_estimate_tells_what_is_to_be_made_how_long_it_takes_and_what_it_costs_and_changes_nothing()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("kestrel", 6);

        var priced = await user.PostAsync("/api/v1/embeddings/model/estimate", new { model = "second" });
        var unpriced = await user.PostAsync("/api/v1/embeddings/model/estimate", new { model = "third" });
        var serving = await user.PostAsync("/api/v1/embeddings/model/estimate");
        chancery.Second.EmbeddingsBehave(_ => ScriptedReply.Failing(503));
        var down = await user.PostAsync("/api/v1/embeddings/model/estimate", new { model = "second" });
        chancery.Second.EmbeddingsBehave(_ => new ScriptedReply());
        var unknown = await user.PostAsync(
            "/api/v1/embeddings/model/estimate",
            new { model = "fourth" },
            HttpStatusCode.BadRequest
        );

        Assert.Equal(6, priced.GetProperty("missing").GetInt32());
        Assert.Equal(2, priced.GetProperty("calls").GetInt32());
        Assert.InRange(priced.GetProperty("seconds").GetDouble(), double.Epsilon, 60);
        Assert.Equal(20 * priced.GetProperty("tokens").GetInt64(), priced.GetProperty("cost_nano_dollars").GetInt64());
        Assert.False(unpriced.TryGetProperty("cost_nano_dollars", out _));
        Assert.Equal(0, serving.GetProperty("missing").GetInt32());
        Assert.False(down.TryGetProperty("seconds", out _));
        Assert.Contains("gave no complete answer", down.Text("note"), StringComparison.Ordinal);
        Assert.Contains("There are: first, second, third", unknown.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await chancery.VectorsAsync(user, "second"));
    }

    [Fact]
    public async Task Only_who_manages_the_organisation_changes_its_model_and_no_other_organisation_is_touched()
    {
        var owner = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        await owner.ShelveAsync("lapwing", 2);
        await other.ShelveAsync("lapwing", 2);
        var editor = await chancery.InviteAsync(owner, "editor");

        await editor.ChangeAsync("second", HttpStatusCode.Forbidden);
        var seen = await editor.ModelAsync();
        await owner.ChangeAsync("second");
        await owner.ServedByAsync("second");
        var theirs = await other.ModelAsync();
        var found = await other.SearchAsync("lapwing");

        Assert.Equal("first", seen.Text("serving"));
        Assert.Equal("first", theirs.Text("serving"));
        Assert.Empty(theirs.GetProperty("ended").EnumerateArray());
        Assert.Equal("first", found.Text("model"));
        Assert.Equal(0, await chancery.VectorsAsync(other, "second"));
    }

    [Fact]
    public async Task An_organisation_without_documents_is_changed_in_a_moment()
    {
        var user = await chancery.SignUpAsync();

        await user.ChangeAsync("second");
        var standing = await user.ServedByAsync("second");
        await user.ShelveAsync("merlin", 1);
        var found = await user.SearchAsync("merlin");

        Assert.Equal("second", standing.Text("chosen"));
        Assert.Equal(("hybrid", "second"), (found.Text("mode"), found.Text("model")));
    }
}
