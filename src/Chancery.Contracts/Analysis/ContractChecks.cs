using Chancery.Contracts.Analysis.Checks;

namespace Chancery.Contracts.Analysis;

/// <summary>
/// What is wrong with a contract whoever reads it, without any rules: blanks, terms, references, numbers and dates that contradict,
/// clauses that say nothing. The rules that findings name are <c>placeholder</c>, <c>redacted</c>, <c>empty_clause</c>,
/// <c>duplicate_heading</c>, <c>duplicate_text</c>, <c>dangling_reference</c>, <c>unknown_reference</c>, <c>missing_attachment</c>,
/// <c>words_against_figures</c>, <c>impossible_date</c>, <c>effective_date_contradicts</c>, <c>end_before_start</c>,
/// <c>term_contradicts_dates</c>, <c>governing_law_contradicts</c>, <c>periods_contradict</c>, <c>defined_twice</c>,
/// <c>unused_term</c> and <c>undefined_term</c>.
/// </summary>
public static class ContractChecks
{
    /// <summary>The findings in the order of reading; those of the contract as a whole come first.</summary>
    public static IReadOnlyList<Finding> Run(ContractText contract)
    {
        var checkedContract = new CheckedContract(contract);
        var order = checkedContract
            .Clauses.Select((clause, at) => (clause.Id, at))
            .DistinctBy(placed => placed.Id)
            .ToDictionary(placed => placed.Id, placed => placed.at);
        return
        [
            .. BlankChecks
                .Run(checkedContract)
                .Concat(StructureChecks.Run(checkedContract))
                .Concat(ReferenceChecks.Run(checkedContract))
                .Concat(NumberChecks.Run(checkedContract))
                .Concat(TermChecks.Run(checkedContract))
                .OrderBy(finding => finding.ClauseId is { } id ? order[id] : -1)
                .ThenBy(finding => finding.Part)
                .ThenBy(finding => finding.Start),
        ];
    }
}
