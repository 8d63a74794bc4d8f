using System.Globalization;
using Chancery.Guards.Injection;

namespace Chancery.Bench.Guards;

/// <summary>How many attacks does the guard see, and how many harmless texts does it take for attacks? On the half that was not fitted on.</summary>
internal static class InjectionBench
{
    private const int Steps = 4_000;
    private const double Rate = 1.5;
    private const double Ridge = 0.002;

    /// <summary>A harmless text that is stopped weighs more than an attack that passes: other walls stand behind this one.</summary>
    private const double HarmlessWeighs = 3;

    /// <summary>Of signals that are rare in these collections, and that harmless texts hardly have.</summary>
    private static readonly Dictionary<string, double> _least = new()
    {
        ["override"] = 2.8,
        ["forget-all"] = 2.2,
        ["system-prompt"] = 2.3,
        ["chat-template"] = 2.2,
        ["invisible"] = 1.2,
        ["spaced-letters"] = 1,
        ["exfiltration"] = 0.4,
    };

    public static int Run(string[] arguments)
    {
        var texts = InjectionTexts.Read();
        switch (arguments)
        {
            case ["fit"]:
                Fit([.. texts.Where(text => !text.IsUnseen)]);
                return 0;
            case ["wrong", var set]:
                ShowWrong([.. texts.Where(text => !text.IsUnseen && text.Set.Contains(set, StringComparison.Ordinal))]);
                return 0;
        }

        Console.WriteLine(
            "| Set | Fitted half: texts | Taken for attacks % | Unseen half: texts | Taken for attacks % (95 %) |"
        );
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var isAttack in new[] { true, false })
        {
            var some = texts.Where(text => text.IsAttack == isAttack).ToList();
            foreach (var set in some.GroupBy(text => text.Set))
            {
                PrintRow(set.Key, [.. set]);
            }

            PrintRow(isAttack ? "**All attacks: detected**" : "**All harmless: false positives**", some);
        }

        return 0;
    }

    private static void PrintRow(string name, List<InjectionText> texts)
    {
        var fitted = texts.Where(text => !text.IsUnseen).ToList();
        var unseen = texts.Where(text => text.IsUnseen).ToList();
        var seenHits = fitted.Count(IsTaken);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {fitted.Count} | {100.0 * seenHits / Math.Max(1, fitted.Count):F1} | {unseen.Count} | {Rates.Percent(unseen.Count(IsTaken), unseen.Count)} |"
            )
        );
    }

    private static bool IsTaken(InjectionText text) => InjectionGuard.Score(text.Text, text.Source).IsInjection;

    /// <summary>Logistic regression by gradient descent: each set weighs the same within its class.</summary>
    private static void Fit(List<InjectionText> texts)
    {
        var names = InjectionSignals.Names;
        var sizes = texts.GroupBy(text => text.Set).ToDictionary(set => set.Key, set => set.Count());
        var rows = texts
            .Select(text =>
            {
                var part = text.Text[..Math.Min(4_000, text.Text.Length)];
                var isInvisible = InvisibleText.Find(text.Text).Count > 0;
                var features = InjectionGuard.Features(
                    InjectionSignals.Find(part),
                    part.Length,
                    isInvisible,
                    text.Source
                );
                return (
                    Features: features,
                    Offset: InjectionWeights.OffsetOf(features, text.Source),
                    text.IsAttack,
                    Weight: Math.Sqrt(sizes[text.Set]) / sizes[text.Set] * (text.IsAttack ? 1 : HarmlessWeighs)
                );
            })
            .ToList();
        var total = rows.Sum(row => row.Weight);
        var weights = new double[names.Count + 1];
        for (var step = 0; step < Steps; step++)
        {
            var gradient = new double[weights.Length];
            foreach (var (features, offset, isAttack, weight) in rows)
            {
                var sum = weights[^1] + offset;
                for (var i = 0; i < features.Length; i++)
                {
                    sum += weights[i] * features[i];
                }

                var error = ((1 / (1 + Math.Exp(-sum))) - (isAttack ? 1 : 0)) * weight / total;
                for (var i = 0; i < features.Length; i++)
                {
                    gradient[i] += error * features[i];
                }

                gradient[^1] += error;
            }

            for (var i = 0; i < weights.Length; i++)
            {
                weights[i] -= Rate * (gradient[i] + (i < names.Count ? Ridge * weights[i] : 0));
                // A signal speaks for an attack or for nothing, so that nobody talks a score down by adding words.
                weights[i] = i < names.Count ? Math.Max(_least.GetValueOrDefault(names[i]), weights[i]) : weights[i];
            }
        }

        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"    private const double Bias = {weights[^1]:F2};")
        );
        for (var i = 0; i < names.Count; i++)
        {
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"        [\"{names[i]}\"] = {weights[i]:F2},")
            );
        }
    }

    private static void ShowWrong(List<InjectionText> texts)
    {
        foreach (var text in texts.Where(text => IsTaken(text) != text.IsAttack))
        {
            var verdict = InjectionGuard.Score(text.Text, text.Source);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{verdict.Score:F2} [{string.Join(' ', verdict.Signals.Select(signal => signal.Name).Distinct())}] {text.Text[..Math.Min(160, text.Text.Length)].ReplaceLineEndings("\\n")}"
                )
            );
        }
    }
}
