using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Tests.Knowledge.Indexes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge.Search;

/// <summary>Searches whose best passages are ranked again, with the local model and with an operator's cross-encoder.</summary>
public sealed class RerankTests(RerankTests.Fixture chancery) : IClassFixture<RerankTests.Fixture>
{
    private const string Query = "which animal looks for food in wet soil";

    // What the closing token of the query finds: the passage's.
    private const int Closing = 1;

    private static readonly string[] Texts =
    [
        "# Birds\n\nThe curlew probes the mud for worms.",
        "# Rent\n\nThe tenant pays on the first working day of the month.",
        "# Soil\n\nWet soil is heavy, and wet soil is cold.",
        "# Food\n\nAn animal that looks for food in winter looks long.",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unless_somebody_wants_it_nothing_is_ranked_again()
    {
        var (user, off) = await GivenAsync();

        Assert.False(off.TryGetProperty("rerank", out _), $"{off}");
        Assert.All(off.Results(), passage => Assert.False(Explained(passage).TryGetProperty("rerank", out _)));
        Assert.Equal(off.Results().Length, (await SearchAsync(user, "off")).Results().Length);
    }

    [Fact]
    public async Task Tokens_are_compared_and_the_answer_tells_what_that_did()
    {
        var (user, off) = await GivenAsync();

        var found = await SearchAsync(user, "maxsim");
        var again = await SearchAsync(user, "maxsim");

        AssertReport(found, "maxsim", "done", off.Results().Length);
        Assert.False(found.GetProperty("rerank").TryGetProperty("note", out _));
        var ranks = found.Results().Select(passage => Explained(passage).GetProperty("rerank")).ToArray();
        Assert.Equal(
            Enumerable.Range(1, off.Results().Length),
            ranks.Select(rank => rank.GetProperty("rank").GetInt32()).Order()
        );
        Assert.All(ranks, rank => Assert.InRange(rank.GetProperty("score").GetDouble(), 0, 1));
        AssertDescending(found);
        // From what was kept, to the last bit.
        Assert.Equal(Scores(found), Scores(again));
    }

    [Fact]
    public async Task A_limit_cuts_off_after_more_were_looked_at()
    {
        var (user, off) = await GivenAsync();

        var whole = await SearchAsync(user, "cross");
        var first = await SearchAsync(user, "cross", limit: 1);

        AssertReport(first, "cross", "done", off.Results().Length);
        Assert.Equal(Scores(whole)[0], Assert.Single(Scores(first)));
    }

    [Fact]
    public async Task The_operators_cross_encoder_reads_query_and_passage_together()
    {
        var (user, off) = await GivenAsync();

        var found = await SearchAsync(user, "cross");

        AssertReport(found, "cross", "done", off.Results().Length);
        AssertDescending(found);
        // Words of the query that the passage and its heading have, as often as they stand there.
        Assert.Equal(1 + Closing, Told(found, "curlew"));
        Assert.Equal(5 + Closing, Told(found, "heavy"));
        Assert.Equal(7 + Closing, Told(found, "winter"));
    }

    [Fact]
    public async Task When_the_time_is_over_the_former_order_is_served_and_the_answer_says_so()
    {
        var (user, off) = await GivenAsync();
        var hurried = await chancery.HurriedAsync(user);

        // As long as a query may be: six layers over 64 tokens take more than a millisecond anywhere.
        var found = await SearchAsync(hurried, "maxsim", limit: 100, query: Long);
        var plain = await SearchAsync(hurried, "off", limit: 100, query: Long);

        AssertReport(found, "maxsim", "over_budget", plain.Results().Length);
        Assert.Contains("longer", found.GetProperty("rerank").Text("note"), StringComparison.Ordinal);
        Assert.Equal(Scores(plain), Scores(found));
        Assert.All(found.Results(), passage => Assert.False(Explained(passage).TryGetProperty("rerank", out _)));
        Assert.NotEmpty(off.Results());
    }

    [Fact]
    public async Task A_cross_encoder_that_cannot_be_loaded_costs_nothing_but_its_order()
    {
        var (user, off) = await GivenAsync();
        var broken = await chancery.BrokenAsync(user);

        var found = await SearchAsync(broken, "cross");

        AssertReport(found, "cross", "failed", off.Results().Length);
        Assert.Contains("log", found.GetProperty("rerank").Text("note"), StringComparison.Ordinal);
        Assert.Equal(Scores(off), Scores(found));
    }

    [Fact]
    public async Task What_is_not_there_is_said_and_search_goes_on()
    {
        var (user, off) = await GivenAsync();
        var bare = await chancery.BareAsync(user);

        var cross = await SearchAsync(bare, "cross");
        var tokens = await SearchAsync(bare, "maxsim");

        AssertReport(cross, "cross", "unavailable", 0);
        Assert.Contains("CROSS_ENCODER", cross.GetProperty("rerank").Text("note"), StringComparison.Ordinal);
        AssertReport(tokens, "maxsim", "unavailable", 0);
        Assert.NotEmpty(cross.Results());
        Assert.NotEmpty(off.Results());
    }

    [Fact]
    public async Task Where_an_operator_has_a_cross_encoder_searches_use_it_unless_they_say_otherwise()
    {
        var (user, _) = await GivenAsync();
        var usual = await chancery.UsualAsync(user);

        AssertReport(await SearchAsync(usual, null), "cross", "done", null);
        AssertReport(await SearchAsync(usual, "auto"), "cross", "done", null);
        Assert.False((await SearchAsync(usual, "off")).TryGetProperty("rerank", out _));
    }

    [Fact]
    public async Task A_query_without_words_of_its_own_keeps_the_order()
    {
        var (user, _) = await GivenAsync();

        foreach (var query in new[] { "-rent", "\"wet soil\"", "\0 \uD800", "!!!" })
        {
            var found = await SearchAsync(user, "maxsim", query: query);

            Assert.Equal(Ids(await SearchAsync(user, "off", query: query)).Order(), Ids(found).Order());
        }
    }

    [Theory]
    [InlineData("best")]
    [InlineData("")]
    [InlineData("MAXSIM")]
    public async Task Another_name_is_refused(string name)
    {
        var user = await chancery.SignUpAsync();

        var problem = await user.PostAsync(
            "/api/v1/search",
            new { query = "soil", rerank = name },
            HttpStatusCode.BadRequest
        );

        Assert.Contains("maxsim", $"{problem.GetProperty("errors").GetProperty("rerank")}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_logged_query_can_be_replayed_with_another_reranker()
    {
        var (user, _) = await GivenAsync();
        var id = (await user.GetAsync("/api/v1/queries")).Items()[0].Id();

        var replayed = await user.PostAsync($"/api/v1/queries/{id}/replay", new { rerank = "maxsim", explain = true });

        Assert.Equal("done", replayed.GetProperty("after").GetProperty("rerank").Text("outcome"));
        Assert.True(replayed.GetProperty("after").GetProperty("stages").TryGetProperty("reranking", out _));
    }

    [Fact]
    public async Task How_long_searches_wait_is_measured_by_reranker_and_outcome()
    {
        var (user, _) = await GivenAsync();
        var seen = new ConcurrentBag<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "vector_rerank_duration_seconds")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(
            (_, _, tags, _) => seen.Add(string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")))
        );
        listener.Start();

        await SearchAsync(user, "cross");

        Assert.Contains("reranker=cross,outcome=done", seen);
    }

    [Theory]
    [InlineData("RERANK", "sometimes")]
    [InlineData("RERANK_BUDGET_MS", "0")]
    [InlineData("RERANK_CANDIDATES", "-1")]
    [InlineData("RERANK_CACHE_MB", "-1")]
    [InlineData("CROSS_ENCODER", "/nowhere/at/all")]
    [InlineData("CROSS_ENCODER_TOKENS", "1")]
    public async Task A_setting_that_cannot_be_used_stops_the_start_and_is_named(string name, string value)
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => chancery.StartWithAsync((name, value)));

        Assert.Contains(name, fault.ToString(), StringComparison.Ordinal);
    }

    private static string Long { get; } = string.Join(' ', Enumerable.Repeat(Query, 102))[..4000];

    private async Task<(TestUser User, JsonElement Off)> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        foreach (var text in Texts)
        {
            await VectorTests.CompleteAsync(user, (await user.ReadyTextAsync(text)).Id());
        }

        return (user, await SearchAsync(user, null));
    }

    private static Task<JsonElement> SearchAsync(TestUser user, string? rerank, int limit = 5, string query = Query) =>
        user.PostAsync(
            "/api/v1/search",
            new
            {
                query,
                limit,
                explain = true,
                rerank,
            }
        );

    private static void AssertReport(JsonElement found, string reranker, string outcome, int? candidates)
    {
        Assert.True(found.TryGetProperty("rerank", out var report), $"{found}");
        Assert.Equal((reranker, outcome), (report.Text("reranker"), report.Text("outcome")));
        Assert.Equal(
            candidates ?? report.GetProperty("candidates").GetInt32(),
            report.GetProperty("candidates").GetInt32()
        );
        Assert.True(report.GetProperty("took_ms").GetDouble() >= 0);
        Assert.True(report.GetProperty("budget_ms").GetInt32() >= 1);
    }

    private static void AssertDescending(JsonElement found)
    {
        var scores = found.Results().Select(passage => passage.GetProperty("score").GetDouble()).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.All(scores, score => Assert.InRange(score, 0, 1));
    }

    private static JsonElement Explained(JsonElement passage) => passage.GetProperty("explain");

    private static double Told(JsonElement found, string word) =>
        Explained(found.Results().Single(passage => passage.Text("text").Contains(word, StringComparison.Ordinal)))
            .GetProperty("rerank")
            .GetProperty("score")
            .GetDouble();

    private static string[] Ids(JsonElement found) => [.. found.Results().Select(passage => passage.Text("chunk_id"))];

    private static (string Id, double Score)[] Scores(JsonElement found) =>
        [.. found.Results().Select(passage => (passage.Text("chunk_id"), passage.GetProperty("score").GetDouble()))];

    /// <summary>The local model, and a cross-encoder that counts words; nothing is ranked again unless a search says so.</summary>
    public sealed class Fixture : ChanceryFixture
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("chancery-cross-").FullName;
        private readonly ConcurrentDictionary<string, Lazy<Task<Uri>>> _others = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim _starting = new(1);

        public Fixture()
        {
            TinyCrossEncoder.Write(_directory, [.. Query.Split(' ')]);
            Settings["EMBEDDING_LOCAL"] = LocalModelCatalogue.DefaultModel;
            Settings["CROSS_ENCODER"] = _directory;
            Settings["RERANK"] = "off";
            // As long as a busy machine takes.
            Settings["RERANK_BUDGET_MS"] = "60000";
        }

        public Task<TestUser> HurriedAsync(TestUser user) => AtAsync(user, ("RERANK_BUDGET_MS", "1"));

        public Task<TestUser> UsualAsync(TestUser user) => AtAsync(user, ("RERANK", "auto"));

        public Task<TestUser> BareAsync(TestUser user) =>
            AtAsync(user, ("CROSS_ENCODER", null), ("EMBEDDING_LOCAL", "off"));

        public Task<TestUser> BrokenAsync(TestUser user)
        {
            var broken = Path.Combine(_directory, "broken");
            TinyCrossEncoder.Write(broken, []);
            File.WriteAllText(Path.Combine(broken, "model.onnx"), "This was a model.");
            return AtAsync(user, ("CROSS_ENCODER", broken));
        }

        public async Task<Uri> StartWithAsync(params (string Name, string? Value)[] settings)
        {
            // One at a time: settings are the fixture's.
            await _starting.WaitAsync(TestContext.Current.CancellationToken);
            var before = Settings.ToDictionary();
            try
            {
                foreach (var (name, value) in settings)
                {
                    Settings[name] = value;
                }

                return await StartReplicaAsync();
            }
            finally
            {
                foreach (var (name, _) in settings)
                {
                    if (before.TryGetValue(name, out var value))
                    {
                        Settings[name] = value;
                    }
                    else
                    {
                        Settings.Remove(name);
                    }
                }

                _starting.Release();
            }
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _starting.Dispose();
            Directory.Delete(_directory, recursive: true);
        }

        private async Task<TestUser> AtAsync(TestUser user, params (string Name, string? Value)[] settings) =>
            IndexFixture.At(
                await _others.GetOrAdd(string.Join(',', settings), _ => new(() => StartWithAsync(settings))).Value,
                user
            );
    }
}
