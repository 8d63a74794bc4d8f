using System.Diagnostics;
using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Analysis.Rules;

namespace Chancery.Contracts.Analysis;

/// <summary>Holds a contract against an organisation's rules.</summary>
public static class Playbook
{
    /// <summary>
    /// What the contract has against the rules, in their order. A rule that cannot be read, or whose expression takes too long, is an
    /// error under its own id; the others are looked at all the same.
    /// </summary>
    public static IReadOnlyList<Finding> Review(ContractText contract, IReadOnlyList<PlaybookRule> rules)
    {
        var checkedContract = new CheckedContract(contract);
        return [.. rules.SelectMany(rule => Review(checkedContract, rule).Select(finding => Explain(finding, rule)))];
    }

    /// <summary>Why a rule cannot be used, for whoever wrote it; null: it can.</summary>
    public static string? FaultOf(PlaybookRule rule) =>
        string.IsNullOrWhiteSpace(rule.Id) || rule.Id.Length > 100 ? "Its id is not 1 to 100 characters."
        : !Enum.IsDefined(rule.Severity) ? "There is no such severity."
        : rule.Fallback is { } fallback && string.IsNullOrWhiteSpace(fallback.Text) ? "Its fallback has no text."
        : rule switch
        {
            PlaybookRule.ClauseRequired required when !Enum.IsDefined(required.Type) =>
                "There is no such type of clause.",
            PlaybookRule.ClauseForbidden forbidden when !Enum.IsDefined(forbidden.Type) =>
                "There is no such type of clause.",
            PlaybookRule.GoverningLawOneOf laws
                when laws.Laws is not { Count: > 0 } || laws.Laws.Any(string.IsNullOrWhiteSpace) => "It names no law.",
            PlaybookRule.LiabilityCapped capped => LiabilityRule.FaultOf(capped),
            PlaybookRule.PeriodWithin period => PeriodRule.FaultOf(period),
            PlaybookRule.TextRequired text => TextRules.FaultOf(text.Text, text.IsRegex),
            PlaybookRule.TextForbidden text => TextRules.FaultOf(text.Text, text.IsRegex),
            PlaybookRule.DefinitionRequired definition when string.IsNullOrWhiteSpace(definition.Term) =>
                "It names no term.",
            PlaybookRule.PartyRoleRequired role when string.IsNullOrWhiteSpace(role.Role) => "It names no role.",
            _ => null,
        };

    private static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule rule)
    {
        if (FaultOf(rule) is { } fault)
        {
            return [new Finding(rule.Id ?? "", FindingSeverity.Error, $"The rule cannot be used. {fault}")];
        }

        return rule switch
        {
            PlaybookRule.ClauseRequired required => ClauseRules.Review(contract, required),
            PlaybookRule.ClauseForbidden forbidden => ClauseRules.Review(contract, forbidden),
            PlaybookRule.GoverningLawOneOf laws => GoverningLawRule.Review(contract, laws),
            PlaybookRule.LiabilityCapped capped => LiabilityRule.Review(contract, capped),
            PlaybookRule.PeriodWithin period => PeriodRule.Review(contract, period),
            PlaybookRule.TextRequired text => TextRules.Review(contract, text),
            PlaybookRule.TextForbidden text => TextRules.Review(contract, text),
            PlaybookRule.DefinitionRequired definition => ClauseRules.Review(contract, definition),
            PlaybookRule.PartyRoleRequired role => ClauseRules.Review(contract, role),
            _ => throw new UnreachableException($"Unhandled rule {rule.GetType().Name}."),
        };
    }

    private static Finding Explain(Finding finding, PlaybookRule rule) =>
        string.IsNullOrWhiteSpace(rule.Explanation)
            ? finding
            : finding with
            {
                Message = $"{finding.Message} {rule.Explanation}",
            };
}
