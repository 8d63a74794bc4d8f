using System.Net;
using System.Net.Http.Json;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Knowledge;

public sealed class SearchTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Words_and_meaning_are_fused_and_explained()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("The curlew probes the mud for worms."u8.ToArray(), "curlew.txt");
        await user.ReadyAsync("Invoices are due within thirty days."u8.ToArray(), "invoice.txt");

        var found = await user.SearchAsync("curlews probing mud");

        Assert.Equal("hybrid", found.Text("mode"));
        var best = found.Results()[0];
        Assert.Contains("curlew", best.Text("text"), StringComparison.Ordinal);
        var explained = best.GetProperty("explain");
        Assert.Equal(1, explained.GetProperty("lexical").GetProperty("rank").GetInt32());
        Assert.Equal(1, explained.GetProperty("dense").GetProperty("rank").GetInt32());
        Assert.InRange(explained.GetProperty("dense").GetProperty("score").GetDouble(), 0.01, 1);
        Assert.Equal(best.GetProperty("score").GetDouble(), explained.GetProperty("fused").GetDouble());
        var marked = best.GetProperty("highlights")
            .EnumerateArray()
            .Select(span => best.Text("text").Substring(span[0].GetInt32(), span[1].GetInt32()));
        Assert.Contains(marked, text => text.Contains("curlew", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Passages_without_a_vector_are_told_of_kept_above_a_threshold_and_embedded_by_processing_again()
    {
        var user = await chancery.SignUpAsync();
        var document = await user.ReadyAsync("The dunlin follows the tide."u8.ToArray(), "dunlin.txt");
        await user.ReadyAsync("The knot feeds on mussels."u8.ToArray(), "knot.txt");
        await using (
            var forget = chancery.Owner.CreateCommand(
                "DELETE FROM chunk_vectors WHERE tenant_id = $1 AND chunk_id IN (SELECT chunk_id FROM chunks WHERE document_id = $2)"
            )
        )
        {
            forget.Parameters.Add(new Npgsql.NpgsqlParameter { Value = user.TenantId });
            forget.Parameters.Add(new Npgsql.NpgsqlParameter { Value = document.Id() });
            await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var before = await user.PostAsync("/api/v1/search", new { query = "dunlin", threshold = 0.99 });
        await user.PostAsync($"/api/v1/docs/{document.Id()}/process", new { }, HttpStatusCode.Accepted);
        var after = await user.PostAsync("/api/v1/search", new { query = "dunlin" });
        await Access.AccessApi.EventuallyAsync(
            async () =>
                !(after = await user.PostAsync("/api/v1/search", new { query = "dunlin" })).TryGetProperty(
                    "note",
                    out _
                ),
            TimeSpan.FromSeconds(20)
        );

        Assert.StartsWith("1 passages have no vector", before.Text("note"), StringComparison.Ordinal);
        Assert.Single(before.Results());
        Assert.False(after.TryGetProperty("note", out _));
        Assert.Equal("hybrid", after.Text("mode"));
    }

    [Fact]
    public async Task A_model_that_does_not_answer_costs_meaning_not_the_search()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("The whimbrel whistles seven times."u8.ToArray(), "w.txt");
        chancery.Model.EmbeddingsBehave(_ => ScriptedReply.Failing(500));

        var found = await user.PostAsync("/api/v1/search", new { query = "whimbrel", threshold = 0.5 });
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal("lexical", found.Text("mode"));
        Assert.Contains("did not answer", found.Text("note"), StringComparison.Ordinal);
        Assert.Contains("threshold was not applied", found.Text("note"), StringComparison.Ordinal);
        Assert.Single(found.Results());
    }

    [Fact]
    public async Task A_threshold_keeps_only_what_is_nearer()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("godwit godwit godwit"u8.ToArray(), "near.txt");
        await user.ReadyAsync("The godwit is one of very many different words in here."u8.ToArray(), "far.txt");

        var all = await user.PostAsync("/api/v1/search", new { query = "godwit", explain = true });
        var near = await user.PostAsync("/api/v1/search", new { query = "godwit", threshold = 0.9 });
        var none = await user.PostAsync("/api/v1/search", new { query = "godwit", threshold = 1.0 });

        Assert.Equal(2, all.Results().Length);
        Assert.Equal("near.txt", Assert.Single(near.Results()).Text("path"));
        Assert.Empty(none.Results());
    }

    [Fact]
    public async Task Another_tenants_passages_are_never_found()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var theirs = (await other.ReadyAsync("The phalarope is a secret of theirs."u8.ToArray(), "p.txt")).Id();

        var found = await user.PostAsync(
            "/api/v1/search",
            new { query = "phalarope secret", documents = new[] { theirs } }
        );

        Assert.Equal("hybrid", found.Text("mode"));
        Assert.Empty(found.Results());
    }

    [Fact]
    public async Task Phrases_must_stand_and_exclusions_must_not_by_words_and_by_meaning()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("The notice period is short."u8.ToArray(), "phrase.txt");
        await user.ReadyAsync("A period of notice that is long."u8.ToArray(), "loose.txt");
        await user.ReadyAsync("The notice period of the landlord."u8.ToArray(), "landlord.txt");

        Assert.Equal(["landlord.txt", "phrase.txt"], await NamesAsync("\"notice period\""));
        Assert.Equal(["loose.txt", "phrase.txt"], await NamesAsync("notice period -landlord"));
        Assert.Equal(["phrase.txt"], await NamesAsync("\"notice periods\" -\"the landlord\""));

        async Task<string[]> NamesAsync(string query) =>
            [.. (await user.SearchAsync(query)).Results().Select(passage => passage.Text("path")).Order()];
    }

    [Theory]
    [InlineData("it's 'quoted' \\ back & | ! ( ) : * <-> é")]
    [InlineData("''' ; DROP TABLE chunks; --")]
    [InlineData("-\"\" - \"a")]
    [InlineData("\u0000\uFFFF\uD800")]
    [InlineData("the who")]
    public async Task Any_text_can_be_looked_for(string query)
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("The who of it's all, quoted."u8.ToArray(), "q.txt");

        await user.SearchAsync(query);
    }

    [Fact]
    public async Task Filters_hold_by_words_and_by_meaning()
    {
        var user = await chancery.SignUpAsync();
        var red = await user.ReadyAsync("Sanderling one."u8.ToArray(), "1.txt", ("tags", "red"));
        var blue = await user.ReadyAsync("Sanderling two."u8.ToArray(), "2.txt", ("tags", "blue"));
        var made = blue.GetProperty("created_at").GetDateTimeOffset();

        Assert.Equal([red.Id()], await FoundAsync(new { query = "sanderling", tags = new[] { "red", "none" } }));
        Assert.Equal([blue.Id()], await FoundAsync(new { query = "sanderling", documents = new[] { blue.Id() } }));
        Assert.Equal([blue.Id()], await FoundAsync(new { query = "sanderling", from = made }));
        Assert.Equal([red.Id()], await FoundAsync(new { query = "sanderling", to = made }));
        Assert.Empty(await FoundAsync(new { query = "sanderling", collections = new[] { Guid.CreateVersion7() } }));
        Assert.Equal(2, (await FoundAsync(new { query = "sanderling", tags = Array.Empty<string>() })).Length);

        async Task<Guid[]> FoundAsync(object body) =>
            [
                .. (await user.PostAsync("/api/v1/search", body))
                    .Results()
                    .Select(passage => passage.GetProperty("document_id").GetGuid())
                    .Order(),
            ];
    }

    [Theory]
    [InlineData("""{"query":""}""", "query")]
    [InlineData("""{"query":"   "}""", "query")]
    [InlineData("""{"query":"a","limit":0}""", "limit")]
    [InlineData("""{"query":"a","limit":101}""", "limit")]
    [InlineData("""{"query":"a","threshold":1.5}""", "threshold")]
    [InlineData("""{"query":"a","from":"2025-01-02T00:00:00Z","to":"2025-01-01T00:00:00Z"}""", "to")]
    public async Task A_value_out_of_range_is_400_and_named(string body, string field)
    {
        var user = await chancery.SignUpAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        var response = await user.Http.PostAsync("/api/v1/search", content, Cancel);

        var problem = await KnowledgeApi.BodyAsync(response, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{problem}");
    }

    [Fact]
    public async Task Without_a_credential_nothing_is_found()
    {
        using var client = chancery.Anonymous();

        var response = await client.PostAsJsonAsync("/api/v1/search", new { query = "x" }, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
