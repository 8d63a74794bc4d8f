using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Search;
using Chancery.Server.Knowledge.Search.Reranking;

namespace Chancery.Bench.Retrieval;

/// <summary>
/// Does meaning make search better, and never worse than words alone? Public collections, ranked as the product ranks: by words, by
/// meaning, by both. Writes <c>bench/results/ranking.md</c>.
/// </summary>
internal static class Ranking
{
    private const string Path = "bench/results/ranking.md";
    private const int Shallow = 10;
    private const int Deep = 100;
    private const int Resamples = 1000;

    /// <summary>What a ranking may lose to the better of its parts before the choice of weights counts it.</summary>
    private const double LossCounts = 5;

    private sealed record Measured(string Name, IReadOnlyList<RetrievedLists> Questions)
    {
        public required JudgedCollection Collection { get; init; }

        public required IReadOnlyList<RetrievedLists> WithFeedback { get; init; }
    }

    private sealed record Method(string Name, Func<RetrievedLists, IEnumerable<int>> Rank)
    {
        /// <summary>Of passages that are no candidates of ours, too.</summary>
        public Func<RetrievedLists, IEnumerable<string>> Ids { get; init; } =
            lists => Rank(lists).Select(place => lists.Candidates[place].Id);
    }

    private static readonly Method Words = new("words", lists => lists.ByWords);
    private static readonly Method Meaning = new("meaning", lists => lists.ByMeaning);
    private static readonly Method ByRank = new("RRF (k 60)", ByReciprocalRank);
    private static readonly Method Fused = new("both, as the product", lists => Fuse(lists, FusionWeights.Default));

    /// <summary>What the test data's README tells of the same collections.</summary>
    private static readonly (string Figure, string Name, Dictionary<string, double> Told)[] Readme =
    [
        ("nDCG@10", "README: BM25", Told(.676, .351, .360, .671, .968, .933)),
        ("nDCG@10", "README: MiniLM", Told(.638, .375, .427, .792, .938, .665)),
        ("nDCG@10", "README: RRF", Told(.709, .409, .451, .802, .970, .850)),
        ("Recall@100", "README: BM25", Told(.929, .721, .430, .776)),
        ("Recall@100", "README: MiniLM", Told(.925, .771, .482, .951)),
        ("Recall@100", "README: RRF", Told(.955, .778, .495, .952)),
    ];

    private static Dictionary<string, double> Told(params double[] figures) =>
        JudgedCollection.Names.Zip(figures).ToDictionary(one => one.First, one => one.Second);

    private static readonly Method Blind = new(
        "both, vocabulary not known",
        lists => Fuse(lists, FusionWeights.Default, isKnown: false)
    );

    public static async Task<int> RunAsync()
    {
        if (BenchEncoder.Find() is not { } options)
            return 1;

        using var encoder = new LocalEncoder(options);
        var measured = await MeasureAsync(encoder, options.Model, JudgedCollection.Names);
        var report = new StringBuilder(
            $"""
            # Ranking

            `./run bench ranking`, model {options.Model}, on {Machine.Describe()}. Questions are taken as plain words. Ten results are asked for where ten are
            measured, a hundred where a hundred are.


            """
        );
        var tokens = await TokensAsync(measured, encoder);
        var others = await OtherRankings.MeasureAsync([.. measured.Select(one => one.Collection)]);
        Method[] methods =
        [
            Words,
            Meaning,
            ByRank,
            Fused,
            Blind,
            new("both, tokens compared", lists => Reranked(lists, tokens)),
            .. Strangers(others, measured),
        ];
        Table(report, "nDCG@10", measured, methods, one => Gain(one.Method, one.Measured.Questions));
        Table(report, "Recall@100", measured, methods, one => Recall(one.Method, one.Measured.Questions));
        Table(report, "MRR", measured, methods, one => Reciprocal(one.Method, one.Measured.Questions));
        report.AppendLine(
            string.Join(
                "\n\n",
                (IEnumerable<string>)
                    [
                        "PostgreSQL ranks by ts_rank with the normalisation (none, or the logarithm of length) that has the higher mean, with the dictionary "
                            + "of the collection's language (of Chinese none), any word of the question being enough; SQLite FTS5 by its bm25 "
                            + "over porter stems. The lines of the README are those of the test data's own.",
                        .. others.Missing,
                    ]
            )
        );
        report.AppendLine();
        Intervals(report, measured);
        Feedback(report, measured);
        Choice(report, measured);
        new RerankingReport([
            .. measured.Select(one => new RerankedCollection(one.Name, one.Questions, tokens[one.Name])),
        ]).Write(report);
        Console.Write(report);
        await File.WriteAllTextAsync(Path, report.ToString());
        return 0;
    }

    /// <summary>For the gate: nDCG@10 by name, in percent. Two collections that take seconds, one of a language foreign to the model.</summary>
    public static async Task<IReadOnlyList<(string Name, double Value)>> FiguresAsync()
    {
        if (BenchEncoder.Find() is not { } options)
            return [];

        using var encoder = new LocalEncoder(options);
        var measured = await MeasureAsync(encoder, options.Model, ["medline", "xquad de"]);
        return
        [
            .. from one in measured
            from method in (Method[])[Words, Fused]
            select ($"ranking of {one.Name}: {method.Name}", 100 * Gain(method, one.Questions).Average()),
        ];
    }

    private static async Task<List<Measured>> MeasureAsync(
        LocalEncoder encoder,
        string identity,
        IEnumerable<string> names
    )
    {
        var cache = new VectorCache(encoder, identity);
        var measured = new List<Measured>();
        foreach (var name in names)
        {
            var collection = JudgedCollection.Load(name);
            var index = await RetrievalIndex.BuildAsync(collection, encoder, cache);
            measured.Add(
                new(name, [.. Enumerable.Range(0, collection.Questions.Count).Select(i => index.Search(i))])
                {
                    Collection = collection,
                    WithFeedback =
                    [
                        .. Enumerable
                            .Range(0, collection.Questions.Count)
                            .Select(i => index.Search(i, withFeedback: true)),
                    ],
                }
            );
        }

        return measured;
    }

    internal static IEnumerable<int> Fuse(RetrievedLists lists, FusionWeights weights, bool isKnown = true) =>
        SignalFusion
            .Fuse(
                [.. lists.Candidates.Select(one => new FusionCandidate(one.Lexical, one.Cosine, one.Identifiers))],
                lists.WholeScore,
                isKnown ? lists.Familiarity : null,
                lists.NamedShare,
                weights
            )
            .Ranked.Select(ranked => ranked.Index);

    private static async Task<Dictionary<string, TokenScores>> TokensAsync(
        List<Measured> measured,
        LocalEncoder encoder
    )
    {
        var tokens = new Dictionary<string, TokenScores>(StringComparer.Ordinal);
        foreach (var one in measured)
        {
            tokens[one.Name] = await TokenScores.MeasureAsync(
                one.Collection,
                [.. one.Questions.Zip(one.Questions, (top, whole) => Best(top).Concat(Best(whole)))],
                encoder
            );
        }

        return tokens;

        static IEnumerable<string> Best(RetrievedLists lists) =>
            FuseScored(lists).Take(TokenScores.Depth).Select(ranked => lists.Candidates[ranked.Index].Id);
    }

    private static IEnumerable<int> Reranked(RetrievedLists lists, Dictionary<string, TokenScores> tokens) =>
        RerankedCollection.Order(
            lists,
            FuseScored(lists),
            tokens.Values.First(one => one.Has(lists.Question)),
            LateInteraction.Settings
        );

    /// <summary>The other stores, each ranked as it does best on the mean, and what the test data's README tells.</summary>
    private static IEnumerable<Method> Strangers(OtherRankings others, List<Measured> measured) =>
        others
            .Names.Select(name => new Method(name, _ => []) { Ids = lists => others.Of(name, lists.Question) })
            .GroupBy(method => method.Name.Split('(')[0])
            .Select(ways => ways.MaxBy(way => measured.Average(one => Gain(way, one.Questions).Average()))!);

    internal static RankedCandidate[] FuseScored(RetrievedLists lists) =>
        [
            .. SignalFusion
                .Fuse(
                    [.. lists.Candidates.Select(one => new FusionCandidate(one.Lexical, one.Cosine, one.Identifiers))],
                    lists.WholeScore,
                    lists.Familiarity,
                    lists.NamedShare,
                    FusionWeights.Default
                )
                .Ranked,
        ];

    private static IEnumerable<int> ByReciprocalRank(RetrievedLists lists) =>
        ReciprocalRankFusion.Fuse<int>([lists.ByWords, lists.ByMeaning]).Select(item => item.Item);

    private static double[] Gain(Method method, IReadOnlyList<RetrievedLists> questions) =>
        [.. questions.Select(one => RankingMetrics.Ndcg(Ids(method, one), one.Question.Grades, Shallow))];

    private static double[] Recall(Method method, IReadOnlyList<RetrievedLists> questions) =>
        [.. questions.Select(one => RankingMetrics.Recall(Ids(method, one), one.Question.Grades, Deep))];

    private static double[] Reciprocal(Method method, IReadOnlyList<RetrievedLists> questions) =>
        [.. questions.Select(one => RankingMetrics.ReciprocalRank(Ids(method, one), one.Question.Grades))];

    private static IEnumerable<string> Ids(Method method, RetrievedLists lists) => method.Ids(lists);

    private static void Table(
        StringBuilder report,
        string figure,
        List<Measured> measured,
        Method[] methods,
        Func<(Method Method, Measured Measured), double[]> measure
    )
    {
        report.AppendLine($"| {figure} | {string.Join(" | ", measured.Select(one => one.Name))} | mean |");
        report.AppendLine("|---|" + string.Concat(measured.Select(_ => "---|")) + "---|");
        foreach (var method in methods)
        {
            double[] figures = [.. measured.Select(one => measure((method, one)).Average())];
            report.AppendLine(
                $"| {method.Name} | {string.Join(" | ", figures.Append(figures.Average()).Select(Three))} |"
            );
        }

        foreach (var (name, told) in Readme.Where(line => line.Figure == figure).Select(line => (line.Name, line.Told)))
        {
            var cells = measured.Select(one => told.TryGetValue(one.Name, out var value) ? Three(value) : "");
            report.AppendLine($"| {name} | {string.Join(" | ", cells)} | |");
        }

        report.AppendLine();
    }

    private static void Intervals(StringBuilder report, List<Measured> measured)
    {
        report.AppendLine(
            "nDCG@10 of both less that of another, with the 95 % interval of a paired bootstrap over questions:"
        );
        report.AppendLine();
        report.AppendLine("| Less | " + string.Join(" | ", measured.Select(one => one.Name)) + " |");
        report.AppendLine("|---|" + string.Concat(measured.Select(_ => "---|")));
        foreach (var method in (Method[])[Words, Meaning, ByRank])
        {
            var cells = measured.Select(one => Interval(Gain(Fused, one.Questions), Gain(method, one.Questions)));
            report.AppendLine($"| {method.Name} | {string.Join(" | ", cells)} |");
        }

        report.AppendLine();
    }

    /// <summary>Why pseudo-relevance feedback is off.</summary>
    private static void Feedback(StringBuilder report, List<Measured> measured)
    {
        report.AppendLine(
            "With RM3 (ten terms of the ten best passages by words, together as heavy as half of the query), nDCG@10 and the "
                + "difference that it makes:"
        );
        report.AppendLine();
        report.AppendLine("| With RM3 | " + string.Join(" | ", measured.Select(one => one.Name)) + " |");
        report.AppendLine("|---|" + string.Concat(measured.Select(_ => "---|")));
        foreach (var method in (Method[])[Words, Fused])
        {
            var cells = measured.Select(one =>
                $"{Three(Gain(method, one.WithFeedback).Average())}, {Interval(Gain(method, one.WithFeedback), Gain(method, one.Questions))}"
            );
            report.AppendLine($"| {method.Name} | {string.Join(" | ", cells)} |");
        }

        report.AppendLine();
    }

    private static string Interval(double[] fused, double[] other)
    {
        double[] differences = [.. fused.Zip(other, (one, two) => one - two)];
        // The same draw in every run.
        var random = new Random(1);
        double[] means =
        [
            .. Enumerable
                .Range(0, Resamples)
                .Select(_ => differences.Average(_ => differences[random.Next(differences.Length)]))
                .Order(),
        ];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{differences.Average():+.000;-.000} ({means[Resamples / 40]:+.000;-.000} to {means[Resamples - 1 - (Resamples / 40)]:+.000;-.000})"
        );
    }

    /// <summary>How the weights were chosen: for each collection, on the seven others.</summary>
    private static void Choice(StringBuilder report, List<Measured> measured)
    {
        FusionWeights[] grid =
        [
            .. from meaning in (double[])[0.5, 0.6, 0.7, 0.8, 0.9]
            from peak in (double[])[0, 0.3, 0.6, 0.9]
            from lost in (double[])[-0.4, -0.2, 0, 0.2]
            from home in (double[])[0.7, 0.8]
            select new FusionWeights(meaning, peak, lost, home),
        ];
        double[] better =
        [
            .. measured.Select(one =>
                Math.Max(Gain(Words, one.Questions).Average(), Gain(Meaning, one.Questions).Average())
            ),
        ];
        double[][] gains =
        [
            .. grid.AsParallel()
                .AsOrdered()
                .Select(weights =>
                    measured
                        .Select(one => Gain(new Method("", lists => Fuse(lists, weights)), one.Questions).Average())
                        .ToArray()
                ),
        ];
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            Weights were chosen from {grid.Length} by the mean of nDCG@10 over collections, less {LossCounts} times what a collection loses to the better
            of its parts. Held out, a collection is ranked by the weights that the seven others choose:

            | Held out | Meaning | Peak | Lost | At home | nDCG@10 | Less the better part |
            |---|---|---|---|---|---|---|
            """
        );
        for (var held = 0; held < measured.Count; held++)
            Row(measured[held].Name, Best(held), held);
        var all = Best(null);
        var product = measured.Select(one => Gain(Fused, one.Questions).Average());
        Line("none", grid[all], gains[all].Average(), gains[all].Zip(better, (one, two) => one - two).Min());
        Line(
            "none, the product",
            FusionWeights.Default,
            product.Average(),
            product.Zip(better, (one, two) => one - two).Min()
        );
        report.AppendLine().AppendLine("The last two lines give the mean over collections, and the largest loss.");

        int Best(int? held) =>
            Enumerable
                .Range(0, grid.Length)
                .MaxBy(choice =>
                    Enumerable.Range(0, measured.Count).Where(i => i != held).Average(i => Worth(choice, i))
                );

        double Worth(int choice, int collection) =>
            gains[choice][collection] - (LossCounts * Math.Max(0, better[collection] - gains[choice][collection]));

        void Row(string name, int choice, int collection) =>
            Line(name, grid[choice], gains[choice][collection], gains[choice][collection] - better[collection]);

        void Line(string name, FusionWeights weights, double gain, double more) =>
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {name} | {weights.Meaning} | {weights.Peak} | {weights.Lost} | {weights.AtHome} | {gain:F3} | {more:+.000;-.000} |"
            );
    }

    private static string Three(double figure) => figure.ToString("F3", CultureInfo.InvariantCulture);
}
