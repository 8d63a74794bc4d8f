using System.Net.Http.Json;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>What was committed before a query began is found by it, whichever server is asked.</summary>
public sealed class FreshIndexTests(IndexFixture chancery) : IClassFixture<IndexFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_kind_of_change_is_seen_by_the_next_query_on_every_server()
    {
        var user = await chancery.SignUpAsync();
        var other = IndexFixture.At(await chancery.StartReplicaAsync(), user);
        var shelf = (
            await user.PostAsync("/api/v1/collections", new { name = "Shelf" }, System.Net.HttpStatusCode.Created)
        ).Id();
        await ExpectAsync(new { query = "heron" });

        var heron = (await user.ReadyTextAsync("# Birds\n\nThe heron wades at dawn.", "heron.md")).Id();
        await ExpectAsync(new { query = "heron" }, heron);

        await user.ReplaceAsync(heron, "# Birds\n\nThe egret wades at dusk."u8.ToArray(), "heron.md");
        await user.SettledAsync(heron);
        await ExpectAsync(new { query = "\"heron wades\"" });
        await ExpectAsync(new { query = "\"egret wades\"" }, heron);

        await ChangeAsync(heron, new { title = "Ornithology" });
        await ExpectAsync(new { query = "\"ornithology\"" }, heron);

        await ChangeAsync(heron, new { tags = new[] { "wet" } });
        await ExpectAsync(new { query = "egret", tags = new[] { "wet" } }, heron);
        await user.PostAsync("/api/v1/tags/rename", new { from = "wet", to = "damp" });
        await ExpectAsync(new { query = "egret", tags = new[] { "wet" } });
        await ExpectAsync(new { query = "egret", tags = new[] { "damp" } }, heron);

        await ExpectAsync(new { query = "egret", collections = new[] { shelf } });
        await ChangeAsync(heron, new { collection_id = shelf });
        await ExpectAsync(new { query = "egret", collections = new[] { shelf } }, heron);
        await user.Http.DeleteAsync($"/api/v1/collections/{shelf}", Cancel);
        await ExpectAsync(new { query = "egret", collections = new[] { shelf } });

        await user.Http.DeleteAsync($"/api/v1/docs/{heron}", Cancel);
        await ExpectAsync(new { query = "egret" });
        await user.PostAsync($"/api/v1/docs/{heron}/restore");
        await ExpectAsync(new { query = "egret" }, heron);

        var second = (await user.ReadyTextAsync("# More\n\nThe egret nests in trees.", "more.md")).Id();
        await ExpectAsync(new { query = "egret" }, heron, second);
        await user.PostAsync("/api/v1/docs/bulk", new { action = "delete", ids = new[] { heron, second } });
        await ExpectAsync(new { query = "egret" });

        async Task ChangeAsync(Guid document, object change)
        {
            var response = await user.Http.PatchAsJsonAsync($"/api/v1/docs/{document}", change, Cancel);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        }

        async Task ExpectAsync(object query, params Guid[] expected)
        {
            foreach (var person in new[] { user, other })
            {
                var found = await person.PostAsync("/api/v1/search", query);
                Assert.Equal("memory", found.Text("engine"));
                Assert.Equal(
                    expected.Order(),
                    found.Results().Select(passage => passage.GetProperty("document_id").GetGuid()).Order()
                );
            }
        }
    }

    [Fact]
    public async Task Vectors_that_come_later_are_seen_by_the_next_query()
    {
        var user = await chancery.SignUpAsync();
        await user.SearchAsync("nothing yet");
        chancery.Model.EmbeddingsBehave(_ => Testing.Models.ScriptedReply.Failing(503));
        var late = await user.ReadyTextAsync("# Late\n\nThe ruff displays in spring.");
        var before = await user.SearchAsync("ruff");
        chancery.Model.EmbeddingsBehave(_ => new Testing.Models.ScriptedReply());
        await VectorTests.CompleteAsync(user, late.Id());

        var after = await user.SearchAsync("ruff");

        Assert.Equal("lexical", before.Text("mode"));
        Assert.Equal(("hybrid", "memory"), (after.Text("mode"), after.Text("engine")));
        Assert.False(after.TryGetProperty("note", out _));
        Assert.True(after.Results()[0].GetProperty("explain").TryGetProperty("dense", out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task After_any_order_of_changes_an_index_ranks_as_one_that_is_made_anew(int seed)
    {
        var random = new Random(seed);
        var user = await chancery.SignUpAsync();
        string[] birds = ["avocet", "bittern", "curlew", "dunlin", "egret", "fulmar"];
        var documents = new List<Guid>();
        for (var i = 0; i < 4; i++)
        {
            documents.Add((await user.ReadyTextAsync(TextOf(), $"{i}.md")).Id());
        }

        for (var step = 0; step < 24; step++)
        {
            var document = documents[random.Next(documents.Count)];
            switch (random.Next(7))
            {
                case 0:
                    documents.Add((await user.ReadyTextAsync(TextOf(), $"{step}.md")).Id());
                    break;
                case 1:
                    if ((await user.GetAsync($"/api/v1/docs/{document}")).TryGetProperty("deleted_at", out _))
                    {
                        break;
                    }

                    await user.ReplaceAsync(document, System.Text.Encoding.UTF8.GetBytes(TextOf()), "r.md");
                    await user.SettledAsync(document);
                    break;
                case 2:
                    await user.Http.DeleteAsync($"/api/v1/docs/{document}", Cancel);
                    break;
                case 3:
                    await user.PostAsync($"/api/v1/docs/{document}/restore");
                    break;
                case 4:
                    await user.Http.PatchAsJsonAsync(
                        $"/api/v1/docs/{document}",
                        new { title = birds[random.Next(birds.Length)] },
                        Cancel
                    );
                    break;
                case 5:
                    await user.Http.PatchAsJsonAsync($"/api/v1/docs/{document}", new { tags = new[] { "t" } }, Cancel);
                    break;
                default:
                    await user.SearchAsync(birds[random.Next(birds.Length)]);
                    break;
            }
        }

        var fresh = chancery.NewServer().Search;
        var kept = chancery.Services.GetRequiredService<IPassageSearch>();
        foreach (var bird in birds)
        {
            foreach (var query in new[] { Query($"{bird} mud"), Query($"\"the {bird}\"", "t") })
            {
                Assert.Equal(await RankedAsync(fresh, query), await RankedAsync(kept, query));
            }
        }

        PassageQuery Query(string query, string? tag = null) => new(query, Limit: 50, Tags: tag is null ? null : [tag]);

        async Task<string[]> RankedAsync(IPassageSearch search, PassageQuery query)
        {
            var found = await search.SearchAsync(new TenantId(user.TenantId), query, Cancel);
            Assert.Equal(SearchEngines.Memory, found.Engine);
            return [.. found.Passages.Select(passage => $"{passage.ChunkId} {passage.Score:F9}")];
        }

        string TextOf() =>
            string.Join(
                "\n\n",
                Enumerable
                    .Range(0, random.Next(1, 5))
                    .Select(i =>
                        $"# Part {i}\n\n"
                        + string.Join(
                            " ",
                            Enumerable.Range(0, 12).Select(_ => $"the {birds[random.Next(birds.Length)]} probes mud")
                        )
                    )
            );
    }

    [Fact]
    public async Task Queries_during_changes_see_each_document_before_or_after_and_never_fail()
    {
        var user = await chancery.SignUpAsync();
        var document = (await user.ReadyTextAsync(Text(0), "changing.md")).Id();
        await user.SearchAsync("linnet");
        using var done = new CancellationTokenSource();
        var asking = Enumerable
            .Range(0, 4)
            .Select(async _ =>
            {
                var asked = 0;
                while (!done.IsCancellationRequested)
                {
                    var found = await user.PostAsync("/api/v1/search", new { query = "linnet", limit = 50 });
                    var texts = found
                        .Results()
                        .Select(passage => passage.Text("text"))
                        .Where(text => text.Contains("edition", StringComparison.Ordinal))
                        .ToArray();
                    Assert.InRange(texts.Length, 0, 9);
                    Assert.True(
                        texts.Select(text => text.Split("edition ")[1][..2]).Distinct().Count() <= 1,
                        string.Join("|", texts)
                    );
                    asked++;
                }

                return asked;
            })
            .ToArray();

        for (var edition = 1; edition <= 5; edition++)
        {
            await user.ReplaceAsync(document, System.Text.Encoding.UTF8.GetBytes(Text(edition)), "changing.md");
            await user.SettledAsync(document);
            var found = await user.PostAsync(
                "/api/v1/search",
                new { query = $"linnet \"edition {edition}x\"", limit = 5 }
            );
            Assert.InRange(found.Results().Length, 3, 5);
            Assert.All(
                found.Results(),
                passage => Assert.Contains($"edition {edition}x", passage.Text("text"), StringComparison.Ordinal)
            );
        }

        await done.CancelAsync();
        Assert.All(await Task.WhenAll(asking), asked => Assert.True(asked > 0));

        static string Text(int edition) =>
            string.Join(
                "\n\n",
                Enumerable
                    .Range(0, 3)
                    .Select(i =>
                        $"# Part {i}\n\nThe linnet of part {i} in edition {edition}x sings. "
                        + string.Concat(Enumerable.Repeat("It says the same again and again, in the hedge. ", 40))
                    )
            );
    }
}
