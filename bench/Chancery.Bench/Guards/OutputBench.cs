using Chancery.Guards.Output;

namespace Chancery.Bench.Guards;

/// <summary>
/// How often does the output filter touch an answer that quotes a harmless text? Once where the text was among what the model was told, so that
/// addresses in it may be named, and once where it was not.
/// </summary>
internal static class OutputBench
{
    public static int Run()
    {
        var texts = InjectionTexts.Read().Where(text => !text.IsAttack).ToList();
        Console.WriteLine("| Harmless set | Texts | Touched %, told (95 %) | by | Touched %, not told (95 %) | by |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var set in texts.GroupBy(text => text.Set))
        {
            PrintRow(set.Key, [.. set]);
        }

        PrintRow("**All**", texts);
        return 0;
    }

    private static void PrintRow(string name, List<InjectionText> texts)
    {
        var told = texts.Select(text => Hits(text.Text, isTold: true)).Where(hits => hits.Count > 0).ToList();
        var untold = texts.Select(text => Hits(text.Text, isTold: false)).Where(hits => hits.Count > 0).ToList();
        Console.WriteLine(
            $"| {name} | {texts.Count} | {Rates.Percent(told.Count, texts.Count)} | {By(told)} | {Rates.Percent(untold.Count, texts.Count)} | {By(untold)} |"
        );
    }

    private static IReadOnlyList<OutputHit> Hits(string text, bool isTold) =>
        OutputFilter
            .Apply(
                text,
                new()
                {
                    OnLink = OutputAction.Replace,
                    AllowedAddresses = isTold
                        ? OutputFilterOptions.AddressesIn(text).ToHashSet(StringComparer.Ordinal)
                        : new HashSet<string>(),
                    IsForeignId = word => !isTold && Guid.TryParseExact(word, "D", out _),
                }
            )
            .Hits;

    private static string By(List<IReadOnlyList<OutputHit>> touched) =>
        touched.Count == 0
            ? "–"
            : string.Join(
                ", ",
                touched
                    .SelectMany(hits => hits.Select(hit => $"{hit.Rule} ({hit.What})").Distinct())
                    .GroupBy(what => what)
                    .OrderByDescending(what => what.Count())
                    .Select(what => $"{what.Key} {what.Count()}")
            );
}
