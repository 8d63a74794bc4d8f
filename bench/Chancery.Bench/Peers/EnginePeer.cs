using System.Diagnostics;
using Chancery.Bench.SearchEngine;
using Chancery.Search.Engine;
using Chancery.Search.Engine.Snapshots;

namespace Chancery.Bench.Peers;

// The other verbs have a record of the same name.
using IndexedPassage = Chancery.Search.Engine.IndexedPassage;

/// <summary>The search engine on a set: by vector as every peer, by words beside FTS5, and by both, which no peer does.</summary>
internal static class EnginePeer
{
    public const string Name = "chancery";
    public const string Words = "chancery:words";
    public const string Hybrid = "chancery:hybrid";

    private const int BatchRows = 1000;
    private const int MostMilliseconds = 4000;
    private const int Tenants = 24;

    public static SearchIndexOptions Options(PeerSet set) => new() { Dimensions = set.Dimensions };

    public static Measured Measure(PeerSet set, PeerTruth truth, bool isRebuilt)
    {
        var build = Build(set, isRebuilt, hasTexts: false);
        var timings = new List<Timing>();
        // What the engine does by itself comes first.
        (string Setting, SearchIndexOptions Options)[] ways =
        [
            ("as it is", Options(set)),
            ("exact", Options(set) with { ExactScanRows = int.MaxValue }),
            ("1 bit, 5 % scored again", Options(set) with { ExactScanRows = 0, PrefilterShare = 0.05 }),
            ("1 bit, 2 % scored again", Options(set) with { ExactScanRows = 0, PrefilterShare = 0.02 }),
            ("1 bit, 1 % scored again", Options(set) with { ExactScanRows = 0, PrefilterShare = 0.01 }),
        ];
        foreach (var (setting, options) in ways)
        {
            var (index, load) = Open(set, options, hasTexts: false);
            foreach (var filter in setting == ways[0].Setting ? PeerSet.Filters : [null])
            {
                var (timing, found) = Time(index, Requests(set, false, true, filter), setting, filter, load);
                timings.Add(timing with { Recall = truth.Recall(filter, found) });
            }
        }

        var asIs = Open(set, Options(set), hasTexts: false).Index;
        return new Measured(Name, null, build, timings, Count(asIs, Requests(set, false, true, null), ways[0].Setting));
    }

    /// <summary>By words, or by both; 24 tenants in turn at the end.</summary>
    public static Measured MeasureWords(PeerSet set, bool isHybrid, bool isRebuilt)
    {
        var name = isHybrid ? Hybrid : Words;
        if (set.Texts.Length == 0)
            return new Measured(name, "This set has no texts.", null, [], null);

        var build = Build(set, isRebuilt, hasTexts: true);
        var (index, load) = Open(set, Options(set), hasTexts: true);
        var timings = new List<Timing>();
        foreach (var filter in PeerSet.Filters)
            timings.Add(Time(index, Requests(set, true, isHybrid, filter), "as it is", filter, load).Timing);
        if (isHybrid)
            timings.AddRange(InTurn(set));
        return new Measured(name, null, build, timings, Count(index, Requests(set, true, isHybrid, null), "as it is"));
    }

    private static SearchRequest[] Requests(PeerSet set, bool words, bool vectors, int? filter) =>
        [
            .. Enumerable
                .Range(0, set.QueryCount)
                .Select(query => new SearchRequest
                {
                    Text = words ? set.Questions[query] : "",
                    Vector = vectors ? set.Query(query).ToArray() : default(ReadOnlyMemory<float>),
                    Filter = filter is null ? null : new SearchFilter { Tags = [Tag(filter.Value)] },
                    // As many as the peers are asked for; fusion needs more of both.
                    Candidates = words ? 100 : 10,
                }),
        ];

    private static string Tag(int percent) => $"{percent} %";

    private static string FileOf(PeerSet set, bool hasTexts) =>
        Path.Combine(set.Folder, hasTexts ? "engine-with-texts" : "engine-vectors");

    private static BuildCost Build(PeerSet set, bool isRebuilt, bool hasTexts)
    {
        var path = FileOf(set, hasTexts);
        // What an engine of before has written is refused.
        if (
            !isRebuilt
            && File.Exists(path)
            && KeptCost.Read(path) is { } kept
            && SearchIndex.Open(path, Options(set)) is SnapshotOpening.Opened
        )
            return kept;

        IndexedPassage[] passages = [.. Enumerable.Range(0, set.Count).Select(row => Passage(set, row, hasTexts))];
        var index = new SearchIndex(Options(set));
        var watch = new Watch();
        foreach (var part in passages.Chunk(BatchRows))
        {
            index.Apply(new IndexChanges(new IndexRevision(1, EngineCorpus.Id(1))) { Passages = part });
            while (index.Merge()) { }
        }

        index.Merge(everything: true);
        var cost = new BuildCost(watch.Seconds, watch.Processor, watch.Others, 0);
        index.Save(path);
        cost = cost with { Bytes = new FileInfo(path).Length / (double)set.Count };
        KeptCost.Write(path, cost);
        return cost;
    }

    private static IndexedPassage Passage(PeerSet set, int row, bool hasTexts)
    {
        var document = new IndexedDocument(EngineCorpus.Id(6_000_000 + row))
        {
            Tags =
            [
                .. PeerSet
                    .Filters.OfType<int>()
                    .Where(filter => set.IsAllowed(row, filter))
                    .Select(filter => Tag(filter)),
            ],
        };
        return new IndexedPassage(EngineCorpus.Id(row), document, row, hasTexts ? set.Texts[row] : "")
        {
            Vector = set.Vector(row).ToArray(),
        };
    }

    private static (SearchIndex Index, double Load) Open(PeerSet set, SearchIndexOptions options, bool hasTexts) =>
        Open(FileOf(set, hasTexts), options, new SearchRequest { Vector = set.Query(0).ToArray() });

    private static (SearchIndex Index, double Load) Open(string path, SearchIndexOptions options, SearchRequest first)
    {
        var began = Stopwatch.GetTimestamp();
        var index = ((SnapshotOpening.Opened)SearchIndex.Open(path, options)).Index;
        index.Search(first);
        return (index, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static (Timing Timing, IReadOnlyList<int>[] Found) Time(
        SearchIndex index,
        SearchRequest[] requests,
        string setting,
        int? filter,
        double load
    ) => Time(_ => index, requests, setting, filter, load);

    private static (Timing Timing, IReadOnlyList<int>[] Found) Time(
        Func<int, SearchIndex> indexOf,
        SearchRequest[] requests,
        string setting,
        int? filter,
        double load
    )
    {
        // Until the just-in-time compiler has nothing more to improve.
        for (var i = 0; i < 300; i++)
            indexOf(i).Search(requests[i % requests.Length]);
        GC.Collect();
        var (times, busy) = (new List<double>(), new List<double>());
        var found = new List<IReadOnlyList<int>>();
        var watch = new Watch();
        for (var i = 0; i < requests.Length && (i < 20 || watch.Seconds * 1000 < MostMilliseconds); i++)
        {
            var before = EngineBench.ProcessorTime();
            var began = Stopwatch.GetTimestamp();
            var outcome = indexOf(i).Search(requests[i]);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            busy.Add(EngineBench.ProcessorTime() - before);
            found.Add([.. outcome.Hits.Select(hit => BitConverter.ToInt32(hit.PassageId.ToByteArray()))]);
        }

        double[] sorted = [.. times.Order()];
        return (
            new Timing(
                setting,
                filter,
                load,
                Timing.Percentile(sorted, 50),
                Timing.Percentile(sorted, 95),
                Timing.Percentile(sorted, 99),
                busy.Average(),
                Timing.Percentile([.. busy.Order()], 99),
                watch.Others,
                null
            ),
            [.. found]
        );
    }

    /// <summary>
    /// Each tenant a file of its own: what one tenant's query reads, the next one's has pushed out of the caches. Cold: nothing of
    /// the file is in memory, and the first query pays for reading and checking all of it.
    /// </summary>
    private static IEnumerable<Timing> InTurn(PeerSet set)
    {
        var folder = Directory.CreateTempSubdirectory("chancery-bench-");
        try
        {
            var requests = Requests(set, true, true, null);
            var paths = new string[Tenants];
            for (var i = 0; i < Tenants; i++)
                File.Copy(FileOf(set, hasTexts: true), paths[i] = Path.Combine(folder.FullName, $"{i}.index"));
            foreach (var isCold in new[] { true, false })
            {
                var opened = new SearchIndex[Tenants];
                var loads = new double[Tenants];
                var watch = new Watch();
                for (var i = 0; i < Tenants; i++)
                {
                    if (isCold)
                        PageCache.Forget(paths[i]);
                    (opened[i], loads[i]) = Open(paths[i], Options(set), requests[i]);
                    loads[i] *= 1000;
                }

                var sorted = loads.Order().ToArray();
                yield return new Timing(
                    isCold
                        ? $"{Tenants} tenants, each one's first query, the file not in memory"
                        : $"{Tenants} tenants, each one's first query, the file in memory",
                    null,
                    0,
                    Timing.Percentile(sorted, 50),
                    Timing.Percentile(sorted, 95),
                    Timing.Percentile(sorted, 99),
                    watch.Processor * 1000 / Tenants,
                    null,
                    watch.Others,
                    null
                );
                if (!isCold)
                    yield return Time(i => opened[i % Tenants], requests, $"{Tenants} tenants in turn", null, 0).Timing;
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Throughput Count(SearchIndex index, SearchRequest[] requests, string setting)
    {
        var (one, othersAtOne) = Count(index, requests, clients: 1);
        var (two, othersAtTwo) = Count(index, requests, clients: 2);
        return new Throughput(setting, one, othersAtOne, two, othersAtTwo);
    }

    private static (double QueriesPerSecond, double Others) Count(
        SearchIndex index,
        SearchRequest[] requests,
        int clients
    )
    {
        var done = 0;
        var watch = new Watch();
        Thread[] threads =
        [
            .. Enumerable
                .Range(0, clients)
                .Select(client => new Thread(() =>
                {
                    var mine = 0;
                    for (; watch.Seconds < NodePeer.CountedMilliseconds / 1e3; mine++)
                        index.Search(requests[((client * requests.Length / clients) + mine) % requests.Length]);
                    Interlocked.Add(ref done, mine);
                })),
        ];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return (done / watch.Seconds, watch.Others);
    }
}
