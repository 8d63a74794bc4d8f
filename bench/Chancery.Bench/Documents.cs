using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Chancery.Documents;

namespace Chancery.Bench;

/// <summary>What becomes of every file of the public collections, whole or broken, and how much of its text is read?</summary>
internal static partial class Documents
{
    private const int AtOnce = 2;
    private const int ShownWorst = 15;
    private static readonly string[] Folders =
    [
        "corkami-pdf",
        "safedocs",
        "pdfbox",
        "docling",
        "mammoth",
        "python-docx",
        "pypdf-sample-files",
    ];

    private enum Ending
    {
        Read,
        Refused,
        TimedOut,
        Crashed,
    }

    private sealed record Outcome(
        string Folder,
        string Kind,
        string Name,
        Ending Ending,
        string? Reason,
        int Pages,
        int RecognisedPages,
        TimeSpan Took,
        TokenRecall? Ours,
        TokenRecall? Poppler
    );

    /// <param name="args"><c>FOLDER…</c>: only those.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var options = new ReaderOptions { ChildCommand = [Environment.ProcessPath!, "read"] };
        await using var reader = new DocumentReader(
            options,
            await Sandbox.ProbeAsync(options.SearchPath, CancellationToken.None)
        );
        var outcomes = new ConcurrentBag<Outcome>();
        var files = (args.Length > 0 ? args : Folders)
            .SelectMany(folder =>
                ExpectedTexts
                    .Documents(TestData.PathOf("documents", folder))
                    .Select(path => (Folder: folder, Path: path))
            )
            .ToList();
        var spent = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (file, token) => outcomes.Add(await ReadAsync(reader, file.Folder, file.Path, token))
        );

        var all = outcomes.OrderBy(outcome => outcome.Name, StringComparer.Ordinal).ToList();
        Print("Folder", all, outcome => outcome.Folder);
        Print("Kind", all, outcome => outcome.Kind);
        PrintRecall(all);
        PrintReasons(all);
        PrintWorst(all);
        Line($"\n{all.Count} files in {spent.Elapsed.TotalSeconds:F0} s, {AtOnce} at a time.");
        Line(
            $"Most memory held: by the process that reads {PeakMegabytes()} MB, by one reader at most {ReadersMegabytes()} MB."
        );
        foreach (var crash in all.Where(outcome => outcome.Ending is Ending.Crashed))
        {
            Line($"CRASHED {crash.Folder}/{crash.Name}: {crash.Reason}");
        }

        return all.Exists(outcome => outcome.Ending is Ending.Crashed) ? 1 : 0;
    }

    private static async Task<Outcome> ReadAsync(
        DocumentReader reader,
        string folder,
        string path,
        CancellationToken cancellationToken
    )
    {
        var text = new StringBuilder();
        var (pages, recognised) = (0, 0);
        var ending = Ending.Read;
        string? reason = null;
        var kind = Path.GetExtension(path).TrimStart('.').ToLowerInvariant();
        var started = Stopwatch.GetTimestamp();
        try
        {
            var content = await File.ReadAllBytesAsync(path, cancellationToken);
            var type = MediaTypes.Detect(
                content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)),
                Path.GetFileName(path)
            );
            using var stream = new MemoryStream(content);
            await foreach (var item in reader.ReadAsync(stream, type, 1, cancellationToken))
            {
                if (item is ReadItem.Page page)
                {
                    pages++;
                    recognised += page.Content.IsRecognised ? 1 : 0;
                    text.Append(page.Content.Text).Append('\n');
                }
            }
        }
        catch (DocumentUnreadableException failure)
        {
            ending = failure.Failure is ReadFailure.TimedOut ? Ending.TimedOut : Ending.Refused;
            reason = failure.Reason;
        }
        // What is no refusal is what this looks for.
        catch (Exception crash)
        {
            ending = Ending.Crashed;
            reason = crash.ToString();
        }

        var took = Stopwatch.GetElapsedTime(started);
        var expected = ExpectedTexts.Of(path);
        return new Outcome(
            folder,
            kind,
            Path.GetFileName(path),
            ending,
            reason,
            pages,
            recognised,
            took,
            expected is null ? null : TokenRecall.Of(expected, text.ToString()),
            expected is null || kind != "pdf"
                ? null
                : TokenRecall.Of(expected, await PopplerAsync(path, cancellationToken))
        );
    }

    private static async Task<string> PopplerAsync(string path, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("pdftotext", ["-enc", "UTF-8", path, "-"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await errors;
        await process.WaitForExitAsync(cancellationToken);
        return text;
    }

    private static void Print(string by, List<Outcome> all, Func<Outcome, string> group)
    {
        Line($"\n| {by} | Files | Read | Refused | Timed out | Crashed | Pages | Recognised | Slowest |");
        Line($"|---|---|---|---|---|---|---|---|---|");
        foreach (
            var part in all.GroupBy(group).OrderBy(part => part.Key, StringComparer.Ordinal).Append(new Total(all))
        )
        {
            var slowest = part.MaxBy(outcome => outcome.Took)!;
            Line(
                $"| {part.Key} | {part.Count()} | {Count(Ending.Read)} | {Count(Ending.Refused)} | {Count(Ending.TimedOut)} | {Count(Ending.Crashed)} | {part.Sum(o => o.Pages)} | {part.Sum(o => o.RecognisedPages)} | {slowest.Took.TotalSeconds:F1} s, {slowest.Name} |"
            );

            int Count(Ending ending) => part.Count(outcome => outcome.Ending == ending);
        }
    }

    private static void PrintRecall(List<Outcome> all)
    {
        Line(
            $"\n| Collection | Kind | Files with a text | Recall % | Precision % | pdftotext: recall % | Precision % |"
        );
        Line($"|---|---|---|---|---|---|---|");
        var known = all.Where(outcome => outcome.Ours is not null);
        foreach (var part in known.GroupBy(outcome => (outcome.Folder, outcome.Kind)).OrderBy(part => part.Key))
        {
            Line(
                $"| {part.Key.Folder} | {part.Key.Kind} | {part.Count()} | {Mean(o => o.Ours?.Recall)} | {Mean(o => o.Ours?.Precision)} | {Mean(o => o.Poppler?.Recall)} | {Mean(o => o.Poppler?.Precision)} |"
            );

            string Mean(Func<Outcome, double?> of) =>
                part.Average(of) is { } mean ? (100 * mean).ToString("F1", CultureInfo.InvariantCulture) : "–";
        }
    }

    private static void PrintReasons(List<Outcome> all)
    {
        Line($"\n| Files | Reason |");
        Line($"|---|---|");
        foreach (
            var reason in all.Where(outcome => outcome.Ending is Ending.Refused or Ending.TimedOut)
                .GroupBy(outcome => outcome.Reason)
                .OrderByDescending(reason => reason.Count())
                .ThenBy(reason => reason.Key, StringComparer.Ordinal)
        )
        {
            Line($"| {reason.Count()} | {reason.Key} |");
        }
    }

    private static void PrintWorst(List<Outcome> all)
    {
        Line($"\n| Least recall | Recall % | Precision % | pdftotext: recall % |");
        Line($"|---|---|---|---|");
        foreach (
            var outcome in all.Where(outcome => outcome.Ours is not null)
                .OrderBy(outcome => outcome.Ours!.Value.Recall)
                .Take(ShownWorst)
        )
        {
            Line(
                $"| {outcome.Folder}/{outcome.Name} | {100 * outcome.Ours!.Value.Recall:F1} | {100 * outcome.Ours.Value.Precision:F1} | {(outcome.Poppler is { } poppler ? (100 * poppler.Recall).ToString("F1", CultureInfo.InvariantCulture) : "–")} |"
            );
        }
    }

    private static void Line(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static long PeakMegabytes()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64 / 1_000_000;
    }

    /// <summary>
    /// The largest of all children and theirs that have ended. Not less than this process held when it started one, which the
    /// system counts as the child's for a moment.
    /// </summary>
    private static long ReadersMegabytes()
    {
        const int Children = -1;
        const int Longs = 18;
        const int MaxResident = 4;
        var usage = new long[Longs];
        return GetResourceUsage(Children, usage) == 0 ? usage[MaxResident] * 1024 / 1_000_000 : 0;
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetResourceUsage(int who, [Out] long[] usage);

    private sealed class Total(List<Outcome> all) : List<Outcome>(all), IGrouping<string, Outcome>
    {
        public string Key => "all";
    }
}
