using System.Globalization;
using Chancery.Bench.Retrieval;
using Chancery.Models;

namespace Chancery.Bench.Peers;

/// <summary>
/// How do other stores do on the same vectors, each at which recall? Writes <c>bench/results/peers.md</c>. What is fetched and made
/// stays in <see cref="PeerFolders.Root"/>, indexes too: building them is most of the work.
/// </summary>
internal static class PeersBench
{
    private const string Path = "bench/results/peers.md";

    private static readonly string[] Usual = ["10k", "100k", "1536-10k"];

    private static readonly string[] Peers =
    [
        EnginePeer.Name,
        .. NodePeer.All.Select(peer => peer.Name).Where(name => name != "sqlite:words"),
        PostgresPeer.Hnsw,
        PostgresPeer.IvfFlat,
        EnginePeer.Words,
        EnginePeer.Hybrid,
        "sqlite:words",
    ];

    /// <param name="args">
    /// Names of sets; <c>--only a,b</c> for some stores; <c>--keep</c> not to measure again what was; <c>--rebuild</c> to build again
    /// what was. <c>embed N</c> only embeds so many sentences more.
    /// </param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (BenchEncoder.Find() is not { } options)
            return 1;
        using var encoder = new LocalEncoder(options);
        var sets = new PeerSets(encoder, options.Model);
        if (args is ["embed", var atMost])
        {
            Console.WriteLine(await sets.EmbedAsync(int.Parse(atMost, CultureInfo.InvariantCulture)));
            return 0;
        }

        var only = args.SkipWhile(arg => arg != "--only").Skip(1).FirstOrDefault()?.Split(',') ?? Peers;
        if (Array.Find(only, name => !Peers.Contains(name)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"There is no \"{unknown}\": {string.Join(", ", Peers)}.");
            return 2;
        }

        string[] names = [.. args.Where(arg => PeerSets.Names.Contains(arg))];
        var (isKept, isRebuilt) = (args.Contains("--keep"), args.Contains("--rebuild"));
        await using var postgres = await StartPostgresAsync();
        var report = new PeersReport(postgres?.Built ?? "without PostgreSQL, which could not be started");
        foreach (var name in names.Length > 0 ? names : Usual)
        {
            var set = await sets.LoadAsync(name);
            set.Write();
            var truth = new Lazy<PeerTruth>(() => new PeerTruth(set));
            var measured = new List<Measured>();
            foreach (var peer in Peers)
            {
                var kept = Measured.Kept(set, peer);
                if (!only.Contains(peer) || (isKept && kept is { Missing: null }))
                {
                    measured.AddRange(kept is null ? [] : [kept]);
                    continue;
                }

                await Console.Error.WriteLineAsync($"{name}: {peer}");
                var now = await MeasureAsync(set, truth, peer, postgres, isRebuilt);
                now.Keep(set);
                measured.Add(now);
            }

            report.Add(set, measured);
        }

        Console.Write(report);
        await File.WriteAllTextAsync(Path, report.ToString());
        return 0;
    }

    /// <summary>What cannot be measured is told in the table, with the reason, and keeps nothing else from it.</summary>
    private static async Task<Measured> MeasureAsync(
        PeerSet set,
        Lazy<PeerTruth> truth,
        string peer,
        PostgresPeer? postgres,
        bool isRebuilt
    )
    {
        try
        {
            return peer switch
            {
                EnginePeer.Name => EnginePeer.Measure(set, truth.Value, isRebuilt),
                EnginePeer.Words => EnginePeer.MeasureWords(set, isHybrid: false, isRebuilt),
                EnginePeer.Hybrid => EnginePeer.MeasureWords(set, isHybrid: true, isRebuilt),
                PostgresPeer.Hnsw or PostgresPeer.IvfFlat => postgres is null
                    ? new Measured(peer, "PostgreSQL with pgvector could not be started.", null, [], null)
                    : await postgres.MeasureAsync(set, truth.Value, peer, isRebuilt),
                _ => await NodePeer.All.Single(one => one.Name == peer).MeasureAsync(set, truth.Value, isRebuilt),
            };
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return Measured.Failed(peer, fault);
        }
    }

    private static async Task<PostgresPeer?> StartPostgresAsync()
    {
        try
        {
            return await PostgresPeer.StartAsync();
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return null;
        }
    }
}
