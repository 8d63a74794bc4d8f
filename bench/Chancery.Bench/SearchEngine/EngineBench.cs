using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Chancery.Search.Engine;
using Chancery.Search.Engine.Snapshots;

namespace Chancery.Bench.SearchEngine;

// The other verbs have a record of the same name.
using IndexedPassage = Chancery.Search.Engine.IndexedPassage;

/// <summary>How long does the search engine take, in how much memory, and does it find what an exhaustive scan finds?</summary>
internal static partial class EngineBench
{
    private const int Rounds = 1500;

    private static readonly SearchIndexOptions Options = new() { Dimensions = EngineCorpus.Dimensions };

    public static int Run(string[] args)
    {
        var sizes =
            args.Length > 0 ? args.Select(arg => int.Parse(arg, CultureInfo.InvariantCulture)) : [10_000, 100_000];
        foreach (var size in sizes)
            Measure(size);
        return 0;
    }

    private static void Measure(int size)
    {
        // A hundred thousand passages of the usual length are more than the collections have.
        var corpus = new EngineCorpus(size, words: size > 20_000 ? 45 : 120);
        var (index, build, merge) = Build(corpus);
        Console.WriteLine($"## {corpus.Count} passages");
        Console.WriteLine();
        Console.WriteLine(
            corpus.HasRealVectors
                ? $"{Math.Min(corpus.RealVectorCount, corpus.Count)} vectors of the local model; the others are each 0.75 of one, 0.35 of another, and a little noise."
                : "No vectors of the local model were found (`./run bench ranking` makes them): sums of a random direction for each word."
        );
        Console.WriteLine();
        Storage(index, build, merge);
        Console.WriteLine();
        Speed(corpus, index);
        Console.WriteLine();
        Tenants(corpus, index);
        Console.WriteLine();
        Recall(corpus, index);
        Console.WriteLine();
    }

    private static (SearchIndex Index, TimeSpan Build, TimeSpan Merge) Build(EngineCorpus corpus)
    {
        IndexedPassage[] passages = [.. corpus.Passages()];
        var index = new SearchIndex(Options);
        var began = Stopwatch.GetTimestamp();
        foreach (var part in passages.Chunk(1000))
        {
            index.Apply(new IndexChanges(new IndexRevision(1, EngineCorpus.Id(1))) { Passages = part });
            while (index.Merge()) { }
        }

        var build = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        index.Merge(everything: true);
        return (index, build, Stopwatch.GetElapsedTime(began));
    }

    private static void Storage(SearchIndex index, TimeSpan build, TimeSpan merge)
    {
        var path = Path.Combine(Path.GetTempPath(), $"chancery-bench-{Environment.ProcessId}.index");
        try
        {
            var began = Stopwatch.GetTimestamp();
            index.Save(path);
            var save = Stopwatch.GetElapsedTime(began);
            began = Stopwatch.GetTimestamp();
            var opened = (SnapshotOpening.Opened)SearchIndex.Open(path, Options);
            var open = Stopwatch.GetElapsedTime(began);
            var size = index.Statistics;
            Console.WriteLine(
                "| Build in batches of 1,000 s | Merge into one s | Save s | Check and open s | File MB | Bytes per passage |"
            );
            Console.WriteLine("|---|---|---|---|---|---|");
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {build.TotalSeconds:f2} | {merge.TotalSeconds:f2} | {save.TotalSeconds:f2} | {open.TotalSeconds:f2} | {new FileInfo(path).Length / 1e6:f1} | {size.Bytes / size.Passages} |"
                )
            );
            GC.KeepAlive(opened);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Speed(EngineCorpus corpus, SearchIndex index)
    {
        Console.WriteLine("| Query | Filter | p50 ms | p95 ms | p99 ms | p99 ms on the processor | KiB allocated |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (
            var (what, words, vectors) in new[]
            {
                ("words", true, false),
                ("vector", false, true),
                ("hybrid", true, true),
            }
        )
        {
            foreach (var filter in new[] { null, "1 %", "10 %", "50 %" })
            {
                var requests = Enumerable
                    .Range(0, Rounds)
                    .Select(i => new SearchRequest
                    {
                        Text = words ? corpus.Queries[i % corpus.Queries.Count] : "",
                        Vector = vectors ? corpus.QueryVector(i) : default(ReadOnlyMemory<float>),
                        Filter = filter is null ? null : new SearchFilter { Tags = [filter] },
                    })
                    .ToArray();
                Console.WriteLine($"| {what} | {filter ?? "–"} | {Time(_ => index, requests)} |");
            }
        }
    }

    /// <summary>Each index a file of its own: what one tenant's query reads, the next one's has pushed out of the caches.</summary>
    private static void Tenants(EngineCorpus corpus, SearchIndex index)
    {
        const int tenants = 24;
        var folder = Directory.CreateTempSubdirectory("chancery-bench-");
        try
        {
            var opened = new SearchIndex[tenants];
            for (var i = 0; i < tenants; i++)
            {
                var path = Path.Combine(folder.FullName, $"{i}.index");
                index.Save(path);
                opened[i] = ((SnapshotOpening.Opened)SearchIndex.Open(path, Options)).Index;
            }

            var requests = Enumerable
                .Range(0, Rounds)
                .Select(i => new SearchRequest
                {
                    Text = corpus.Queries[i % corpus.Queries.Count],
                    Vector = corpus.QueryVector(i),
                })
                .ToArray();
            Console.WriteLine(
                $"| {tenants} such tenants in turn | Filter | p50 ms | p95 ms | p99 ms | p99 ms on the processor | KiB allocated |"
            );
            Console.WriteLine("|---|---|---|---|---|---|---|");
            Console.WriteLine($"| hybrid, from mapped files | – | {Time(i => opened[i % tenants], requests)} |");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Time(Func<int, SearchIndex> indexOf, SearchRequest[] requests)
    {
        for (var i = 0; i < 300; i++)
            indexOf(i).Search(requests[i]);
        GC.Collect();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var times = new double[requests.Length];
        var busy = new double[requests.Length];
        for (var i = 0; i < times.Length; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var before = ProcessorTime();
            indexOf(i).Search(requests[i]);
            busy[i] = ProcessorTime() - before;
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / requests.Length;
        Array.Sort(times);
        Array.Sort(busy);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{times[times.Length / 2]:f2} | {times[times.Length * 95 / 100]:f2} | {times[times.Length * 99 / 100]:f2} | {busy[busy.Length * 99 / 100]:f2} | {allocated / 1024}"
        );
    }

    /// <summary>Milliseconds that this thread has run: what it waited for others of a busy machine is not in it.</summary>
    internal static double ProcessorTime()
    {
        const int threadClock = 3;
        _ = GetTime(threadClock, out var time);
        return (time.Seconds * 1e3) + (time.Nanoseconds / 1e6);
    }

    private readonly record struct Time64(long Seconds, long Nanoseconds);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Time64 time);

    /// <summary>Against a scan of all vectors in 32-bit floats.</summary>
    private static void Recall(EngineCorpus corpus, SearchIndex index)
    {
        const int queries = 200;
        var vectors = Enumerable.Range(0, corpus.Count).Select(corpus.VectorOf).ToArray();
        Console.WriteLine("| Way | Recall@10 | Recall@100 |");
        Console.WriteLine("|---|---|---|");
        var exact = new (HashSet<Guid> Ten, HashSet<Guid> Hundred)[queries];
        Parallel.For(
            0,
            queries,
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            query =>
            {
                var nearest = vectors
                    .Select(
                        (vector, i) =>
                            (Id: EngineCorpus.Id(i), Cosine: EngineCorpus.Cosine(vector, corpus.QueryVector(query)))
                    )
                    .OrderByDescending(near => near.Cosine)
                    .Take(100)
                    .Select(near => near.Id)
                    .ToArray();
                exact[query] = ([.. nearest.Take(10)], [.. nearest]);
            }
        );
        var note = "";
        var (ten, hundred) = (0.0, 0.0);
        for (var query = 0; query < queries; query++)
        {
            var found = index.Search(
                new SearchRequest
                {
                    Vector = corpus.QueryVector(query),
                    Limit = 100,
                    Explain = query == 0,
                }
            );
            note = found.Explanation?.Stages.Single(stage => stage.Stage == "vectors").Note ?? note;
            ten += found.Hits.Take(10).Count(hit => exact[query].Ten.Contains(hit.PassageId)) / 10.0;
            hundred += found.Hits.Count(hit => exact[query].Hundred.Contains(hit.PassageId)) / 100.0;
        }

        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"| {note} | {ten / queries:f4} | {hundred / queries:f4} |")
        );
    }
}
