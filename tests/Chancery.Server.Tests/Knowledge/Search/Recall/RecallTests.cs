using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Tests.Knowledge.Search.Recall;

/// <summary>How many of the nearest passages are served, measured on the searches themselves.</summary>
public sealed class RecallTests(RecallTests.Lossy chancery) : IClassFixture<RecallTests.Lossy>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Recall_is_the_share_of_the_nearest_and_what_is_as_near_as_the_last_of_them_counts()
    {
        double[] nearest = [0.9, 0.8, 0.7, 0.7, 0.6];

        Assert.Equal(1, new ExactNearest(nearest, [0.9, 0.8, 0.7]).RecallAt(3));
        // In any order, and by whichever of two that are equally near.
        Assert.Equal(1, new ExactNearest(nearest, [0.7, 0.9, 0.8]).RecallAt(3));
        Assert.Equal(0.5, new ExactNearest(nearest, [0.9, 0.6, 0.8]).RecallAt(2));
        // Fewer were served, and one that nobody may see.
        Assert.Equal(0.25, new ExactNearest(nearest, [0.9, null]).RecallAt(4));
        // Fewer there are.
        Assert.Equal(0.8, new ExactNearest(nearest, [0.9, 0.8, 0.7, 0.7, 0.1]).RecallAt(10));
        Assert.Null(new ExactNearest([], []).RecallAt(10));
    }

    [Fact]
    public async Task What_an_index_misses_is_seen_in_the_gauge()
    {
        var user = await chancery.SignUpAsync();
        await FillAsync(user);

        var answer = await user.SearchAsync("curlew");
        await AccessApi.EventuallyAsync(() => Task.FromResult(Gauge(chancery).Count > 0), TimeSpan.FromSeconds(30));

        Assert.Equal("postgres", answer.Text("engine"));
        // It names every second passage only: half of the ten nearest, and half of all twenty.
        Assert.Equal(0.5, Gauge(chancery)["10"]);
        Assert.Equal(0.5, Gauge(chancery)["100"]);
    }

    [Fact]
    public async Task What_changed_since_the_search_is_not_held_against_it()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Curlew\n\ncurlew");
        var tenant = new TenantId(user.TenantId);
        var query = new PassageQuery("curlew");
        var search = ActivatorUtilities.CreateInstance<PostgresPassageSearch>(chancery.Services);
        var store = chancery.Services.GetRequiredService<PassageStore>();
        var served = (await search.SearchAsync(tenant, query, Cancel)).Nearest!;

        var before = await store.ExactAsync(tenant, query, served, 10, Cancel);
        await user.ReadyTextAsync("# Another\n\ncurlew and others");
        var after = await store.ExactAsync(tenant, query, served, 10, Cancel);

        Assert.Equal(1, before!.RecallAt(10));
        Assert.Null(after);
    }

    [Fact]
    public void Only_so_many_searches_are_looked_into_as_the_setting_says_and_no_more_than_wait()
    {
        var served = new ServedNearest("scripted", new float[] { 1 }, [], Guid.CreateVersion7());

        Assert.Equal(0, Taken(0, 100, "curlew", served));
        Assert.Equal(2, Taken(0.25, 8, "curlew", served));
        Assert.Equal(1, Taken(0.01, 100, "curlew", served));
        Assert.Equal(16, Taken(1, 100, "curlew", served));
        Assert.Equal(0, Taken(1, 8, "\"the curlew\" -gull", served));
        Assert.Equal(0, Taken(1, 8, "curlew", null));
    }

    private int Taken(double share, int searches, string text, ServedNearest? served)
    {
        using var probe = ActivatorUtilities.CreateInstance<RecallProbe>(
            chancery.Services,
            Options.Create(new KnowledgeOptions { SearchRecallSample = share })
        );
        for (var i = 0; i < searches; i++)
        {
            probe.Offer(new TenantId(Guid.CreateVersion7()), new PassageQuery(text), served);
        }

        return probe.Waiting;
    }

    /// <summary>Twenty passages, each a little farther from the word than the one before.</summary>
    internal static Task FillAsync(TestUser user) =>
        Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(i =>
                    user.ReadyTextAsync(
                        "curlew " + string.Join(' ', Enumerable.Range(0, 3 * i).Select(word => $"word{i}x{word}"))
                    )
                )
        );

    /// <summary>By the label <c>k</c>, as it stands.</summary>
    internal static IReadOnlyDictionary<string, double> Gauge(ChanceryFixture of)
    {
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (
                    instrument.Name == "vector_search_recall"
                    && instrument.Meter.Scope == of.Services.GetRequiredService<IMeterFactory>()
                )
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(
            (_, value, tags, _) =>
            {
                Assert.Equal("k", tags[0].Key);
                seen[Convert.ToString(tags[0].Value, CultureInfo.InvariantCulture)!] = value;
            }
        );
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;
    }

    /// <summary>PostgreSQL searches, by an index that is known to lose every second passage.</summary>
    public sealed class Lossy : EmbeddingFixture
    {
        public Lossy()
        {
            Settings["SEARCH_ENGINE"] = "postgres";
            Settings["SEARCH_RECALL_SAMPLE"] = "1";
            ConfigureServices = services => services.AddSingleton<INearestPassages, EverySecond>();
        }
    }

    private sealed class EverySecond(TenantDatabase database) : INearestPassages
    {
        private const string NearestSql = """
            SELECT v.chunk_id FROM chunk_vectors AS v
            WHERE v.tenant_id = @tenant AND v.model = @model
            ORDER BY v.embedding <=> @vector::vector, v.chunk_id
            """;

        public string Scan => DenseScan.Indexed;

        public async Task<NearestIds?> FindAsync(
            TenantId tenant,
            string model,
            string vector,
            Guid[]? documents,
            int most,
            CancellationToken cancellationToken
        )
        {
            await using var session = await database.OpenAsync(tenant, cancellationToken);
            var ids = await session.QueryAsync<Guid>(
                NearestSql,
                new
                {
                    tenant = tenant.Value,
                    model,
                    vector,
                },
                cancellationToken
            );
            return new NearestIds([.. ids.Where((_, place) => place % 2 == 0)], IsAll: true);
        }
    }
}

/// <summary>The same of the index in memory, whose vectors have one byte a number.</summary>
public sealed class RecallInMemoryTests(RecallInMemoryTests.Memory chancery) : IClassFixture<RecallInMemoryTests.Memory>
{
    [Fact]
    public async Task The_index_in_memory_is_looked_into_too()
    {
        var user = await chancery.SignUpAsync();
        await RecallTests.FillAsync(user);

        await AccessApi.EventuallyAsync(
            async () => (await user.SearchAsync("curlew")).Text("engine") == "memory",
            TimeSpan.FromSeconds(30)
        );
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(RecallTests.Gauge(chancery).Count == 2),
            TimeSpan.FromSeconds(30)
        );

        Assert.InRange(RecallTests.Gauge(chancery)["10"], 0.9, 1);
        Assert.Equal(1, RecallTests.Gauge(chancery)["100"]);
    }

    public sealed class Memory : EmbeddingFixture
    {
        public Memory() => Settings["SEARCH_RECALL_SAMPLE"] = "1";
    }
}
