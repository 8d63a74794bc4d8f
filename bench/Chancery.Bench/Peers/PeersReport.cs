using System.Globalization;
using System.Text;

namespace Chancery.Bench.Peers;

/// <summary>The tables, and what they say about what we wanted.</summary>
internal sealed class PeersReport(string built)
{
    private const double Enough = 0.999;

    private readonly StringBuilder _report = new(
        $"""
        # The search engine beside other stores

        `./run bench peers` on {Machine.Describe()}; {built}; {NodePeer.Versions()}.

        The same vectors and questions for all, one store after the other, each in a process of its own (the start of which does
        not count); ten hits, one client, up to 1,000 questions or four seconds for a line. Recall is that of ten hits against a scan of
        32-bit floats; of twins either counts. A question's embedding is not in any time. The engine and hnswlib, usearch, LanceDB and
        SQLite answer inside of the process that asks; Chroma is its own server, PostgreSQL too.

        "Processor" is what a query worked on average, on all cores together, in the process that asks and in the store's own. "Others"
        is how many of the machine's cores other processes kept busy meanwhile: **where it is above 0.5 the line was disturbed**, its
        tails most of all, and "processor" is what to compare.

        Built as follows. hnswlib: from source with `-O3 -march=native`, M 16, ef_construction 200. usearch, LanceDB, Chroma: as
        published (they choose their instructions at run time), connectivity 16 or their own default. sqlite-vec: as published, which is
        without its optional AVX; its source is not in the package. pgvector: HNSW with m 16 and ef_construction 64, IVFFlat with a
        list for each 1,000 rows, an index on the filter's column, iterative scans.

        """
    );

    public void Add(PeerSet set, IReadOnlyList<Measured> all)
    {
        Line($"## {set.Name}: {set.Count:N0} × {set.Dimensions}");
        Line();
        Line(set.Recipe);
        Line();
        Missing(all);
        var dense = all.Where(one => one.Timings.Any(timing => timing.Recall is not null)).ToArray();
        Curve(dense);
        Filters(dense);
        Words([.. all.Where(one => one.Timings.Any(timing => timing.Recall is null))]);
        Costs([.. all.Where(one => one.Missing is null)]);
        Verdict(set, all, dense);
    }

    public override string ToString() => _report.ToString();

    private void Missing(IReadOnlyList<Measured> all)
    {
        foreach (var one in all.Where(one => one.Missing is not null))
            Line($"- {TitleOf(one.Peer)}: not measured. {one.Missing}");
        if (all.Any(one => one.Missing is not null))
            Line();
    }

    private void Curve(Measured[] dense)
    {
        Line("| By vector | Setting | Recall@10 | p50 ms | p95 ms | p99 ms | Processor ms | Others |");
        Line("|---|---|---|---|---|---|---|---|");
        foreach (var one in dense)
        {
            foreach (var timing in one.Timings.Where(timing => timing.Filter is null))
                Line(
                    $"| {TitleOf(one.Peer)} | {timing.Setting} | {timing.Recall:f4} | {timing.P50:f3} | {timing.P95:f3} | {timing.P99:f3} | {timing.Processor:f3} | {timing.Others:f1} |"
                );
        }

        Line();
    }

    private void Filters(Measured[] dense)
    {
        Line("| By vector, filtered | Setting | Filter | Recall@10 | p50 ms | p99 ms | Processor ms | Others |");
        Line("|---|---|---|---|---|---|---|---|");
        foreach (var one in dense)
        {
            foreach (var timing in one.Timings.Where(timing => timing.Filter is not null))
                Line(
                    $"| {TitleOf(one.Peer)} | {timing.Setting} | {timing.Filter} % | {timing.Recall:f4} | {timing.P50:f3} | {timing.P99:f3} | {timing.Processor:f3} | {timing.Others:f1} |"
                );
        }

        Line();
    }

    private void Words(Measured[] all)
    {
        if (all.Length == 0)
            return;
        Line(
            "| By words, or by both | Setting | Filter | p50 ms | p95 ms | p99 ms | Processor ms | p99 of it | Others |"
        );
        Line("|---|---|---|---|---|---|---|---|---|");
        foreach (var one in all)
        {
            foreach (var timing in one.Timings)
                Line(
                    $"| {TitleOf(one.Peer)} | {timing.Setting} | {(timing.Filter is null ? "–" : $"{timing.Filter} %")} | {timing.P50:f3} | {timing.P95:f3} | {timing.P99:f3} | {timing.Processor:f3} | {timing.ProcessorP99:f3} | {timing.Others:f1} |"
                );
        }

        Line();
    }

    private void Costs(Measured[] all)
    {
        Line(
            "| Costs | Build s | of the processor | Others | Load and first answer s | Bytes per vector | Throughput at | Queries/s, one client | Others | Two clients | Others |"
        );
        Line("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var one in all)
            Line(
                $"| {TitleOf(one.Peer)} | {one.Build?.Seconds:f1} | {one.Build?.Processor:f1} | {one.Build?.Others:f1} | {one.Timings[0].Load:f2} | {one.Build?.Bytes:f0} | {one.Throughput?.Setting} | {one.Throughput?.One:f0} | {one.Throughput?.OthersAtOne:f1} | {one.Throughput?.Two:f0} | {one.Throughput?.OthersAtTwo:f1} |"
            );
        Line();
    }

    private void Verdict(PeerSet set, IReadOnlyList<Measured> all, Measured[] dense)
    {
        if (dense.FirstOrDefault(one => one.Peer == EnginePeer.Name) is not { } ours)
            return;
        var peers = dense.Where(one => one != ours).ToArray();
        var own = ours.Timings.First(timing => timing.Filter is null);
        if (set.Count <= 150_000)
        {
            Line(
                $"**Faster than every peer at a recall of {Enough} or more:** the engine takes {own.P50:f3} ms at {own.Recall:f4}."
            );
            Line();
            foreach (var peer in peers)
                Compare(peer, null, own, timing => timing.Recall >= Enough);
            Line();
            foreach (var filter in new[] { 1, 10 })
            {
                var filtered = ours.Timings.First(timing => timing.Filter == filter);
                Line($"**Faster than every peer with a filter of {filter} %, at any recall:** {filtered.P50:f3} ms.");
                Line();
                foreach (var peer in peers)
                    Compare(peer, filter, filtered, _ => true);
                Line();
            }
        }
        else
        {
            Line(
                $"**p50 of at most 8 ms:** {(own.P50 <= 8 ? "met" : "not met")}, {own.P50:f2} ms ({own.Processor:f2} of the processor)."
            );
            Line();
            foreach (var peer in peers)
                Compare(peer, null, own, timing => timing.Recall >= 0.95);
            Line();
        }

        Hybrid(set, all);
    }

    private void Compare(Measured peer, int? filter, Timing own, Func<Timing, bool> isGood)
    {
        var title = TitleOf(peer.Peer);
        var all = peer.Timings.Where(timing => timing.Filter == filter).ToArray();
        if (all.Length == 0)
        {
            Line($"- {title}: has no filter.");
            return;
        }

        if (all.Where(isGood).MinBy(timing => timing.P50) is not { } best)
        {
            Line($"- {title}: does not get there; {all.Max(timing => timing.Recall):f4} at most.");
            return;
        }

        var (ratio, worked) = (best.P50 / own.P50, best.Processor / own.Processor);
        Line(
            $"- {title}: {(ratio > 1 ? "met" : "**not met**")}, {best.P50:f3} ms with {best.Setting} at {best.Recall:f4}, {Times(ratio)} by p50 and {Times(worked)} by processor."
        );
    }

    private static string Times(double ratio) =>
        ratio >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{ratio:f1} times ours")
            : string.Create(CultureInfo.InvariantCulture, $"ours is {1 / ratio:f1} times it");

    private void Hybrid(PeerSet set, IReadOnlyList<Measured> all)
    {
        if (all.FirstOrDefault(one => one is { Peer: EnginePeer.Hybrid, Missing: null }) is not { } hybrid)
            return;
        var aim = set.Count < 50_000 ? 2 : 10;
        foreach (var timing in hybrid.Timings.Where(timing => timing is { Filter: null, ProcessorP99: not null }))
        {
            var isMet = timing.P99 < aim;
            Line(
                $"**Hybrid, {timing.Setting}, p99 below {aim} ms:** {(isMet ? "met" : "not met")}, {timing.P99:f2} ms by the clock and {timing.ProcessorP99:f2} ms of the processor."
            );
            Line();
        }
    }

    private static string TitleOf(string peer) =>
        peer switch
        {
            EnginePeer.Name => "**Chancery**",
            EnginePeer.Words => "**Chancery**, words",
            EnginePeer.Hybrid => "**Chancery**, hybrid",
            PostgresPeer.Hnsw => "pgvector, HNSW",
            PostgresPeer.IvfFlat => "pgvector, IVFFlat",
            _ => Array.Find(NodePeer.All, one => one.Name == peer)?.Title ?? peer,
        };

    private void Line(FormattableString line) => _report.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private void Line(string line = "") => _report.AppendLine(line);
}
