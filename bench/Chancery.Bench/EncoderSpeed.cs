using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Bench.Retrieval;
using Chancery.Models;

namespace Chancery.Bench;

/// <summary>
/// How fast is the encoder, and what does it hold, beside onnxruntime-node on the same file and texts, with one thread each? And the
/// tokenizer beside @huggingface/tokenizers: is every token the same? Writes <c>bench/results/encoder.md</c>. Node's packages are
/// installed under the system's temporary directory; without node only our side is measured.
/// </summary>
internal static class EncoderSpeed
{
    private const string Path = "bench/results/encoder.md";
    private const int Passages = 400;
    private const int Questions = 600;
    private const int Rounds = 3;
    private const int MostTokens = 256;

    private static readonly string[] Packages = ["onnxruntime-node@1.30.0", "@huggingface/tokenizers@0.2.0"];

    private sealed record Side(
        double TokenizerMegabytesPerSecond,
        double PassageTokensPerSecond,
        double Milliseconds,
        double Before,
        double After,
        string Hash,
        IReadOnlyList<float[]>? Vectors
    );

    private sealed record Peer(
        long Tokens,
        double Tokenizing,
        double Running,
        string Hash,
        long Before,
        long Rss,
        double[][] Vectors
    );

    public static async Task<int> RunAsync()
    {
        if (BenchEncoder.Find() is not { } options)
            return 1;

        string[] passages =
        [
            .. JudgedCollection.Load("scifact").Passages.Take(Passages).Select(one => $"{one.Title}\n{one.Text}"),
        ];
        string[] questions = [.. JudgedCollection.Load("xquad en").Questions.Take(Questions).Select(one => one.Text)];
        var ours = new List<(Side Passages, Side Questions)>();
        var peers = new List<(Side Passages, Side Questions)>();
        var node = await NodeFolderAsync();
        // In turn, so that a busy machine is busy for both.
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add((Measure(options, passages), Measure(options, questions)));
            if (node is not null)
                peers.Add((await AskNodeAsync(node, options, passages), await AskNodeAsync(node, options, questions)));
        }

        var report = new StringBuilder(
            $"""
            # Encoder

            `./run bench encoder`, model {options.Model}: {passages.Length} abstracts of scifact and {questions.Length} questions of xquad, one text at a
            time on one thread, the median of {Rounds} rounds in turn, on {Machine.Describe()}.

            | | Tokens/s, abstracts | ms a question | Tokenizer, MB/s | Resident before, MB | with the model, MB |
            |---|---|---|---|---|---|

            """
        );
        Row(report, "Chancery (.NET)", ours);
        if (peers.Count > 0)
        {
            Row(report, "onnxruntime-node, @huggingface/tokenizers", peers);
            var (mine, theirs) = (ours[0], peers[0]);
            var isSame = mine.Passages.Hash == theirs.Passages.Hash && mine.Questions.Hash == theirs.Questions.Hash;
            var apart = Apart(mine.Passages, theirs.Passages);
            report.AppendLine();
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"Tokens of all texts are {(isSame ? "the same" : "NOT THE SAME")}. The largest difference of a component is {apart:E1}."
            );
            await SameTokensAsync(report, node!, options);
        }
        else
        {
            report.AppendLine().AppendLine("Node or its packages are not here: there is nothing to compare with.");
        }

        Console.Write(report);
        await File.WriteAllTextAsync(Path, report.ToString());
        return 0;
    }

    private static Side Measure(LocalEncoderOptions options, string[] texts)
    {
        var tokenizer = WordPieceTokenizer.Load(options.TokenizerPath);
        var ids = new int[MostTokens];
        foreach (var text in texts)
            tokenizer.Encode(text, ids);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var start = Stopwatch.GetTimestamp();
        var tokens = texts.Sum(text => (long)tokenizer.Encode(text, ids));
        var tokenizing = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var (place, text) in texts.Index())
            hash.AppendData(Encoding.UTF8.GetBytes((place == 0 ? "" : "\n") + Spell(tokenizer, text, ids)));

        var before = Resident();
        using var encoder = new LocalEncoder(options with { Threads = 1 });
        foreach (var text in texts.Take(20))
            Encode(encoder, text);
        start = Stopwatch.GetTimestamp();
        float[][] vectors = [.. texts.Select(text => Encode(encoder, text))];
        var running = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Side(
            Megabytes(texts) / tokenizing,
            tokens / running,
            running * 1000 / texts.Length,
            before,
            Resident(),
            Convert.ToHexStringLower(hash.GetHashAndReset()),
            vectors
        );
    }

    private static float[] Encode(LocalEncoder encoder, string text) =>
        encoder.GenerateAsync([text]).GetAwaiter().GetResult()[0].Vector.ToArray();

    private static string Spell(WordPieceTokenizer tokenizer, string text, int[] ids) =>
        string.Join(' ', ids.Take(tokenizer.Encode(text, ids)));

    private static async Task<Side> AskNodeAsync(string folder, LocalEncoderOptions options, string[] texts)
    {
        var file = System.IO.Path.Combine(folder, $"texts-{Environment.ProcessId}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(texts));
        try
        {
            var said = await SayAsync("node", ["encoder.mjs", options.ModelPath, options.TokenizerPath, file], folder);
            var peer = JsonSerializer.Deserialize<Peer>(said, JsonSerializerOptions.Web)!;
            return new Side(
                Megabytes(texts) / peer.Tokenizing,
                peer.Tokens / peer.Running,
                peer.Running * 1000 / texts.Length,
                peer.Before / 1e6,
                peer.Rss / 1e6,
                peer.Hash,
                [.. peer.Vectors.Select(vector => Array.ConvertAll(vector, part => (float)part))]
            );
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Every text of every collection, tokens only.</summary>
    private static async Task SameTokensAsync(StringBuilder report, string folder, LocalEncoderOptions options)
    {
        var tokenizer = WordPieceTokenizer.Load(options.TokenizerPath);
        var ids = new int[MostTokens];
        var (texts, other) = (0, 0);
        foreach (var name in JudgedCollection.Names)
        {
            var collection = JudgedCollection.Load(name);
            string[] all =
            [
                .. collection.Passages.Select(one => one.Text),
                .. collection.Questions.Select(one => one.Text),
            ];
            var file = System.IO.Path.Combine(folder, $"texts-{Environment.ProcessId}.json");
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(all));
            await SayAsync("node", ["encoder.mjs", "-", options.TokenizerPath, file], folder);
            var theirs = await File.ReadAllLinesAsync(file + ".tokens");
            File.Delete(file);
            File.Delete(file + ".tokens");
            texts += all.Length;
            other += all.Where((text, i) => Spell(tokenizer, text, ids) != theirs[i]).Count();
        }

        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"Of all {texts} passages and questions of the ranking collections, in four languages, {other} have other tokens."
        );
    }

    private static double Apart(Side one, Side other) =>
        one.Vectors!.Zip(other.Vectors!)
            .Max(pair => pair.First.Zip(pair.Second).Max(parts => Math.Abs(parts.First - parts.Second)));

    private static void Row(StringBuilder report, string name, List<(Side Passages, Side Questions)> rounds)
    {
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {name} | {Median(one => one.Passages.PassageTokensPerSecond):F0} | {Median(one => one.Questions.Milliseconds):F2} | {Median(one => one.Passages.TokenizerMegabytesPerSecond):F1} | {rounds[0].Passages.Before:F0} | {rounds[0].Passages.After:F0} |"
        );

        double Median(Func<(Side Passages, Side Questions), double> figure) =>
            rounds.Select(figure).Order().ElementAt(rounds.Count / 2);
    }

    /// <summary>Null where there is no node, or its packages cannot be had.</summary>
    private static async Task<string?> NodeFolderAsync()
    {
        var folder = Directory
            .CreateDirectory(System.IO.Path.Combine(System.IO.Path.GetTempPath(), "chancery-bench-node"))
            .FullName;
        try
        {
            if (!Directory.Exists(System.IO.Path.Combine(folder, "node_modules", "onnxruntime-node")))
            {
                await File.WriteAllTextAsync(
                    System.IO.Path.Combine(folder, "package.json"),
                    """{"private":true,"type":"module"}"""
                );
                await SayAsync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", .. Packages], folder);
            }

            File.Copy(
                "bench/Chancery.Bench/encoder.mjs",
                System.IO.Path.Combine(folder, "encoder.mjs"),
                overwrite: true
            );
            await SayAsync("node", ["--version"], folder);
            return folder;
        }
        catch (Exception exception)
            when (exception is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return null;
        }
    }

    private static async Task<string> SayAsync(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? said
            : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}.");
    }

    private static double Megabytes(string[] texts) => texts.Sum(Encoding.UTF8.GetByteCount) / 1e6;

    private static double Resident() => Environment.WorkingSet / 1e6;
}
