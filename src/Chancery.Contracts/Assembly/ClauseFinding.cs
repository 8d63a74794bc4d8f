using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Assembly;

/// <summary>The clause that words name: "clause 4.2", "§ 3", "the “Term” section", "the non-compete clause".</summary>
internal static class ClauseFinding
{
    private static readonly Regex _number = new(
        @"^(?:the\s+)?(?:(?:section|clause|article|paragraph|ziffer|abschnitt|artikel|klausel|nummer|no\.?|number)\s+|§\s*)?(?<number>(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[IVXLC]{1,7})(?:\s?\([0-9a-z]{1,4}\))*)\.?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _frame = new(
        @"^(?:the\s+|die\s+|den\s+|das\s+)?(?<name>.+?)(?:\s+(?:clause|section|article|provision|paragraph|klausel|abschnitt))?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _about = new(
        @"^(?:the\s+|die\s+)?(?:clause|section|article|provision|klausel)\s+(?:on|about|headed|called|titled|über|zu|zum|zur)\s+(?<name>.+)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <param name="fault">Why no clause is meant for certain.</param>
    public static Clause? Find(ContractText contract, string words, out string fault)
    {
        fault = "";
        var numbers = ClauseNumbers.Of(contract);
        var plain = words.Trim().TrimEnd('.');
        if (_number.Match(plain) is { Success: true } number)
        {
            var wanted = number.Groups["number"].Value.Replace(" ", "", StringComparison.Ordinal);
            var found = contract
                .Walk()
                .Select(placed => placed.Clause)
                .FirstOrDefault(clause =>
                    numbers.LabelOf(clause.Id).Length > 0
                    && string.Equals(numbers.ReferenceOf(clause.Id), wanted, StringComparison.OrdinalIgnoreCase)
                );
            fault = found is null ? $"The contract has no clause {wanted}." : "";
            return found;
        }

        var name = (_about.Match(plain) is { Success: true } about ? about : _frame.Match(plain))
            .Groups["name"]
            .Value.Trim('"', '“', '”', '„', '\'', ' ');
        return ByName(contract, numbers, name, out fault);
    }

    private static Clause? ByName(ContractText contract, ClauseNumbers numbers, string name, out string fault)
    {
        fault = "";
        var all = contract.Walk().ToList();
        var headed = all.Where(placed => placed.Clause.Heading.Equals(name, StringComparison.OrdinalIgnoreCase))
            .ToList();
        if (headed.Count == 0 && ClauseTypes.Called(name) is { } type)
        {
            headed = [.. all.Where(placed => ClauseTypes.Recognise(placed.Clause, placed.Parent) == type)];
            // What stands under a clause of the type is a part of it.
            var ids = headed.Select(placed => placed.Clause.Id).ToHashSet();
            headed = [.. headed.Where(placed => placed.Parent is not { } parent || !ids.Contains(parent.Id))];
            // A clause that is headed so is meant before one that only says so.
            var byHeading = headed
                .Where(placed =>
                    ClauseTypes.Recognise(new Clause(placed.Clause.Id) { Heading = placed.Clause.Heading }) == type
                )
                .ToList();
            headed = byHeading.Count > 0 ? byHeading : headed;
        }

        if (headed.Count == 0)
        {
            headed = [.. all.Where(placed => Laws.Contains(placed.Clause.Heading, name))];
        }

        switch (headed)
        {
            case [var only]:
                return only.Clause;
            case []:
                fault = $"The contract has no clause that is called or is about “{name}”.";
                return null;
            default:
                var places = headed.Take(5).Select(placed => numbers.ReferenceOf(placed.Clause.Id));
                fault =
                    $"Several clauses are about “{name}”: {string.Join(", ", places)}. Say which one by its number.";
                return null;
        }
    }
}
