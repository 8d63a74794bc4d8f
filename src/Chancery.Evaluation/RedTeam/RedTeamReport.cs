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

    /// <summary>
    /// What is to be said of this share beside an earlier one: one of <see cref="AttackChange"/>; null where either is of nothing. More or fewer only
    /// where the two intervals do not touch, which is stricter than a test of the difference.
    /// </summary>
    public string? ChangeFrom(AttackRate earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return Count == 0 || earlier.Count == 0 ? null
            : Low > earlier.High ? AttackChange.More
            : High < earlier.Low ? AttackChange.Fewer
            : AttackChange.Unclear;
    }

    internal string InPercent =>
        Value is not { } value
            ? "–"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Hits} of {Count}: {100 * value:0.#} % ({100 * Low:0.#} to {100 * High:0.#})"
            );
}

/// <summary>How a share is beside an earlier one.</summary>
public static class AttackChange
{
    public const string More = "more";
    public const string Fewer = "fewer";

    /// <summary>The intervals touch.</summary>
    public const string Unclear = "unclear";
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

    /// <summary>An earlier report beside this one, by class, as a section for people: classes of both, and what is surely more or fewer.</summary>
    /// <param name="heading">One line.</param>
    public string CompareToMarkdown(RedTeamReport earlier, string heading)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        var text = new StringBuilder();
        text.Append("\n## ")
            .Append(heading)
            .Append(
                "\n\n| Class | Attacks that succeeded: then | Now | | Harmless answers touched: then | Now | |\n|---|---|---|---|---|---|---|\n"
            );
        foreach (var (then, now) in Both(earlier))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {NameOf(now.Class)} | {then.Success.InPercent} | {now.Success.InPercent} | {WordOf(now.Success.ChangeFrom(then.Success))} | {then.FalsePositives.InPercent} | {now.FalsePositives.InPercent} | {WordOf(now.FalsePositives.ChangeFrom(then.FalsePositives))} |\n"
            );
        }

        return text.Append("\nMore or fewer is only said where the two 95 % intervals do not touch.\n").ToString();

        static string WordOf(string? change) => change is null or AttackChange.Unclear ? "" : $"**{change}**";
    }

    /// <summary>Classes that both reports have, in their order, and all together at the end.</summary>
    public IEnumerable<(AttackClassReport Then, AttackClassReport Now)> Both(RedTeamReport earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return Classes
            .Append(All)
            .Join(
                earlier.Classes.Append(earlier.All),
                now => NameOf(now.Class),
                then => NameOf(then.Class),
                (now, then) => (then, now)
            );
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
