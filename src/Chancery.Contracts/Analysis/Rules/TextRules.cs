using Chancery.Contracts.Analysis.Checks;

namespace Chancery.Contracts.Analysis.Rules;

/// <summary>Rules on words that must, or must not, stand in a contract.</summary>
internal static class TextRules
{
    /// <summary>Places that one rule reports at most.</summary>
    private const int MostPlaces = 50;

    public static string? FaultOf(string? text, bool isRegex)
    {
        RulePattern.TryMake(text ?? "", isRegex, out var fault);
        return fault;
    }

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.TextRequired rule)
    {
        var pattern = RulePattern.TryMake(rule.Text, rule.IsRegex, out _)!;
        var clauses = Scope(contract, rule.Type).ToList();
        if (
            clauses.Any(clause =>
                pattern.In(clause.Text, 1).Count > 0 || pattern.In(clause.Clause.Heading, 1).Count > 0
            )
        )
        {
            yield break;
        }

        if (pattern.IsOverTime)
        {
            yield return OverTime(rule);
            yield break;
        }

        yield return new Finding(
            rule.Id,
            rule.Severity,
            rule.Type is { } type
                ? $"No clause on “{ClauseTypes.NameOf(type)}” says “{rule.Text}”."
                : $"Nothing says “{rule.Text}”."
        )
        {
            ClauseId = clauses.FirstOrDefault()?.Id is { } first && rule.Type is not null ? first : null,
            ProposedEdits = rule.Fallback is { } fallback
                ? rule.Type is not null && clauses is [var clause, ..]
                    ? ClauseRules.Replacement(clause.Clause, fallback)
                    : ClauseRules.Insertion(contract.Contract, rule.Type ?? ClauseType.ForceMajeure, fallback)
                : [],
        };
    }

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.TextForbidden rule)
    {
        var pattern = RulePattern.TryMake(rule.Text, rule.IsRegex, out _)!;
        var left = MostPlaces;
        foreach (var clause in Scope(contract, rule.Type))
        {
            foreach (var (start, length) in pattern.In(clause.Text, left))
            {
                left--;
                yield return clause.Finding(
                    rule.Id,
                    rule.Severity,
                    $"“{Shorten(clause.Text.Substring(start, length))}” is not wanted.",
                    start,
                    length
                ) with
                {
                    ProposedEdits = rule.Fallback is { } fallback
                        ? ClauseRules.Replacement(clause.Clause, fallback)
                        : [],
                };
            }

            if (left <= 0)
            {
                break;
            }
        }

        if (pattern.IsOverTime)
        {
            yield return OverTime(rule);
        }
    }

    private static IEnumerable<CheckedClause> Scope(CheckedContract contract, ClauseType? type) =>
        type is { } wanted ? contract.Showing(wanted) : contract.Clauses;

    private static string Shorten(string words) => words.Length <= 80 ? words : $"{words[..79]}…";

    private static Finding OverTime(PlaybookRule rule) =>
        new(rule.Id, FindingSeverity.Error, "The rule's expression takes too long on this contract and was given up.");
}
