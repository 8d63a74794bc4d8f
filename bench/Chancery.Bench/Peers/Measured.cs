using System.Globalization;
using System.Text.Json;

namespace Chancery.Bench.Peers;

/// <summary>All that was measured of one store on one set; kept, so that a table can be made of several runs.</summary>
/// <param name="Missing">Why there is nothing.</param>
internal sealed record Measured(
    string Peer,
    string? Missing,
    BuildCost? Build,
    IReadOnlyList<Timing> Timings,
    Throughput? Throughput
)
{
    public static string PathOf(PeerSet set, string peer) => Path.Combine(set.Folder, $"{peer.Replace(':', '-')}.json");

    public static Measured? Kept(PeerSet set, string peer) =>
        File.Exists(PathOf(set, peer))
            ? JsonSerializer.Deserialize<Measured>(File.ReadAllText(PathOf(set, peer)))
            : null;

    public static Measured Failed(string peer, Exception fault) =>
        new(peer, fault.Message.ReplaceLineEndings(" "), null, [], null);

    public void Keep(PeerSet set) => File.WriteAllText(PathOf(set, Peer), JsonSerializer.Serialize(this));
}

/// <param name="Seconds">By the clock.</param>
/// <param name="Processor">Seconds that were worked, on all cores together.</param>
/// <param name="Others">Cores that other processes kept busy meanwhile.</param>
/// <param name="Bytes">Of files, for each vector.</param>
internal sealed record BuildCost(double Seconds, double Processor, double Others, double Bytes);

/// <param name="Filter">Percent that it lets through.</param>
/// <param name="Load">Seconds from nothing to the first answer.</param>
/// <param name="P50">Milliseconds by the clock, as the next ones.</param>
/// <param name="Processor">Milliseconds that a query worked, on all cores together, on average.</param>
/// <param name="ProcessorP99">The same of the hundredth-worst, where it can be known.</param>
/// <param name="Others">Cores that other processes kept busy meanwhile.</param>
/// <param name="Recall">Null where there is no truth, as for words.</param>
internal sealed record Timing(
    string Setting,
    int? Filter,
    double Load,
    double P50,
    double P95,
    double P99,
    double Processor,
    double? ProcessorP99,
    double Others,
    double? Recall
)
{
    public static double Percentile(double[] sorted, int percent) =>
        sorted[Math.Min(sorted.Length - 1, sorted.Length * percent / 100)];
}

/// <summary>Queries a second, the next one asked as soon as the last is answered.</summary>
internal sealed record Throughput(string Setting, double One, double OthersAtOne, double Two, double OthersAtTwo);

/// <summary>What this process and the rest of the machine did in a while.</summary>
/// <param name="server">A process that works for this one; 0 for none.</param>
internal sealed class Watch(int server = 0)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly double _own = Own(server);
    private readonly double _all = OfAll();

    public double Seconds => TimeProvider.System.GetElapsedTime(_began).TotalSeconds;

    /// <summary>Seconds that were worked.</summary>
    public double Processor => Own(server) - _own;

    /// <summary>Cores that others kept busy.</summary>
    public double Others => Math.Max(0, (OfAll() - _all - Processor) / Seconds);

    private static double Own(int server) =>
        Environment.CpuUsage.TotalTime.TotalSeconds + (server == 0 ? 0 : Of(server));

    private static double Of(int process) =>
        Directory
            .EnumerateDirectories($"/proc/{process}/task")
            .Sum(task =>
                double.Parse(
                    File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0],
                    CultureInfo.InvariantCulture
                ) / 1e9
            );

    private static double OfAll()
    {
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        return ticks
                .Index()
                .Where(tick => tick.Index is 0 or 1 or 2 or 5 or 6)
                .Sum(tick => double.Parse(tick.Item, CultureInfo.InvariantCulture)) / 100;
    }
}
