using System.Globalization;
using System.Text;
using Chancery.Search;
using Chancery.Server.Knowledge.Search.Reranking;

namespace Chancery.Bench.Retrieval;

/// <summary>Is it worth comparing tokens? The same choice of settings as for fusion: for each collection, on the others.</summary>
internal sealed class RerankingReport(IReadOnlyList<RerankedCollection> collections)
{
    public void Write(StringBuilder report)
    {
        RerankSettings[] grid =
        [
            new(0, 0),
            .. from candidates in (int[])[10, 20, TokenScores.Depth]
            from weight in (double[])[0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1]
            select new RerankSettings(candidates, weight),
        ];
        double[][] gains =
        [
            .. grid.AsParallel()
                .AsOrdered()
                .Select(settings => collections.Select(one => one.Gain(settings)).ToArray()),
        ];
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            ## Comparing tokens

            MaxSim with the same encoder over the best passages by both, the first {LateInteraction.MostPassageTokens} tokens of each; nDCG@10 less that of both alone, by how many are ranked
            again and what weight the new score has:

            | Candidates | Weight | {string.Join(" | ", collections.Select(one => one.Name))} | mean |
            |---|---|{string.Concat(collections.Select(_ => "---|"))}---|
            """
        );
        foreach (var (place, settings) in grid.Index().Skip(1))
        {
            double[] differences = [.. gains[place].Zip(gains[0], (one, without) => one - without)];
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {settings.Candidates} | {settings.Weight} | {string.Join(" | ", differences.Append(differences.Average()).Select(Signed))} |"
            );
        }

        report
            .AppendLine()
            .AppendLine(
                "Held out, a collection is ranked by the settings that are best on the mean of the seven others; none at all is among them:"
            )
            .AppendLine()
            .AppendLine("| Held out | Candidates | Weight | nDCG@10 | Less both alone |")
            .AppendLine("|---|---|---|---|---|");
        var heldOut = 0.0;
        for (var held = 0; held < collections.Count; held++)
        {
            var best = Best(held);
            heldOut += gains[best][held] - gains[0][held];
            Line(collections[held].Name, grid[best], gains[best][held], gains[best][held] - gains[0][held]);
        }

        var all = Best(null);
        Line("none", grid[all], gains[all].Average(), gains[all].Average() - gains[0].Average());
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"""

            Held out, the mean changes by {Signed(heldOut / collections.Count)}.

            What it costs, in milliseconds on one thread, while others use the machine:

            | | {string.Join(" | ", collections.Select(one => one.Name))} |
            |---|{string.Concat(collections.Select(_ => "---|"))}
            """
        );
        Cost("to encode a passage once", one => one.Tokens.EncodeMilliseconds);
        Cost("to encode a question", one => one.Tokens.QueryMilliseconds);
        Cost("to compare with a passage", one => one.Tokens.CompareMilliseconds);
        Cost("KB kept of a passage", one => one.Tokens.PassageBytes / 1000);
        report.AppendLine();

        int Best(int? held) =>
            Enumerable
                .Range(0, grid.Length)
                .MaxBy(choice =>
                    Enumerable.Range(0, collections.Count).Where(i => i != held).Average(i => gains[choice][i])
                );

        void Line(string name, RerankSettings settings, double gain, double more) =>
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {name} | {settings.Candidates} | {settings.Weight} | {gain:F3} | {Signed(more)} |"
            );

        void Cost(string what, Func<RerankedCollection, double> figure) =>
            report.AppendLine(
                $"| {what} | {string.Join(" | ", collections.Select(one => figure(one).ToString("F2", CultureInfo.InvariantCulture)))} |"
            );
    }

    private static string Signed(double difference) =>
        difference.ToString("+.000;-.000;.000", CultureInfo.InvariantCulture);
}

/// <summary>A collection, what both found in it, and what its tokens say of that.</summary>
internal sealed class RerankedCollection(string name, IReadOnlyList<RetrievedLists> lists, TokenScores tokens)
{
    private const int Depth = 10;

    private readonly RankedCandidate[][] _fused = [.. lists.Select(Ranking.FuseScored)];

    public string Name => name;

    public TokenScores Tokens => tokens;

    /// <summary>Mean nDCG@10 over the questions.</summary>
    public double Gain(RerankSettings settings) =>
        lists
            .Select(
                (one, place) =>
                    RankingMetrics.Ndcg(
                        Order(one, _fused[place], tokens, settings).Select(i => one.Candidates[i].Id),
                        one.Question.Grades,
                        Depth
                    )
            )
            .Average();

    /// <summary>Places in the candidates, best first.</summary>
    public static IEnumerable<int> Order(
        RetrievedLists lists,
        IReadOnlyList<RankedCandidate> fused,
        TokenScores tokens,
        RerankSettings settings
    ) =>
        SecondLook
            .Blend(
                [.. fused.Select(one => new RerankPassage(Guid.Empty, one.Score, ""))],
                [
                    .. fused
                        .Take(settings.Candidates)
                        .Select(one => tokens.Of(lists.Question, lists.Candidates[one.Index].Id)),
                ],
                settings.Weight
            )
            .Select(ranked => fused[ranked.Index].Index);
}
