using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Editing;

/// <summary>Edits as they are made one after the other. Not safe for concurrent use.</summary>
internal sealed partial class EditApplication(ContractText contract)
{
    private readonly ClauseDraft _draft = new(contract);
    private readonly HashSet<Guid> _referred = [.. contract.Walk().SelectMany(c => ClauseReference.In(c.Clause.Text))];
    private readonly HashSet<Guid> _everHad = [.. contract.Walk().Select(c => c.Clause.Id)];
    private readonly HashSet<Guid> _isTouched = [];
    private readonly List<Guid> _touched = [];
    private long _characters = contract.Walk().Sum(c => (long)c.Clause.Heading.Length + c.Clause.Text.Length);
    private ContractHead _head = ContractHead.Of(contract);

    public IReadOnlyList<Guid> Touched => _touched;

    public ContractText Close() => _head.Over(_draft.Close());

    /// <summary>Why an edit cannot be made now; null: it can.</summary>
    public string? Refusal(ClauseEdit edit) =>
        edit switch
        {
            ClauseEdit.ReplaceText replace => Unknown(replace.Clause)
                ?? NotAText(replace.Text)
                ?? TooMuch(0, replace.Text.Length - (long)ClauseOf(replace.Clause).Text.Length),
            ClauseEdit.ReplaceHeading replace => Unknown(replace.Clause)
                ?? NotAHeading(replace.Heading)
                ?? TooMuch(0, replace.Heading.Length - (long)ClauseOf(replace.Clause).Heading.Length),
            ClauseEdit.Delete delete => Unknown(delete.Clause),
            ClauseEdit.Insert insert => NotAPlace(insert.Place, insert.Near) ?? NotNew(insert),
            ClauseEdit.Move move => Unknown(move.Clause) ?? NotAPlace(move.Place, move.Near) ?? NotMovable(move),
            ClauseEdit.SetField set => NotAField(set),
            _ => "There is no such edit.",
        };

    /// <summary>Makes an edit that nothing speaks against.</summary>
    public void Make(ClauseEdit edit)
    {
        switch (edit)
        {
            case ClauseEdit.ReplaceText replace:
                Set(ClauseOf(replace.Clause) with { Text = replace.Text });
                break;
            case ClauseEdit.ReplaceHeading replace:
                Set(ClauseOf(replace.Clause) with { Heading = replace.Heading });
                break;
            case ClauseEdit.Insert insert:
                Insert(insert);
                break;
            case ClauseEdit.Delete delete:
                foreach (var gone in _draft.Delete(delete.Clause))
                {
                    Touch(gone);
                }

                break;
            case ClauseEdit.Move move:
                _draft.Move(move.Clause, move.Place, move.Near);
                Touch(move.Clause);
                break;
            case ClauseEdit.SetField set:
                _head = HeadWith(set);
                break;
        }
    }

    /// <summary>Whether an edit's words name a clause that is not there in the end, and that no text named before.</summary>
    public bool DanglingOf(ClauseEdit edit) =>
        WordsOf(edit).SelectMany(ClauseReference.In).Any(id => !_draft.Has(id) && !_referred.Contains(id));

    private static IEnumerable<string> WordsOf(ClauseEdit edit) =>
        edit switch
        {
            ClauseEdit.ReplaceText replace => [replace.Text],
            ClauseEdit.Insert insert => WordsOf(insert.Clause),
            _ => [],
        };

    private static IEnumerable<string> WordsOf(NewClause clause) =>
        [clause.Text, .. (clause.Children ?? []).SelectMany(WordsOf)];

    private Clause ClauseOf(Guid id) => _draft.TryGet(id, out var clause) ? clause : throw new KeyNotFoundException();

    private void Set(Clause clause)
    {
        var was = ClauseOf(clause.Id);
        _characters += clause.Text.Length + clause.Heading.Length - was.Text.Length - was.Heading.Length;
        _draft.Set(clause);
        Touch(clause.Id);
    }

    private void Insert(ClauseEdit.Insert insert)
    {
        var made = Create(insert.Clause);
        _draft.Insert(made, insert.Place, insert.Near);
        foreach (var placed in Clause.Walk([made], null, 0))
        {
            _characters += placed.Clause.Heading.Length + placed.Clause.Text.Length;
            _everHad.Add(placed.Clause.Id);
            Touch(placed.Clause.Id);
        }
    }

    private void Touch(Guid id)
    {
        if (_isTouched.Add(id))
        {
            _touched.Add(id);
        }
    }

    private static Clause Create(NewClause clause) =>
        new(clause.Id ?? Guid.CreateVersion7())
        {
            Heading = clause.Heading,
            Text = clause.Text,
            IsNumbered = clause.IsNumbered,
            Children = [.. (clause.Children ?? []).Select(Create)],
        };

    private string? Unknown(Guid clause) => _draft.Has(clause) ? null : $"The contract has no clause {clause}.";

    private string? NotAPlace(ClausePosition place, Guid? near) =>
        !Enum.IsDefined(place) ? "There is no such place."
        : near is { } id ? Unknown(id)
        : place == ClausePosition.Under ? null
        : "It does not say before or after which clause.";

    private static string? NotAText(string? text) =>
        text is null ? "It has no text."
        : text.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) ? "Its text has control characters."
        : null;

    private static string? NotAHeading(string? heading) =>
        heading is null ? "It has no heading."
        : heading.AsSpan().ContainsAny('\n', '\r') ? "A heading is one line."
        : heading.Any(c => char.IsControl(c) && c != '\t') ? "Its heading has control characters."
        : null;

    private string? TooMuch(int clauses, long characters) =>
        _draft.Count + clauses > ContractText.MostClauses
            ? $"A contract has at most {ContractText.MostClauses} clauses."
        : characters > 0 && _characters + characters > ContractText.MostCharacters
            ? $"A contract has at most {ContractText.MostCharacters} characters."
        : null;

    private string? NotNew(ClauseEdit.Insert insert)
    {
        if (insert.Clause is null)
        {
            return "It has no clause.";
        }

        var depth = _draft.DepthAt(insert.Place, insert.Near);
        var (clauses, characters) = (0, 0L);
        var ids = new HashSet<Guid>();
        var open = new Stack<(NewClause? Clause, int Depth)>([(insert.Clause, depth)]);
        while (open.TryPop(out var next))
        {
            var (clause, below) = next;
            if (clause is null)
            {
                return "One of its clauses is missing.";
            }

            if (below >= ContractText.MostDepth)
            {
                return $"A contract has at most {ContractText.MostDepth} levels of clauses.";
            }

            characters += (clause.Heading?.Length ?? 0) + (clause.Text?.Length ?? 0);
            var reason =
                NotAHeading(clause.Heading)
                ?? NotAText(clause.Text)
                ?? TooMuch(++clauses, characters)
                ?? (
                    clause.Id is { } id && (_everHad.Contains(id) || !ids.Add(id))
                        ? $"There is or was a clause {id} already."
                        : null
                );
            if (reason is not null)
            {
                return reason;
            }

            foreach (var child in clause.Children ?? [])
            {
                open.Push((child, below + 1));
            }
        }

        return null;
    }

    private string? NotMovable(ClauseEdit.Move move) =>
        move.Near is { } near && _draft.IsWithin(near, move.Clause) ? "A clause cannot stand beside or under itself."
        : _draft.DepthAt(move.Place, move.Near) + _draft.HeightOf(move.Clause) > ContractText.MostDepth
            ? $"A contract has at most {ContractText.MostDepth} levels of clauses."
        : null;

    private static string? NotAField(ClauseEdit.SetField set) =>
        set.Field == ContractField.Parties
            ? set.Parties is null
                ? "It has no parties."
                : set.Parties.Any(party => string.IsNullOrWhiteSpace(party?.Name))
                    ? "A party has no name."
                    : set.Parties.Any(party => NotAHeading(party.Name + party.Role + party.Address) is not null)
                        ? "A party's name, role and address are one line each."
                        : null
            : set.Value is { } value && NotAHeading(value) is not null
                ? "It is one line."
                : set.Field switch
                {
                    ContractField.Title => string.IsNullOrWhiteSpace(set.Value) ? "A contract has a title." : null,
                    ContractField.GoverningLaw => null,
                    ContractField.EffectiveDate or ContractField.EndDate => string.IsNullOrEmpty(set.Value)
                    || IsDate(set.Value)
                        ? null
                        : "A date is written as 2026-01-31.",
                    ContractField.Language => LanguageTag().IsMatch(set.Value ?? "")
                        ? null
                        : "A language is a tag as \"en\" or \"de-AT\".",
                    _ => "This field is not set by an edit.",
                };

    private static bool IsDate(string value) =>
        DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private ContractHead HeadWith(ClauseEdit.SetField set)
    {
        var value = string.IsNullOrEmpty(set.Value) ? null : set.Value;
        return set.Field switch
        {
            ContractField.Title => _head with { Title = value! },
            ContractField.Parties => _head with { Parties = [.. set.Parties!] },
            ContractField.EffectiveDate => _head with { EffectiveDate = DateOf(value) },
            ContractField.EndDate => _head with { EndDate = DateOf(value) },
            ContractField.GoverningLaw => _head with { GoverningLaw = value },
            ContractField.Language => _head with { Language = value! },
            _ => _head,
        };
    }

    private static DateOnly? DateOf(string? value) =>
        value is null ? null : DateOnly.ParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\z")]
    private static partial Regex LanguageTag();
}
