using System.Net;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Npgsql;
using static Chancery.Server.Tests.Contracts.ContractApi;

namespace Chancery.Server.Tests.Contracts;

/// <summary>Contracts without a model: drafted, changed by several people, searched, and kept from others.</summary>
public sealed class ContractTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task A_draft_without_a_model_is_revision_1_of_named_templates_and_says_that_no_model_wrote_it()
    {
        var olga = await chancery.SignUpAsync();

        var draft = await olga.DraftAsync();

        var revision = draft.GetProperty("revision");
        Assert.Equal(1, revision.GetProperty("number").GetInt32());
        Assert.Equal("drafted", revision.Text("source"));
        Assert.Equal(Wish, revision.Text("instruction"));
        Assert.False(revision.TryGetProperty("model", out var model) && model.ValueKind != JsonValueKind.Null);
        Assert.Contains("No language model wrote this", revision.Text("note"), StringComparison.Ordinal);
        var origins = draft.Clauses().SelectMany(clause => clause.GetProperty("built_on").EnumerateArray()).ToArray();
        Assert.Contains(origins, origin => origin.Text("kind") == "template" && origin.Text("title").Length > 0);
        Assert.DoesNotContain(origins, origin => origin.Text("kind") == "model");
    }

    [Fact]
    public async Task Edits_of_different_clauses_are_joined_and_those_of_the_same_words_conflict()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var spoken = draft.Spoken();
        var (first, second) = (spoken[0].Id(), spoken[^1].Id());
        await olga.EditAsync(id, 1, Replacing(first, "Olga wrote this."));

        var joined = await olga.EditAsync(id, 1, Replacing(second, "Eddie wrote that."));
        var conflict = await olga.EditAsync(id, 1, Replacing(first, "Victor differs."), HttpStatusCode.Conflict);

        Assert.True(joined.GetProperty("merged").GetBoolean());
        var now = (await olga.GetAsync($"/api/v1/contracts/{id}")).Clauses().ToDictionary(clause => clause.Id());
        Assert.Equal("Olga wrote this.", now[first].Text("source"));
        Assert.Equal("Eddie wrote that.", now[second].Text("source"));
        Assert.All(
            draft.Clauses().Where(clause => clause.Id() != first && clause.Id() != second),
            clause => Assert.Equal(clause.Text("source"), now[clause.Id()].Text("source"))
        );
        Assert.EndsWith("merge-conflict", conflict.Text("type"), StringComparison.Ordinal);
        var words = conflict.GetProperty("conflicts").GetRawText();
        Assert.Contains("Olga wrote this.", words, StringComparison.Ordinal);
        Assert.Contains("Victor differs.", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_earlier_revision_is_restored_as_a_new_one_and_the_comparison_tells_the_change()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var clause = draft.Spoken()[0].Id();
        await olga.EditAsync(id, 1, Replacing(clause, "Something else."));

        var diff = await olga.GetAsync($"/api/v1/contracts/{id}/diff?from=1&to=2");
        await olga.PostAsync($"/api/v1/contracts/{id}/revisions/1/restore", null, HttpStatusCode.Created);
        var now = await olga.GetAsync($"/api/v1/contracts/{id}");

        Assert.Equal(1, diff.GetProperty("difference").GetProperty("changed").GetInt32());
        Assert.Equal(3, now.GetProperty("revision").GetProperty("number").GetInt32());
        Assert.Equal("restored", now.GetProperty("revision").Text("source"));
        Assert.Equal(
            draft.Clauses().Select(one => one.Text("source")),
            now.Clauses().Select(one => one.Text("source"))
        );
    }

    [Fact]
    public async Task Many_edits_at_once_make_one_history_without_a_gap_and_none_is_lost()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var clauses = draft.Spoken().Take(10).Select(clause => clause.Id()).ToArray();

        await Task.WhenAll(
            clauses.Select((clause, place) => olga.EditAsync(id, 1, Replacing(clause, $"Written by number {place}.")))
        );

        var revisions = (await olga.GetAsync($"/api/v1/contracts/{id}/revisions?limit=200")).Items();
        Assert.Equal(
            Enumerable.Range(1, clauses.Length + 1).Reverse(),
            revisions.Select(revision => revision.GetProperty("number").GetInt32())
        );
        var now = (await olga.GetAsync($"/api/v1/contracts/{id}")).Clauses().ToDictionary(clause => clause.Id());
        Assert.All(
            clauses.Select((clause, place) => (clause, place)),
            one => Assert.Equal($"Written by number {one.place}.", now[one.clause].Text("source"))
        );
    }

    [Fact]
    public async Task A_contract_is_found_by_its_readers_right_away_and_by_nobody_else()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var stranger = await chancery.SignUpAsync("Other");
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        await olga.EditAsync(id, 1, Replacing(draft.Spoken()[0].Id(), "The zanzibar arrangement applies."));
        var query = new { query = "zanzibar" };

        Assert.Single((await eddie.PostAsync("/api/v1/contracts/search", query)).Results());
        using var set = await olga.Http.PutAsync(
            $"/api/v1/contracts/{id}/access",
            System.Net.Http.Json.JsonContent.Create(new { readers = new[] { olga.UserId } }),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);

        Assert.Single((await olga.PostAsync("/api/v1/contracts/search", query)).Results());
        foreach (var other in new[] { eddie, stranger })
        {
            Assert.Empty((await other.PostAsync("/api/v1/contracts/search", query)).Results());
            await other.GetAsync($"/api/v1/contracts/{id}", HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task A_vague_change_takes_a_model_and_a_plain_one_does_not()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.DraftAsync()).ContractId();
        var path = $"/api/v1/contracts/{id}/revisions";

        var vague = await olga.PostAsync(
            path,
            new { instruction = "Make it friendlier to us overall", model = "extractive" },
            HttpStatusCode.UnprocessableEntity
        );
        var plain = await olga.PostAsync(
            path,
            new { instruction = "Change the governing law to Austria", model = "extractive" },
            HttpStatusCode.Created
        );

        Assert.EndsWith("needs-a-model", vague.Text("type"), StringComparison.Ordinal);
        Assert.Contains("Austria", plain.GetProperty("revision").Text("governing_law"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_whose_server_died_is_told_as_failed()
    {
        var olga = await chancery.SignUpAsync();
        var operation = Guid.CreateVersion7();
        await using var command = chancery.Owner.CreateCommand(
            """
            INSERT INTO contract_operations (tenant_id, operation_id, principal_id, kind, instruction, created_at, seen_at)
            VALUES ($1, $2, $3, 'draft', 'An NDA', now() - interval '1 hour', now() - interval '1 hour')
            """
        );
        foreach (var id in new[] { olga.TenantId, operation, olga.UserId })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = id });
        }

        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var found = await olga.GetAsync($"/api/v1/contract-operations/{operation}");

        Assert.Equal("failed", found.Text("state"));
        Assert.EndsWith("shutting-down", found.GetProperty("problem").Text("type"), StringComparison.Ordinal);
    }
}
