using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Analysis.Rules;

/// <summary>Rules on what a contract has at all: clauses, definitions, roles.</summary>
internal static class ClauseRules
{
    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.ClauseRequired rule)
    {
        var isThere = contract.Clauses.Any(clause => clause.Types.Any(type => ClauseTypes.Answers(type, rule.Type)));
        if (!isThere)
        {
            yield return new Finding(
                rule.Id,
                rule.Severity,
                $"There is no clause on “{ClauseTypes.NameOf(rule.Type)}”."
            )
            {
                ProposedEdits = Insertion(contract.Contract, rule.Type, rule.Fallback),
            };
        }
    }

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.ClauseForbidden rule)
    {
        foreach (var clause in contract.Clauses.Where(clause => clause.Types.Contains(rule.Type)))
        {
            // What stands under a clause of the type goes with it; what only touches on it, a person has to look at.
            var isMainly = clause.Types[0] == rule.Type && (clause.Types.Count == 1 || IsHeadedSo(clause, rule.Type));
            yield return clause.Finding(
                rule.Id,
                rule.Severity,
                $"{contract.NameOf(clause)} {(isMainly ? "is" : "also speaks of")} “{ClauseTypes.NameOf(rule.Type)}”, which is not wanted."
            ) with
            {
                ProposedEdits =
                    !isMainly ? []
                    : rule.Fallback is { } fallback ? Replacement(clause.Clause, fallback)
                    : [new ClauseEdit.Delete(clause.Id)],
            };
        }
    }

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.DefinitionRequired rule)
    {
        var isDefined = DefinedTerms
            .Of(contract)
            .Any(defined => DefinedTerms.FormsOf(rule.Term).Contains(defined.Term, StringComparer.OrdinalIgnoreCase));
        if (!isDefined)
        {
            yield return new Finding(rule.Id, rule.Severity, $"“{rule.Term}” is not defined.")
            {
                ProposedEdits = rule.Fallback is { } fallback ? [Definition(contract, fallback)] : [],
            };
        }
    }

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.PartyRoleRequired rule)
    {
        if (
            !contract.Contract.Parties.Any(party =>
                string.Equals(party.Role, rule.Role, StringComparison.OrdinalIgnoreCase)
            )
        )
        {
            yield return new Finding(rule.Id, rule.Severity, $"No party is called “{rule.Role}”.");
        }
    }

    private static bool IsHeadedSo(CheckedClause clause, ClauseType type) =>
        ClauseTypes.Recognise(new Clause(clause.Id) { Heading = clause.Clause.Heading }) == type;

    /// <summary>What puts a missing clause in: the rule's own words, else a shipped clause, where there is one in the language.</summary>
    public static IReadOnlyList<ClauseEdit> Insertion(ContractText contract, ClauseType type, FallbackClause? fallback)
    {
        if (fallback is not null)
        {
            var heading = fallback.Heading.Length > 0 ? fallback.Heading : ClauseTypes.NameOf(type, contract.Language);
            return [ClauseInsertion.At(contract, type, new NewClause(heading, fallback.Text))];
        }

        return ClauseLibrary.ClausesOf(type, contract.Language).FirstOrDefault() is { } shipped
            ? [ClauseInsertion.Of(contract, shipped)]
            : [];
    }

    /// <summary>The rule's own words in place of a clause's; what stands under it goes.</summary>
    public static IReadOnlyList<ClauseEdit> Replacement(Clause clause, FallbackClause fallback) =>
        [
            new ClauseEdit.ReplaceText(clause.Id, fallback.Text),
            .. fallback.Heading.Length > 0 && fallback.Heading != clause.Heading
                ? [new ClauseEdit.ReplaceHeading(clause.Id, fallback.Heading)]
                : (ClauseEdit[])[],
            .. clause.Children.Select(child => new ClauseEdit.Delete(child.Id)),
        ];

    private static ClauseEdit.Insert Definition(CheckedContract contract, FallbackClause fallback)
    {
        var definitions = contract.Clauses.FirstOrDefault(clause =>
            clause.Types is [ClauseType.Definitions, ..] && clause.Parent is null
        );
        return definitions is null
            ? ClauseInsertion.At(
                contract.Contract,
                ClauseType.Definitions,
                new NewClause(ClauseTypes.NameOf(ClauseType.Definitions, contract.Contract.Language), fallback.Text)
            )
            : new ClauseEdit.Insert(
                ClausePosition.Under,
                definitions.Id,
                new NewClause(fallback.Heading, fallback.Text)
            );
    }
}
