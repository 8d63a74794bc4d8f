using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Analysis.Rules;

internal static class PeriodRule
{
    public static string? FaultOf(PlaybookRule.PeriodWithin rule) =>
        rule.AtMost is null && rule.AtLeast is null ? "It has no bound."
        : (rule.AtMost is not null && Period.Read(rule.AtMost) is null)
        || (rule.AtLeast is not null && Period.Read(rule.AtLeast) is null)
            ? "A bound is a number and a unit, as “30 days”."
        : null;

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.PeriodWithin rule)
    {
        var atMost = rule.AtMost is { } most ? Period.Read(most) : null;
        var atLeast = rule.AtLeast is { } least ? Period.Read(least) : null;
        var any = false;
        foreach (var (clause, period, _) in SubjectPeriods.In(contract, rule.Subject))
        {
            any = true;
            var (bound, how) =
                atMost is { } highest && period.Value.Days > highest.Days + 0.5 ? (highest, "most")
                : atLeast is { } lowest && period.Value.Days < lowest.Days - 0.5 ? (lowest, "least")
                : ((Period?)null, "");
            if (bound is { } wanted)
            {
                var written = how == "most" ? rule.AtMost! : rule.AtLeast!;
                yield return clause.Finding(
                    rule.Id,
                    rule.Severity,
                    $"{SubjectPeriods.NameOf(rule.Subject)} is {period.Value}; it should be at {how} {wanted}.",
                    period.Start,
                    period.Length
                ) with
                {
                    ProposedEdits = rule.Fallback is { } fallback
                        ? ClauseRules.Replacement(clause.Clause, fallback)
                        : [Rewriting.Of(clause.Clause, period.Start, period.Length, written.Trim())],
                };
            }
        }

        if (!any)
        {
            yield return new Finding(
                rule.Id,
                FindingSeverity.Info,
                $"{SubjectPeriods.NameOf(rule.Subject)} was not found, so that the rule could not be checked."
            );
        }
    }
}
