using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Analysis.Rules;

internal static class GoverningLawRule
{
    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.GoverningLawOneOf rule)
    {
        var wanted = string.Join(", ", rule.Laws);
        var clause = contract.Clauses.FirstOrDefault(clause =>
            clause.Types.Contains(ClauseType.GoverningLaw) && clause.Text.Length > 0
        );
        var law = contract.Contract.GoverningLaw ?? (clause is null ? null : LawIn(clause.Text));
        if (law is null && clause is not null && rule.Laws.Any(allowed => Laws.Names(clause.Text, allowed)))
        {
            yield break;
        }

        if (law is not null && rule.Laws.Any(allowed => Laws.AreSame(allowed, law)))
        {
            yield break;
        }

        var message = law is null
            ? $"It does not say which law governs; it should be one of {wanted}."
            : $"The governing law is {law}; it should be one of {wanted}.";
        var place = clause is not null && law is not null ? PlaceOf(clause.Text, law) : default;
        yield return new Finding(rule.Id, rule.Severity, message)
        {
            ClauseId = clause?.Id,
            Start = place.Start,
            Length = place.Length,
            ProposedEdits = Edits(contract, rule, clause, law),
        };
    }

    private static IReadOnlyList<ClauseEdit> Edits(
        CheckedContract contract,
        PlaybookRule.GoverningLawOneOf rule,
        CheckedClause? clause,
        string? law
    )
    {
        var set = new ClauseEdit.SetField(ContractField.GoverningLaw, rule.Laws[0]);
        if (clause is null)
        {
            return
            [
                set,
                .. ClauseRules.Insertion(
                    contract.Contract with
                    {
                        GoverningLaw = rule.Laws[0],
                    },
                    ClauseType.GoverningLaw,
                    rule.Fallback
                ),
            ];
        }

        if (rule.Fallback is { } fallback)
        {
            return [set, .. ClauseRules.Replacement(clause.Clause, fallback)];
        }

        return law is null ? [] : [set, .. LawReplacement.In(contract.Contract, law, rule.Laws[0])];
    }

    private static string? LawIn(string text) =>
        Laws
            .All.Where(law => Laws.IndexOf(text, law.English) >= 0 || Laws.IndexOf(text, law.German) >= 0)
            // "New Mexico" before "Mexico".
            .MaxBy(law => law.English.Length)
            ?.English;

    private static (int Start, int Length) PlaceOf(string text, string law)
    {
        foreach (var name in LawReplacement.NamesOf(law))
        {
            if (Laws.IndexOf(text, name) is >= 0 and var start)
            {
                return (start, name.Length);
            }
        }

        return default;
    }
}
