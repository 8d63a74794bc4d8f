namespace Chancery.Contracts.Analysis.Checks;

/// <summary>Terms that are defined and not used, used and not defined, or defined twice.</summary>
internal static class TermChecks
{
    public static IEnumerable<Finding> Run(CheckedContract contract)
    {
        var defined = DefinedTerms.Of(contract);
        return Twice(contract, defined).Concat(Unused(contract, defined)).Concat(UndefinedTerms.Run(contract, defined));
    }

    private static IEnumerable<Finding> Twice(CheckedContract contract, IReadOnlyList<DefinedTerm> defined)
    {
        foreach (var same in defined.GroupBy(term => term.Term, StringComparer.Ordinal))
        {
            var first = same.First();
            foreach (var again in same.Skip(1))
            {
                yield return again.Clause.Finding(
                    "defined_twice",
                    FindingSeverity.Warning,
                    $"“{again.Term}” is defined in {contract.NameOf(first.Clause)} already.",
                    again.Start,
                    again.Term.Length
                );
            }
        }
    }

    private static IEnumerable<Finding> Unused(CheckedContract contract, IReadOnlyList<DefinedTerm> defined)
    {
        foreach (var term in defined.DistinctBy(term => term.Term))
        {
            var forms = DefinedTerms.FormsOf(term.Term).ToList();
            var isUsed = contract.Clauses.Any(clause =>
                forms.Any(form =>
                    DefinedTerms.PlacesOf(clause.Clause.Heading, form, contract.IsGerman).Any()
                    || DefinedTerms
                        .PlacesOf(clause.Text, form, contract.IsGerman)
                        .Any(at => !IsDefinition(at, form, clause))
                )
            );
            if (!isUsed && !IsRole(contract, term.Term))
            {
                yield return term.Clause.Finding(
                    "unused_term",
                    FindingSeverity.Info,
                    $"“{term.Term}” is defined but never used.",
                    term.Start,
                    term.Term.Length
                );
            }
        }

        bool IsDefinition(int at, string form, CheckedClause clause) =>
            defined.Any(other =>
                other.Clause == clause && at >= other.Start && at + form.Length <= other.Start + other.Term.Length + 2
            );
    }

    private static bool IsRole(CheckedContract contract, string term) =>
        contract.Contract.Parties.Any(party => party.Role == term || party.Name == term);
}
