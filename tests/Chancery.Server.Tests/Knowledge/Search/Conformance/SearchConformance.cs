using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Chancery.Testing.Models;
using Npgsql;

namespace Chancery.Server.Tests.Knowledge.Search.Conformance;

/// <summary>
/// What every way of searching promises alike: which passages match, what filters leave, the nearness of vectors, that organisations
/// never meet, that a change is seen by the next search, and that nothing is lost with what can be made again. The order that
/// words make differs between them, and is held against public judgements only.
/// </summary>
public abstract class SearchConformance<TBackEnd> : IClassFixture<TBackEnd>
    where TBackEnd : SearchBackEnd
{
    // More than a search takes of one kind, so that small numbers do not hide the way that is tested.
    private const int Fillers = 140;

    private readonly TBackEnd _store;

    protected SearchConformance(TBackEnd store)
    {
        Assert.SkipWhen(store.Missing is not null, store.Missing ?? "");
        _store = store;
    }

    private static readonly Lazy<GivenPassage[]> Public = new(() =>
        [
            .. File.ReadLines(TestData.File("ir", "xquad", "beir-en", "corpus.jsonl"))
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line))
                .Select(row => new GivenPassage($"{row.Text("_id")}.txt", row.Text("text"), [])),
        ]
    );

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_nearest_passages_come_in_their_order_with_their_cosines()
    {
        var (user, tenant) = await TenantAsync(Public.Value);
        const string question = "which universities did scientists of the nineteenth century found";
        var asked = HashedWords.Embed(question, _store.Model.Dimensions);

        var found = await SearchAsync(tenant, new PassageQuery(question, Limit: 100, Explain: true));

        var expected = Public
            .Value.Select(passage => Cosine(asked, HashedWords.Embed(passage.Text, _store.Model.Dimensions)))
            .OrderDescending()
            .ToArray();
        var dense = found
            .Passages.Select(passage => passage.Explain!.Dense)
            .OfType<StageRank>()
            .OrderBy(stage => stage.Rank)
            .ToArray();
        Assert.Equal(PassageResults.Hybrid, found.Mode);
        Assert.True(dense.Length >= 80, $"{dense.Length}");
        Assert.All(dense, stage => Assert.Equal(expected[stage.Rank - 1], stage.Score, 1e-3));
        Assert.All(found.Passages, passage => Assert.Equal(_store.Scan, passage.Explain!.Scan));
        Assert.Equal(user.TenantId, tenant.Value);
    }

    [Fact]
    public async Task Public_questions_are_ranked_well()
    {
        var (_, tenant) = await TenantAsync(Public.Value);
        var judged = File.ReadLines(TestData.File("ir", "xquad", "beir-en", "qrels", "test.tsv"))
            .Skip(1)
            .Select(line => line.Split('\t'))
            .ToLookup(parts => parts[0], parts => parts[1]);
        var questions = File.ReadLines(TestData.File("ir", "xquad", "beir-en", "queries.jsonl"))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where((_, place) => place % 20 == 0)
            .ToArray();

        var gains = new List<double>();
        foreach (var question in questions)
        {
            var found = await SearchAsync(tenant, new PassageQuery(question.Text("text"), Limit: 10));
            var place = found
                .Passages.Select(passage => Path.GetFileNameWithoutExtension(passage.Path))
                .ToList()
                .FindIndex(judged[question.Text("_id")].Contains);
            // One relevant passage each: its discounted gain is that of the whole list.
            gains.Add(place < 0 ? 0 : 1 / Math.Log2(place + 2));
        }

        Assert.True(gains.Average() >= 0.9, $"nDCG@10 is {gains.Average():f3} over {gains.Count} questions");
    }

    [Fact]
    public async Task Filters_phrases_exclusions_and_thresholds_leave_exactly_what_they_say()
    {
        var (user, tenant) = await TenantAsync([
            .. Public.Value.Take(Fillers),
            new GivenPassage("red.txt", "The zanderling bird runs along the sea.", ["red", "birds"]),
            new GivenPassage("blue.txt", "The zanderling bird sleeps on one leg.", ["blue"]),
            new GivenPassage("near.txt", "zanderling bird zanderling bird", ["birds"]),
        ]);
        var other = await user.PostAsync("/api/v1/collections", new { name = "Other" }, HttpStatusCode.Created);
        var all = (await SearchAsync(tenant, new PassageQuery("\"zanderling bird\"", Limit: 100))).Passages;
        var red = all.Single(passage => passage.Path == "red.txt").DocumentId;
        await PatchAsync(user, red, new { collection_id = other.Id() });
        await _store.ReadyAsync(tenant);
        var made = (await user.GetAsync($"/api/v1/docs/{red}")).GetProperty("created_at").GetDateTimeOffset();

        Assert.Equal(["blue.txt", "near.txt", "red.txt"], Names(all));
        Assert.Equal(["red.txt"], await NamesAsync(new PassageQuery("zanderling", Tags: ["red", "none"])));
        Assert.Equal(["near.txt", "red.txt"], await NamesAsync(new PassageQuery("zanderling", Tags: ["birds"])));
        Assert.Equal(["near.txt", "red.txt"], await NamesAsync(new PassageQuery("something else", Tags: ["birds"])));
        Assert.Equal(["red.txt"], await NamesAsync(new PassageQuery("zanderling", Documents: [red])));
        Assert.Equal(["red.txt"], await NamesAsync(new PassageQuery("zanderling", Collections: [other.Id()])));
        Assert.Equal(["blue.txt"], await NamesAsync(new PassageQuery("\"zanderling bird\" \"one leg\"")));
        Assert.Equal(["blue.txt", "near.txt"], await NamesAsync(new PassageQuery("\"zanderling bird\" -sea")));
        Assert.Equal(["near.txt"], await NamesAsync(new PassageQuery("zanderling bird", Threshold: 0.95)));
        Assert.Empty(await NamesAsync(new PassageQuery("zanderling bird", Threshold: 1)));
        Assert.Empty(await NamesAsync(new PassageQuery("zanderling", To: made)));
        Assert.Equal(3, (await NamesAsync(new PassageQuery("\"zanderling bird\"", From: made))).Length);
        Assert.Empty(await NamesAsync(new PassageQuery("zanderling", Documents: [red], Tags: ["blue"])));
        Assert.Empty(await NamesAsync(new PassageQuery("zanderling", Documents: [Guid.CreateVersion7()])));

        async Task<string[]> NamesAsync(PassageQuery query) =>
            Names((await SearchAsync(tenant, query with { Limit = 100 })).Passages);
    }

    [Fact]
    public async Task Organisations_never_meet()
    {
        var (_, mine) = await TenantAsync([.. Texts("mine"), new GivenPassage("own.txt", "The canary of mine.", [])]);
        var (_, theirs) = await TenantAsync([
            .. Texts("theirs"),
            new GivenPassage("canary.txt", "The canary yellow-7 sings.", []),
        ]);
        var canary = (await SearchAsync(theirs, new PassageQuery("canary yellow-7"))).Passages[0].DocumentId;

        foreach (
            var query in new[] { "canary yellow-7 sings", "theirs", "\"canary yellow-7\"", "shared words of both" }
        )
        {
            var found = (await SearchAsync(mine, new PassageQuery(query, Limit: 100))).Passages;
            Assert.DoesNotContain(found, passage => passage.DocumentId == canary);
            Assert.DoesNotContain(found, passage => passage.Text.Contains("theirs", StringComparison.Ordinal));
        }

        Assert.Empty((await SearchAsync(mine, new PassageQuery("canary", Documents: [canary]))).Passages);
        Assert.Empty(
            (
                await SearchAsync(new TenantId((await _store.SignUpAsync()).TenantId), new PassageQuery("canary"))
            ).Passages
        );

        GivenPassage[] Texts(string whose) =>
            [
                .. Enumerable
                    .Range(0, Fillers)
                    .Select(i => new GivenPassage($"{i}.txt", $"Shared words of both, number {i} of {whose}.", [])),
            ];
    }

    [Fact]
    public async Task Every_change_is_seen_by_the_next_search()
    {
        var (user, tenant) = await TenantAsync([.. Public.Value.Take(Fillers)]);

        var id = (await user.ReadyTextAsync("# One\n\nThe quokkarine smiles at everybody.", "one.md")).Id();
        Assert.Equal(1, await DenseRankAsync("quokkarine smiles at everybody", id));

        await user.ReplaceAsync(id, "# One\n\nNow the wombatine digs a hole."u8.ToArray(), "one.md");
        await user.SettledAsync(id);
        Assert.Equal(1, await DenseRankAsync("wombatine digs a hole", id));
        Assert.Empty((await SearchAsync(tenant, new PassageQuery("\"quokkarine smiles\""))).Passages);

        await user.Http.DeleteAsync($"/api/v1/docs/{id}", Cancel);
        Assert.Null(await DenseRankAsync("wombatine digs a hole", id));

        await user.PostAsync($"/api/v1/docs/{id}/restore");
        Assert.Equal(1, await DenseRankAsync("wombatine digs a hole", id));

        await PatchAsync(user, id, new { tags = new[] { "dug" } });
        Assert.Equal([id], await FoundAsync(new PassageQuery("wombatine", Tags: ["dug"])));
        await PatchAsync(user, id, new { tags = Array.Empty<string>() });
        Assert.Empty(await FoundAsync(new PassageQuery("wombatine", Tags: ["dug"])));

        var other = await user.PostAsync("/api/v1/collections", new { name = "Holes" }, HttpStatusCode.Created);
        await PatchAsync(user, id, new { collection_id = other.Id(), title = "Marsupials" });
        Assert.Equal([id], await FoundAsync(new PassageQuery("wombatine", Collections: [other.Id()])));
        Assert.Equal(
            "Marsupials",
            (await SearchAsync(tenant, new PassageQuery("\"wombatine digs\""))).Passages[0].Title
        );

        async Task<int?> DenseRankAsync(string text, Guid document) =>
            (await SearchAsync(tenant, new PassageQuery(text, Limit: 100, Explain: true)))
                .Passages.FirstOrDefault(passage => passage.DocumentId == document)
                ?.Explain!.Dense?.Rank;

        async Task<Guid[]> FoundAsync(PassageQuery query) =>
            [.. (await SearchAsync(tenant, query)).Passages.Select(passage => passage.DocumentId)];
    }

    [Fact]
    public async Task What_a_reader_may_not_read_is_neither_found_nor_counted_and_leaves_no_gap()
    {
        GivenPassage[] open =
        [
            .. Public.Value.Take(Fillers),
            .. Enumerable.Range(0, 12).Select(i => new GivenPassage($"open-{i}.txt", Sentence(i, "meadow"), [])),
        ];
        GivenPassage[] hidden =
        [
            // More of them, and nearer, than a search looks at: cut off after ranking they would leave nothing.
            .. Enumerable.Range(0, 150).Select(i => new GivenPassage($"hidden-{i}.txt", Sentence(i, "vault"), [])),
        ];
        var (owner, tenant) = await TenantAsync([.. open, .. hidden], isReady: false);
        var (_, alone) = await TenantAsync(open);
        var viewer = await _store.InviteAsync(owner, "viewer");
        var reader = Reader.As(viewer.UserId);
        await HideAsync(owner, "hidden-");
        await _store.ReadyAsync(tenant);

        foreach (
            var query in new[]
            {
                new PassageQuery("the zanderling keeps the vault", Limit: 10, Explain: true),
                new PassageQuery("the zanderling keeps the vault", Limit: 10, Explain: true, WordsOnly: true),
                new PassageQuery("\"the vault\"", Limit: 10),
                new PassageQuery("zanderling", Limit: 100, Threshold: 0.1),
                new PassageQuery("How many did the zanderling keep in the hidden-3 vault?", Limit: 10, ForAnswer: true),
            }
        )
        {
            // What is counted and read for those who may read more is not for this reader.
            await SearchAsync(tenant, query with { Reader = Reader.Everything });
            var seen = await SearchAsync(tenant, query with { Reader = reader });
            var expected = await SearchAsync(alone, query);

            Assert.DoesNotContain(
                seen.Passages,
                passage => passage.Path.StartsWith("hidden", StringComparison.Ordinal)
            );
            Assert.Equal(Told(expected), Told(seen));
            Assert.Equal(expected.Note, seen.Note);
        }

        var all = await SearchAsync(tenant, new PassageQuery("vault", Limit: 100) { Reader = Reader.Everything });
        var beyond = all.Passages.Count(passage => passage.Path.StartsWith("hidden", StringComparison.Ordinal));
        Assert.True(beyond > 90, $"Whoever may read them finds {beyond} of them among a hundred.");

        // Each of another length, so that no two have the same score and chance decides between none.
        static string Sentence(int i, string word) =>
            $"The zanderling keeps the {word} of all zanderlings{string.Concat(Enumerable.Repeat(" daisy", i))}.";

        static IEnumerable<(string, double, double?, double?)> Told(PassageResults results) =>
            results
                .Passages.Select(passage =>
                    (
                        passage.Path,
                        Score: Math.Round(passage.Score, 9),
                        Words: passage.Explain?.Lexical is { } lexical ? Math.Round(lexical.Score, 9) : (double?)null,
                        Meaning: passage.Explain?.Dense is { } dense ? Math.Round(dense.Score, 6) : (double?)null
                    )
                )
                .OrderByDescending(told => told.Score)
                .ThenBy(told => told.Path, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Every_change_of_who_may_read_is_seen_by_the_next_search()
    {
        var (owner, tenant) = await TenantAsync([
            .. Public.Value.Take(Fillers),
            new GivenPassage("hidden-1.txt", "The quokkarine smiles at everybody.", []),
        ]);
        var viewer = await _store.InviteAsync(owner, "viewer");
        var query = new PassageQuery("quokkarine smiles", Limit: 100, Explain: true)
        {
            Reader = Reader.As(viewer.UserId),
        };
        var document = (await SearchAsync(tenant, query)).Passages[0].DocumentId;
        Assert.True(await FoundAsync());

        await PutAsync(owner, $"/api/v1/docs/{document}/access", new { readers = Array.Empty<Guid>() });
        Assert.False(await FoundAsync());

        var group = await owner.PostAsync("/api/v1/groups", new { name = "Birders" }, HttpStatusCode.Created);
        await PutAsync(owner, $"/api/v1/docs/{document}/access", new { readers = new[] { group.Id() } });
        Assert.False(await FoundAsync());

        await PutAsync(owner, $"/api/v1/groups/{group.Id()}/members/{viewer.UserId}", new { });
        Assert.True(await FoundAsync());

        await owner.Http.DeleteAsync($"/api/v1/groups/{group.Id()}/members/{viewer.UserId}", Cancel);
        Assert.False(await FoundAsync());

        await owner.Http.DeleteAsync($"/api/v1/docs/{document}/access", Cancel);
        Assert.True(await FoundAsync());

        var collection = await HideAsync(owner, "hidden-1");
        Assert.False(await FoundAsync());

        await owner.Http.DeleteAsync($"/api/v1/collections/{collection}/access", Cancel);
        Assert.True(await FoundAsync());

        await PutAsync(owner, $"/api/v1/collections/{collection}/access", new { readers = new[] { viewer.UserId } });
        Assert.True(await FoundAsync());

        await PutAsync(owner, $"/api/v1/collections/{collection}/access", new { readers = new[] { owner.UserId } });
        Assert.False(await FoundAsync());

        // Its documents go elsewhere, and their readers with them.
        await owner.Http.DeleteAsync($"/api/v1/collections/{collection}", Cancel);
        Assert.False(await FoundAsync());

        async Task<bool> FoundAsync() =>
            (await SearchAsync(tenant, query)).Passages.Any(passage => passage.DocumentId == document);
    }

    [Fact]
    public async Task What_is_kept_beside_PostgreSQL_may_be_lost_and_nothing_is_missed_before_it_is_back_or_after()
    {
        var (_, tenant) = await TenantAsync(Public.Value);
        var query = new PassageQuery("the oldest church in the city", Limit: 20, Explain: true);
        var before = await SearchAsync(tenant, query);

        await _store.LoseAsync(tenant);
        var without = await SearchAsync(tenant, query);
        await _store.ReadyAsync(tenant);
        var after = await SearchAsync(tenant, query);

        Assert.Equal(Names(before.Passages), Names(without.Passages));
        Assert.Equal(Names(before.Passages), Names(after.Passages));
        Assert.All(after.Passages, passage => Assert.Equal(_store.Scan, passage.Explain!.Scan));
    }

    [Theory]
    [InlineData("''' ; DROP TABLE chunks; --")]
    [InlineData("\u0000\uFFFF\uD800 & | ! ( ) : * <->")]
    [InlineData("\"] or .tenant != \"x")]
    [InlineData("-\"\" - \"a")]
    [InlineData("the")]
    public async Task Any_text_can_be_looked_for(string text)
    {
        var (_, tenant) = await TenantAsync([new GivenPassage("a.txt", "The a of it all.", [])], isReady: false);

        await SearchAsync(tenant, new PassageQuery(text));
        await SearchAsync(
            tenant,
            new PassageQuery(string.Concat(Enumerable.Repeat(text + " ", 300))[..1000], Limit: 100)
        );
    }

    [Fact]
    public async Task Nothing_and_vectors_without_a_direction_are_searched_without_a_fault()
    {
        var empty = new TenantId((await _store.SignUpAsync()).TenantId);
        var (user, tenant) = await TenantAsync([.. Public.Value.Take(Fillers)], isReady: false);
        var zero = (await user.ReadyTextAsync("# Zero\n\nThe nullifier points nowhere.", "zero.md")).Id();
        await using (
            var nullify = _store.Owner.CreateCommand(
                "UPDATE chunk_vectors SET embedding = array_fill(0, ARRAY[128])::real[]::vector WHERE chunk_id IN (SELECT chunk_id FROM chunks WHERE document_id = $1)"
            )
        )
        {
            nullify.Parameters.Add(new NpgsqlParameter { Value = zero });
            await nullify.ExecuteNonQueryAsync(Cancel);
        }

        await _store.ReadyAsync(tenant);

        Assert.Empty((await SearchAsync(empty, new PassageQuery("anything"))).Passages);
        var found = await SearchAsync(tenant, new PassageQuery("nullifier", Limit: 100, Explain: true));
        Assert.Equal(zero, found.Passages[0].DocumentId);
        Assert.All(
            found.Passages,
            passage => Assert.True(passage.Explain!.Dense is null || double.IsFinite(passage.Explain.Dense.Score))
        );
        Assert.DoesNotContain(
            (await SearchAsync(tenant, new PassageQuery("points", Threshold: 0.1, Limit: 100, Explain: true))).Passages,
            passage => passage.DocumentId == zero && passage.Explain!.Dense is not null
        );
    }

    [Fact]
    public async Task Searches_and_changes_at_the_same_time_disturb_each_other_in_nothing()
    {
        var (user, tenant) = await TenantAsync([.. Public.Value.Take(Fillers)]);
        using var done = new CancellationTokenSource();
        var searchers = Enumerable
            .Range(0, 4)
            .Select(async i =>
            {
                while (!done.IsCancellationRequested)
                {
                    var found = await SearchAsync(tenant, new PassageQuery($"the church number {i}", Limit: 20));
                    Assert.Equal(
                        found.Passages.Count,
                        found.Passages.Select(passage => passage.ChunkId).Distinct().Count()
                    );
                }
            })
            .ToArray();

        for (var batch = 0; batch < 6; batch++)
        {
            await _store.GivenAsync(
                user,
                [
                    .. Enumerable
                        .Range(batch * 10, 10)
                        .Select(i => new GivenPassage($"new-{i}.txt", $"The simultanicity number {i} of many.", [])),
                ]
            );
        }

        await done.CancelAsync();
        await Task.WhenAll(searchers);
        var found = await SearchAsync(tenant, new PassageQuery("\"simultanicity number\"", Limit: 100));

        Assert.Equal(60, found.Passages.Count);
    }

    private static string[] Names(IReadOnlyList<Passage> passages) =>
        [.. passages.Select(passage => passage.Path).Order(StringComparer.Ordinal)];

    private static double Cosine(float[] a, float[] b) => a.Zip(b).Sum(pair => (double)pair.First * pair.Second);

    private Task<PassageResults> SearchAsync(TenantId tenant, PassageQuery query) =>
        _store.Search.SearchAsync(tenant, query, Cancel);

    private async Task<(TestUser User, TenantId Tenant)> TenantAsync(GivenPassage[] passages, bool isReady = true)
    {
        var user = await _store.SignUpAsync();
        var tenant = new TenantId(user.TenantId);
        await _store.GivenAsync(user, passages);
        if (isReady)
        {
            await _store.ReadyAsync(tenant);
        }

        return (user, tenant);
    }

    /// <summary>Moves documents of such names into a collection that only owners and admins read.</summary>
    private static async Task<Guid> HideAsync(TestUser owner, string prefix)
    {
        var collection = (
            await owner.PostAsync("/api/v1/collections", new { name = prefix }, HttpStatusCode.Created)
        ).Id();
        await PutAsync(owner, $"/api/v1/collections/{collection}/access", new { readers = Array.Empty<Guid>() });
        var ids = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await owner.GetAsync($"/api/v1/docs?limit=100{(cursor is null ? "" : $"&cursor={cursor}")}");
            ids.AddRange(
                page.Items()
                    .Where(one => one.Text("path").StartsWith(prefix, StringComparison.Ordinal))
                    .Select(one => one.Id())
            );
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        foreach (var part in ids.Chunk(100))
        {
            await owner.PostAsync(
                "/api/v1/docs/bulk",
                new
                {
                    action = "move",
                    ids = part,
                    collection_id = collection,
                }
            );
        }

        return collection;
    }

    private static async Task PutAsync(TestUser user, string path, object body)
    {
        var response = await user.Http.PutAsJsonAsync(path, body, ChanceryFixture.Json, Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task PatchAsync(TestUser user, Guid document, object change)
    {
        var response = await user.Http.PatchAsJsonAsync(
            $"/api/v1/docs/{document}",
            change,
            ChanceryFixture.Json,
            Cancel
        );
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}

public sealed class PostgresExactTests(PostgresExact store) : SearchConformance<PostgresExact>(store);

public sealed class PostgresHnswTests(PostgresHnsw store) : SearchConformance<PostgresHnsw>(store);

public sealed class RedisVectorSetTests(RedisVectorSets store) : SearchConformance<RedisVectorSets>(store);

public sealed class InMemoryTests(InMemory store) : SearchConformance<InMemory>(store);
