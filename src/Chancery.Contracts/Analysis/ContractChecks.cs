namespace Chancery.Contracts.Analysis;

/// <summary>What is wrong with a contract whoever reads it: no rules needed.</summary>
public static class ContractChecks
{
    /// <summary>The findings in the order of reading.</summary>
    public static IReadOnlyList<Finding> Run(ContractText contract) =>
        [
            .. contract
                .Walk()
                .Where(placed =>
                    placed.Clause.Text.Contains(Library.TemplateFilling.MissingMark, StringComparison.Ordinal)
                )
                .Select(placed => new Finding("placeholder", FindingSeverity.Warning, "A blank is left.")
                {
                    ClauseId = placed.Clause.Id,
                }),
        ];
}
