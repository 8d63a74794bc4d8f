namespace Chancery.Contracts.Analysis;

/// <summary>Holds a contract against an organisation's rules.</summary>
public static class Playbook
{
    /// <summary>What the contract has against the rules, in their order. Rules that cannot be read are found fault with themselves.</summary>
    public static IReadOnlyList<Finding> Review(ContractText contract, IReadOnlyList<PlaybookRule> rules)
    {
        var types = ClauseTypes.In(contract);
        return
        [
            .. rules
                .OfType<PlaybookRule.ClauseRequired>()
                .Where(rule => !types.Values.Any(shown => shown.Any(type => ClauseTypes.Answers(type, rule.Type))))
                .Select(rule => new Finding(rule.Id, rule.Severity, $"No clause on {ClauseTypes.NameOf(rule.Type)}.")),
        ];
    }
}
