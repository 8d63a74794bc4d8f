using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis;
using Chancery.Contracts.Analysis.Quantities;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Whole clauses: deleted, added from the library, moved, given another heading.</summary>
internal static class ClauseEdits
{
    private const RegexOptions Options =
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly Regex _delete = new(
        @"^(?:delete|remove|drop|strike|strike\s+out|take\s+out|cut|lösche|streiche|entferne)\s+(?<clause>.{1,120})$",
        Options
    );

    private static readonly Regex _add = new(
        @"^(?:add|insert|include|put\s+in|füge|ergänze|nimm)\s+(?:in\s+)?(?:an?\s+|the\s+|eine?n?\s+|das\s+|die\s+)?(?<what>.{2,120}?)(?:\s+(?<place>after|before|behind|nach|vor)\s+(?<near>.{1,60}?))?(?:\s+(?:hinzu|ein|auf))?$",
        Options
    );

    private static readonly Regex _move = new(
        @"^(?:move|put|shift|verschiebe|setze)\s+(?<clause>.{1,80}?)\s+(?:to\s+)?(?:(?<place>after|before|behind|under|below|nach|hinter|vor|unter)\s+(?<near>.{1,80})|(?:the\s+|to\s+the\s+|ans\s+|an\s+den\s+)(?<edge>end|beginning|start|top|ende|anfang))$",
        Options
    );

    private static readonly Regex _heading = new(
        @"^(?:(?:change|set|rename|ändere)\s+(?:the\s+|die\s+)?(?:heading|title|überschrift)\s+(?:of|von)\s+(?<clause>.{1,80}?)|(?:retitle|rename|benenne)\s+(?<clause>(?:section|clause|article|the|§|ziffer|klausel).{1,80}?))\s+(?:to|as|in|um\s+in)\s+[""“„']?(?<heading>[^""”“]{1,200}?)[""”“']?$",
        Options
    );

    public static PlainReading? Read(string part, ContractText contract)
    {
        if (_heading.Match(part) is { Success: true } heading)
        {
            return With(
                contract,
                heading.Groups["clause"].Value,
                clause =>
                    PlainReading.Of(new ClauseEdit.ReplaceHeading(clause.Id, heading.Groups["heading"].Value.Trim()))
            );
        }

        if (_move.Match(part) is { Success: true } move)
        {
            return Move(contract, move);
        }

        if (_delete.Match(part) is { Success: true } delete)
        {
            return With(contract, delete.Groups["clause"].Value, clause => Delete(contract, clause));
        }

        return _add.Match(part) is { Success: true } add ? Add(contract, add) : null;
    }

    private static PlainReading With(ContractText contract, string words, Func<Clause, PlainReading> read)
    {
        var clause = ClauseFinding.Find(contract, words, out var fault);
        return clause is null ? PlainReading.Not(fault) : read(clause);
    }

    private static PlainReading Delete(ContractText contract, Clause clause)
    {
        var gone = Clause.Walk([clause], null, 0).Select(placed => placed.Clause.Id).ToHashSet();
        var numbers = ClauseNumbers.Of(contract);
        var naming = contract
            .Walk()
            .Where(placed =>
                !gone.Contains(placed.Clause.Id) && ClauseReference.In(placed.Clause.Text).Any(gone.Contains)
            )
            .Select(placed => numbers.ReferenceOf(placed.Clause.Id))
            .ToList();
        return new PlainReading(
            [new ClauseEdit.Delete(clause.Id)],
            naming.Count == 0 ? [] : [$"What is deleted is referred to in {string.Join(", ", naming)}."],
            null
        );
    }

    private static PlainReading Add(ContractText contract, Match add)
    {
        var what = add.Groups["what"].Value;
        if (Choose(what, contract.Language) is not { } chosen)
        {
            return ClauseTypes.Called(what) is { } known
                ? PlainReading.Not($"The library has no clause on “{ClauseTypes.NameOf(known)}” in this language.")
                : PlainReading.Not($"The library has no clause that is called “{what}”.");
        }

        var numbers = ClauseNumbers.Of(contract);
        var same = contract
            .Walk()
            .Where(placed =>
                placed.Clause.Heading.Length > 0 && ClauseTypes.Recognise(placed.Clause, placed.Parent) == chosen.Type
            )
            .Select(placed => numbers.ReferenceOf(placed.Clause.Id))
            .FirstOrDefault();
        var insert = ClauseInsertion.Of(contract, chosen, Variables(chosen, what));
        if (add.Groups["near"].Success)
        {
            var near = ClauseFinding.Find(contract, add.Groups["near"].Value, out var fault);
            if (near is null)
            {
                return PlainReading.Not(fault);
            }

            insert = insert with { Place = PlaceOf(add.Groups["place"].Value), Near = near.Id };
        }

        List<string> notes = [ClauseLibrary.Notice(contract.Language)];
        if (same is not null)
        {
            notes.Add($"The contract has a clause on this already: {same}.");
        }

        return new PlainReading([insert], notes, null);
    }

    /// <summary>The variant that is named, the longest name first; else the first of the type that is.</summary>
    private static LibraryClause? Choose(string what, string language)
    {
        var plain = what.Replace('-', ' ');
        var named = ClauseLibrary
            .Clauses.Where(clause => ClauseLibrary.SameLanguage(clause.Language, language))
            .SelectMany(clause => clause.Names.Select(name => (Clause: clause, Name: name.Replace('-', ' '))))
            .Where(pair => Laws.Contains(plain, pair.Name))
            .OrderByDescending(pair => pair.Name.Length)
            .FirstOrDefault();
        return named.Clause
            ?? (ClauseTypes.Called(what) is { } type ? ClauseLibrary.ClausesOf(type, language).FirstOrDefault() : null);
    }

    private static Dictionary<string, string> Variables(LibraryClause clause, string what)
    {
        var values = new Dictionary<string, string>();
        var period = Periods.In(what).FirstOrDefault();
        if (
            period.Length > 0
            && clause.Variables.FirstOrDefault(variable => variable.Kind == VariableKind.Period) is { } blank
        )
        {
            values[blank.Name] = QuantityReading.Written(what, period);
        }

        var amount = Amounts.In(what).FirstOrDefault();
        if (
            amount.Length > 0
            && clause.Variables.FirstOrDefault(variable => variable.Kind is VariableKind.Amount) is { } money
        )
        {
            values[money.Name] = what.Substring(amount.Start, amount.Length);
        }

        return values;
    }

    private static PlainReading? Move(ContractText contract, Match move)
    {
        var clause = ClauseFinding.Find(contract, move.Groups["clause"].Value, out var fault);
        if (clause is null)
        {
            return PlainReading.Not(fault);
        }

        if (move.Groups["edge"] is { Success: true, Value: var edge })
        {
            var others = contract.Clauses.Where(other => other.Id != clause.Id).ToList();
            var isEnd = edge.StartsWith("en", StringComparison.OrdinalIgnoreCase);
            return others.Count == 0
                ? PlainReading.Not("There is no other clause.")
                : PlainReading.Of(
                    isEnd
                        ? new ClauseEdit.Move(clause.Id, ClausePosition.After, others[^1].Id)
                        : new ClauseEdit.Move(clause.Id, ClausePosition.Before, others[0].Id)
                );
        }

        var near = ClauseFinding.Find(contract, move.Groups["near"].Value, out fault);
        return near is null
            ? PlainReading.Not(fault)
            : PlainReading.Of(new ClauseEdit.Move(clause.Id, PlaceOf(move.Groups["place"].Value), near.Id));
    }

    private static ClausePosition PlaceOf(string word) =>
        word.ToLowerInvariant() switch
        {
            "before" or "vor" => ClausePosition.Before,
            "under" or "below" or "unter" => ClausePosition.Under,
            _ => ClausePosition.After,
        };
}
