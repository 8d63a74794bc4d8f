using System.Security.Cryptography;
using System.Text;
using Chancery.Contracts;
using Chancery.Contracts.Analysis;

namespace Chancery.Bench.Contracts;

/// <summary>
/// Are the types of clauses recognised by their words? On the spans of CUAD, without headings, since the spans have none. A type is
/// right for a span when one of its categories was annotated there. The lists of phrases were written with the tuned half in view; the
/// other half was not looked at.
/// </summary>
internal static class ClauseTypesBench
{
    /// <summary>Shorter spans may stand at a wrong place, says the data set.</summary>
    private const int ShortestSpan = 20;

    private static readonly (ClauseType Type, string[] Categories)[] _types =
    [
        (ClauseType.Term, ["Expiration Date"]),
        (ClauseType.Renewal, ["Renewal Term", "Notice Period To Terminate Renewal"]),
        (ClauseType.TerminationForConvenience, ["Termination For Convenience"]),
        (ClauseType.EffectsOfTermination, ["Post-Termination Services"]),
        (ClauseType.PriceAdjustment, ["Price Restrictions"]),
        (ClauseType.RevenueShare, ["Revenue/Profit Sharing"]),
        (ClauseType.MinimumCommitment, ["Minimum Commitment"]),
        (ClauseType.VolumeRestriction, ["Volume Restriction"]),
        (ClauseType.MostFavouredCustomer, ["Most Favored Nation"]),
        (ClauseType.Exclusivity, ["Exclusivity"]),
        (ClauseType.NonCompete, ["Non-Compete", "Competitive Restriction Exception"]),
        (ClauseType.NonSolicitation, ["No-Solicit Of Customers", "No-Solicit Of Employees"]),
        (ClauseType.NonDisparagement, ["Non-Disparagement"]),
        (ClauseType.RightOfFirstRefusal, ["Rofr/Rofo/Rofn"]),
        (
            ClauseType.Licence,
            [
                "License Grant",
                "Non-Transferable License",
                "Irrevocable Or Perpetual License",
                "Affiliate License-Licensee",
                "Affiliate License-Licensor",
                "Unlimited/All-You-Can-Eat-License",
            ]
        ),
        (ClauseType.IpOwnership, ["Ip Ownership Assignment", "Joint Ip Ownership"]),
        (ClauseType.SourceCodeEscrow, ["Source Code Escrow"]),
        (ClauseType.CovenantNotToSue, ["Covenant Not To Sue"]),
        (ClauseType.Warranty, ["Warranty Duration"]),
        (ClauseType.LiabilityCap, ["Cap On Liability"]),
        (ClauseType.UncappedLiability, ["Uncapped Liability"]),
        (ClauseType.LiquidatedDamages, ["Liquidated Damages"]),
        (ClauseType.Insurance, ["Insurance"]),
        (ClauseType.Audit, ["Audit Rights"]),
        (ClauseType.Assignment, ["Anti-Assignment"]),
        (ClauseType.ChangeOfControl, ["Change Of Control"]),
        (ClauseType.GoverningLaw, ["Governing Law"]),
        (ClauseType.ThirdPartyRights, ["Third Party Beneficiary"]),
    ];

    public static int Run()
    {
        var spans = Read();
        var tuned = spans.Where(span => !IsUnseen(span.File)).ToList();
        var unseen = spans.Where(span => IsUnseen(span.File)).ToList();
        Console.WriteLine("| Type | Spans | Recall % | Precision % | Unseen: spans | Recall % | Precision % |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var (type, categories) in _types)
        {
            Console.WriteLine(
                $"| {ClauseTypes.NameOf(type)} | {Score(tuned, type, categories)} | {Score(unseen, type, categories)} |"
            );
        }

        Console.WriteLine($"| **All** | {Sum(tuned)} | {Sum(unseen)} |");
        Console.WriteLine();
        Console.WriteLine("| Question | Tuned % | Unseen % |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine($"| The strongest type is one of the span's | {First(tuned):F1} | {First(unseen):F1} |");
        Console.WriteLine($"| A span has any type at all | {Any(tuned):F1} | {Any(unseen):F1} |");
        Console.WriteLine(
            $"| Termination for convenience is found as termination of whatever kind | {Termination(tuned):F1} | {Termination(unseen):F1} |"
        );
        return 0;
    }

    private static string Score(List<Span> spans, ClauseType type, string[] categories)
    {
        var (relevant, found, given, right) = Count(spans, type, categories);
        return $"{relevant} | {100.0 * found / relevant:F1} | {100.0 * right / Math.Max(given, 1):F1}";
    }

    private static string Sum(List<Span> spans)
    {
        var counts = _types.Select(type => Count(spans, type.Type, type.Categories)).ToList();
        var relevant = counts.Sum(count => count.Relevant);
        return $"{relevant} | {100.0 * counts.Sum(count => count.Found) / relevant:F1} | {100.0 * counts.Sum(count => count.Right) / counts.Sum(count => count.Given):F1}";
    }

    private static (int Relevant, int Found, int Given, int Right) Count(
        List<Span> spans,
        ClauseType type,
        string[] categories
    ) =>
        (
            spans.Count(span => categories.Contains(span.Category)),
            spans.Count(span => categories.Contains(span.Category) && span.Types.Contains(type)),
            spans.Count(span => span.Types.Contains(type)),
            spans.Count(span => span.Types.Contains(type) && categories.Any(span.Labels.Contains))
        );

    private static double First(List<Span> spans) =>
        100.0
        * spans.Count(span =>
            span.Types is [var first, ..]
            && _types.Any(type => type.Type == first && type.Categories.Any(span.Labels.Contains))
        )
        / spans.Count;

    private static double Any(List<Span> spans) => 100.0 * spans.Count(span => span.Types.Count > 0) / spans.Count;

    private static double Termination(List<Span> spans)
    {
        var asked = spans.Where(span => span.Category == "Termination For Convenience").ToList();
        return 100.0
            * asked.Count(span => span.Types.Any(type => ClauseTypes.Answers(type, ClauseType.Termination)))
            / asked.Count;
    }

    private static List<Span> Read()
    {
        var measured = _types.SelectMany(type => type.Categories).ToHashSet();
        var spans = TestData
            .Lines(TestData.PathOf("contracts", "cuad", "spans.jsonl"))
            .Select(line => new Span(
                line.GetProperty("file").GetString()!,
                line.GetProperty("category").GetString()!,
                line.GetProperty("start").GetInt32(),
                line.GetProperty("end").GetInt32(),
                line.GetProperty("text").GetString()!
            ))
            .Where(span => measured.Contains(span.Category) && span.Text.Length >= ShortestSpan)
            .ToList();
        foreach (var file in spans.GroupBy(span => span.File))
        {
            foreach (var span in file)
            {
                span.Labels.UnionWith(
                    file.Where(other => other.Start < span.End && span.Start < other.End)
                        .Select(other => other.Category)
                );
                span.Types = ClauseTypes.RecogniseAll(new Clause(Guid.CreateVersion7()) { Text = span.Text });
            }
        }

        return spans;
    }

    private static bool IsUnseen(string file) => SHA256.HashData(Encoding.UTF8.GetBytes(file))[0] % 2 == 1;

    private sealed record Span(string File, string Category, int Start, int End, string Text)
    {
        /// <summary>Of every span that overlaps it.</summary>
        public HashSet<string> Labels { get; } = [];

        public IReadOnlyList<ClauseType> Types { get; set; } = [];
    }
}
