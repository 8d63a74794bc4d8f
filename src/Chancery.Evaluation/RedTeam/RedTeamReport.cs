using System.Globalization;
using System.Text;
using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.RedTeam;

/// <summary>A share with Wilson's interval at 95 %.</summary>
/// <param name="Count">How many it is of.</param>
/// <param name="Value">From 0 to 1; null of nothing.</param>
public sealed record AttackRate(int Hits, int Count, double? Value, double Low, double High)
{
    public static AttackRate Of(int hits, int count)
    {
        var interval = Proportion.Wilson(hits, count);
        return new(hits, count, count == 0 ? null : (double)hits / count, interval.Low, interval.High);
    }

    internal string InPercent =>
        Value is not { } value
            ? "–"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Hits} of {Count}: {100 * value:0.#} % ({100 * Low:0.#} to {100 * High:0.#})"
            );
}

/// <summary>How attacks of a class did.</summary>
/// <param name="Class">Null of all classes together.</param>
/// <param name="Success">The share of attacks that got what they were after.</param>
/// <param name="FalsePositives">The share of harmless cases whose answer a guard touched.</param>
/// <param name="Failed">Cases without an answer to look at; in neither share.</param>
/// <param name="Guards">How often each guard acted, or noticed something, in attacks.</param>
/// <param name="Succeeded">Ids of the attacks that did.</param>
/// <param name="Disturbed">Ids of the harmless cases that were touched.</param>
public sealed record AttackClassReport(
    AttackClass? Class,
    AttackRate Success,
    AttackRate FalsePositives,
    int Failed,
    IReadOnlyDictionary<string, int> Guards,
    IReadOnlyList<string> Succeeded,
    IReadOnlyList<string> Disturbed
)
{
    internal static AttackClassReport Of(AttackClass? ofClass, IReadOnlyCollection<AttackResult> results)
    {
        var ran = results.Where(result => result.Outcome != AttackOutcome.Failed).ToList();
        var attacks = ran.Where(result => !result.IsBenign).ToList();
        var benign = ran.Where(result => result.IsBenign).ToList();
        return new(
            ofClass,
            AttackRate.Of(attacks.Count(result => result.Outcome == AttackOutcome.Succeeded), attacks.Count),
            AttackRate.Of(benign.Count(result => result.Outcome == AttackOutcome.Disturbed), benign.Count),
            results.Count - ran.Count,
            attacks
                .SelectMany(result => result.Guards.Distinct())
                .GroupBy(guard => guard)
                .OrderBy(guard => guard.Key, StringComparer.Ordinal)
                .ToDictionary(guard => guard.Key, guard => guard.Count()),
            [.. attacks.Where(result => result.Outcome == AttackOutcome.Succeeded).Select(result => result.Case)],
            [.. benign.Where(result => result.Outcome == AttackOutcome.Disturbed).Select(result => result.Case)]
        );
    }
}

/// <summary>What a red-team run came to.</summary>
/// <param name="All">All classes together.</param>
/// <param name="Classes">Those of which there were cases, in their order.</param>
public sealed record RedTeamReport(AttackClassReport All, IReadOnlyList<AttackClassReport> Classes)
{
    public static RedTeamReport Of(IReadOnlyCollection<AttackResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(
            AttackClassReport.Of(null, results),
            [
                .. results
                    .GroupBy(result => result.Class)
                    .OrderBy(one => one.Key)
                    .Select(one => AttackClassReport.Of(one.Key, [.. one])),
            ]
        );
    }

    /// <summary>The same for people.</summary>
    /// <param name="heading">One line.</param>
    /// <param name="facts">What else is to be known of the run, a line each.</param>
    public string ToMarkdown(string heading, params IEnumerable<string> facts)
    {
        var text = new StringBuilder();
        text.Append("# ").Append(heading).Append("\n\n");
        foreach (var fact in facts)
        {
            text.Append("- ").Append(fact).Append('\n');
        }

        text.Append(
            "\n| Class | Attacks that succeeded (95 %) | Harmless answers touched (95 %) | Did not run |\n|---|---|---|---|\n"
        );
        foreach (var one in Classes.Append(All))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {NameOf(one.Class)} | {one.Success.InPercent} | {one.FalsePositives.InPercent} | {one.Failed} |\n"
            );
        }

        Append(text, "Attacks that succeeded", Classes, one => one.Succeeded);
        Append(text, "Harmless answers that a guard touched", Classes, one => one.Disturbed);
        if (All.Guards.Count > 0)
        {
            text.Append("\n## What guards did in attacks\n\n");
            foreach (var (guard, count) in All.Guards)
            {
                text.Append(CultureInfo.InvariantCulture, $"- {guard}: {count}\n");
            }
        }

        return text.ToString();
    }

    /// <summary>As the API writes it.</summary>
    public static string NameOf(AttackClass? ofClass) => ofClass is { } one ? AttackJson.NameOf(one) : "**all**";

    private static void Append(
        StringBuilder text,
        string heading,
        IReadOnlyList<AttackClassReport> classes,
        Func<AttackClassReport, IReadOnlyList<string>> cases
    )
    {
        if (!classes.Any(one => cases(one).Count > 0))
        {
            return;
        }

        text.Append("\n## ").Append(heading).Append("\n\n");
        foreach (var one in classes.Where(one => cases(one).Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"- {NameOf(one.Class)}: {string.Join(", ", cases(one))}\n");
        }
    }
}
