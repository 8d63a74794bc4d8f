using System.Globalization;
using Chancery.Bench.Retrieval;
using Chancery.Models;

namespace Chancery.Bench;

/// <summary>
/// Are answers still as good as the committed table says? Reads <c>bench/results/gate.tsv</c>, measures again, and fails
/// when a figure is worse by more than its tolerance.
/// </summary>
internal static class Gate
{
    private const string Path = "bench/results/gate.tsv";

    /// <param name="Sense"><c>least</c>: more is better. <c>most</c>: less is better.</param>
    /// <param name="Tolerance">In percent of all questions, as the figures.</param>
    private sealed record Line(string Name, string Sense, double Committed, double Tolerance)
    {
        public bool Holds(double measured) =>
            Sense == "least" ? measured >= Committed - Tolerance : measured <= Committed + Tolerance;

        public static Line Parse(string text)
        {
            var cells = text.Split('\t');
            return new Line(cells[0], cells[1], Number(cells[2]), Number(cells[3]));
        }

        private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
    }

    /// <param name="args">
    /// <c>--write</c> writes what was measured into the table: commit it with what changed it. <c>--meaning</c> measures with the
    /// local model, as the product answers with it; the table is that of words alone, and holds for both.
    /// </param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--meaning"])
        {
            if (BenchEncoder.Find() is not { } options)
                return 1;
            // For the rest of the process.
            Meaning.Followed = new Meaning(new LocalEncoder(options), options.Model);
        }

        var text = await File.ReadAllLinesAsync(Path);
        var lines = text.Skip(1).Select(Line.Parse).ToList();
        var measured = (await Citations.FiguresAsync())
            .Concat(Extractive.Figures())
            .Concat(await Ranking.FiguresAsync())
            .ToDictionary();
        // A figure that nobody measures, or a measure that nobody committed, is a gate left open.
        var strays = lines.Select(line => line.Name).ToHashSet();
        strays.SymmetricExceptWith(measured.Keys);
        if (strays.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{Path} and what is measured differ: {string.Join(", ", strays)}.");
            return 1;
        }

        if (args is ["--write"])
        {
            var written = lines.Select(line => Row(line with { Committed = measured[line.Name] }));
            await File.WriteAllLinesAsync(Path, [text[0], .. written]);
        }

        Console.WriteLine("| Figure | Committed % | Tolerance | Measured % | |");
        Console.WriteLine("|---|---|---|---|---|");
        var failed = 0;
        foreach (var line in lines)
        {
            var holds = line.Holds(measured[line.Name]);
            failed += holds ? 0 : 1;
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {line.Name} | at {line.Sense} {line.Committed:F1} | {line.Tolerance:F1} | {measured[line.Name]:F1} | {(holds ? "" : "WORSE")} |"
                )
            );
        }

        return failed == 0 ? 0 : 1;
    }

    private static string Row(Line line) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{line.Name}\t{line.Sense}\t{line.Committed:F1}\t{line.Tolerance:F1}"
        );
}
