using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Search.Engine;

namespace Chancery.Bench.Retrieval;

/// <summary>
/// Which constants of BM25 rank best on collections that did not choose them? Every setting of a grid on every collection; each
/// collection is then ranked by what the others choose. Writes <c>bench/results/bm25.md</c>; takes ten minutes.
/// </summary>
internal static class Bm25Choice
{
    private const string Path = "bench/results/bm25.md";
    private const int Depth = 10;
    private const int Shown = 10;

    private sealed record Setting(float Title, Bm25Settings Constants);

    public static async Task<int> RunAsync()
    {
        if (BenchEncoder.Find() is not { } options)
            return 1;

        using var encoder = new LocalEncoder(options);
        var cache = new VectorCache(encoder, options.Model);
        var collections = JudgedCollection.Names.Select(JudgedCollection.Load).ToArray();
        var measured = new List<(Setting Setting, double[] Gains)>();
        foreach (var title in (float[])[1, 1.5f, 2])
        {
            var indexes = new RetrievalIndex[collections.Length];
            for (var i = 0; i < indexes.Length; i++)
                indexes[i] = await RetrievalIndex.BuildAsync(
                    collections[i],
                    encoder,
                    cache,
                    FieldWeights.Default with
                    {
                        Title = title,
                    }
                );
            foreach (var constants in Grid())
                measured.Add(
                    (
                        new Setting(title, constants),
                        [.. indexes.Select((one, i) => Gain(one, collections[i], constants))]
                    )
                );
        }

        var report = Report(collections, measured);
        Console.Write(report);
        await File.WriteAllTextAsync(Path, report);
        return 0;
    }

    private static IEnumerable<Bm25Settings> Grid() =>
        from k1 in (double[])[0.9, 1.2, 1.5, 2]
        from b in (double[])[0.4, 0.65, 0.75, 0.85]
        from k3 in (double[])[0, 2, 6, 1000]
        select new Bm25Settings(k1, b, k3);

    private static double Gain(RetrievalIndex index, JudgedCollection collection, Bm25Settings constants) =>
        collection
            .Questions.Select(
                (question, i) => RankingMetrics.Ndcg(index.SearchWords(i, constants, Depth), question.Grades, Depth)
            )
            .Average();

    private static string Report(JudgedCollection[] collections, List<(Setting Setting, double[] Gains)> measured)
    {
        var report = new StringBuilder();
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            # The constants of BM25

            `./run bench bm25`: nDCG@{Depth} of the engine's words alone, for {measured.Count} settings of k1, b, k3 and the weight of titles, one for
            all collections. The best by their mean, and what was before:

            | Title | k1 | b | k3 | {string.Join(" | ", collections.Select(one => one.Name))} | mean |
            |---|---|---|---|{string.Concat(collections.Select(_ => "---|"))}---|
            """
        );
        var before = measured.First(one => one.Setting == new Setting(1.5f, new Bm25Settings(0.9, 0.4, 0)));
        foreach (
            var (setting, gains) in measured.OrderByDescending(one => one.Gains.Average()).Take(Shown).Append(before)
        )
            report.AppendLine(
                $"| {Cells(setting)} | {string.Join(" | ", gains.Append(gains.Average()).Select(Three))} |"
            );

        report.AppendLine(
            """

            Held out, a collection is ranked by the setting that the seven others choose, each as much as the others:

            | Held out | Title | k1 | b | k3 | nDCG@10 | Less what was before |
            |---|---|---|---|---|---|---|
            """
        );
        for (var held = 0; held < collections.Length; held++)
        {
            var (setting, gains) = measured.MaxBy(one => one.Gains.Where((_, i) => i != held).Average());
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {collections[held].Name} | {Cells(setting)} | {gains[held]:F3} | {gains[held] - before.Gains[held]:+.000;-.000} |"
            );
        }

        return report.ToString();
    }

    private static string Cells(Setting setting) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{setting.Title} | {setting.Constants.K1} | {setting.Constants.B} | {setting.Constants.K3}"
        );

    private static string Three(double figure) => figure.ToString("F3", CultureInfo.InvariantCulture);
}
