namespace Chancery.Contracts.Tests.Word;

/// <summary>Contracts of every shape, and what somebody might make of them. The same seed gives the same ones.</summary>
internal sealed class RandomContracts(int seed)
{
    private static readonly string[] Words =
    [
        "the",
        "Supplier",
        "shall",
        "deliver",
        "goods;",
        "and",
        "“Fees”",
        "means",
        "§",
        "Größe",
        "не",
        "позже",
        "thirty (30)",
        "days",
        "& <notice>",
        "1.1",
        "(a)",
        "e.g.",
        "\t",
        "€ 1.000,00",
        "🙂",
    ];

    private readonly Random _random = new(seed);

    public ContractText Next()
    {
        var clauses = Clauses(0, _random.Next(1, 5));
        var ids = Walk(clauses).Select(clause => clause.Id).ToList();
        var contract = new ContractText
        {
            Title = Line(),
            Parties = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Party())],
            EffectiveDate = Maybe() ? new DateOnly(2026, _random.Next(1, 13), _random.Next(1, 29)) : null,
            EndDate = Maybe() ? new DateOnly(2030, _random.Next(1, 13), _random.Next(1, 29)) : null,
            GoverningLaw = Maybe() ? Line() : null,
            Language = Pick("en", "en-US", "de-DE", "fr", "pt-BR", "es-MX", "ja"),
            Numbering = Scheme(),
            Clauses = clauses,
        };
        return contract with { Clauses = [.. contract.Clauses.Select(clause => WithReferences(clause, ids))] };
    }

    /// <summary>Another text of the contract: words, paragraphs, headings, clauses, places and the head changed.</summary>
    public ContractText Change(ContractText contract)
    {
        var clauses = contract.Clauses;
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            clauses = ChangeOne(clauses);
        }

        return contract with
        {
            Title = Maybe() ? contract.Title : ChangeWords(contract.Title).ReplaceLineEndings(" "),
            Clauses = clauses,
            Parties = Maybe() ? contract.Parties : [.. contract.Parties.Skip(1), Party()],
            EndDate = Maybe() ? contract.EndDate : new DateOnly(2031, 5, _random.Next(1, 29)),
            GoverningLaw = Maybe() ? contract.GoverningLaw : null,
            Numbering = _random.Next(8) == 0 ? Scheme() : contract.Numbering,
        };
    }

    private IReadOnlyList<Clause> ChangeOne(IReadOnlyList<Clause> clauses)
    {
        var ids = Walk(clauses).Select(clause => clause.Id).ToList();
        if (ids.Count == 0)
        {
            return Clauses(0, 2);
        }

        var chosen = ids[_random.Next(ids.Count)];
        var clause = Walk(clauses).First(c => c.Id == chosen);
        switch (_random.Next(7))
        {
            case 0:
                return Without(clauses, chosen);
            case 1:
                return [.. clauses.Take(1), .. Clauses(0, 1), .. clauses.Skip(1)];
            case 2:
                var left = Without(clauses, chosen);
                var at = _random.Next(left.Count + 1);
                return [.. left.Take(at), clause, .. left.Skip(at)];
            case 3:
                return Replace(clauses, chosen, c => c with { Heading = Maybe() ? "" : Line() });
            case 4:
                return Replace(clauses, chosen, c => c with { IsNumbered = !c.IsNumbered });
            case 5:
                var parents = Walk(Without(clauses, chosen)).Select(c => c.Id).ToList();
                return parents.Count == 0
                    ? clauses
                    : Replace(
                        Without(clauses, chosen),
                        parents[_random.Next(parents.Count)],
                        c => c with { Children = [.. c.Children, clause] }
                    );
            default:
                return Replace(clauses, chosen, c => c with { Text = ChangeWords(c.Text) });
        }
    }

    private string ChangeWords(string text)
    {
        var parts = text.Split(' ').ToList();
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            var at = _random.Next(parts.Count + 1);
            if (Maybe())
            {
                parts.Insert(at, Pick(Words[_random.Next(Words.Length)], "new\nparagraph", "\n"));
            }
            else if (at < parts.Count)
            {
                parts.RemoveAt(at);
            }
        }

        return string.Join(' ', parts);
    }

    private List<Clause> Clauses(int depth, int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ => new Clause(Guid.CreateVersion7())
                {
                    Heading = Maybe() ? Line() : "",
                    Text =
                        _random.Next(6) == 0
                            ? ""
                            : string.Join('\n', Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Line())),
                    IsNumbered = _random.Next(5) > 0,
                    Children = depth < 5 && _random.Next(3) > 0 ? Clauses(depth + 1, _random.Next(4)) : [],
                }),
        ];

    private Clause WithReferences(Clause clause, List<Guid> ids) =>
        clause with
        {
            Text =
                _random.Next(3) > 0
                    ? clause.Text
                    : clause.Text
                        + " under "
                        + ClauseReference.To(Maybe() ? ids[_random.Next(ids.Count)] : Guid.CreateVersion7()),
            Children = [.. clause.Children.Select(child => WithReferences(child, ids))],
        };

    private Party Party() =>
        new(
            Pick("Acme GmbH", "Globex (UK) Ltd", "Ada Byron", "Initech, Inc."),
            Maybe() ? Pick("Supplier", "Käufer", "Guarantor") : null,
            Maybe() ? "1 Any Road, Town (North)" : null
        );

    private NumberingScheme Scheme() =>
        _random.Next(4) switch
        {
            0 => NumberingScheme.Articles,
            1 => new NumberingScheme([
                new NumberingLevel(NumberFormat.UpperLetter, "%1."),
                new NumberingLevel(NumberFormat.None, ""),
                new NumberingLevel(NumberFormat.Arabic, "%1.%3"),
            ]),
            _ => NumberingScheme.Sections,
        };

    private string Line() =>
        string.Join(' ', Enumerable.Range(0, _random.Next(1, 9)).Select(_ => Words[_random.Next(Words.Length)]));

    private bool Maybe() => _random.Next(2) == 0;

    private string Pick(params string[] choices) => choices[_random.Next(choices.Length)];

    private static IEnumerable<Clause> Walk(IEnumerable<Clause> clauses) =>
        clauses.SelectMany(clause => Walk(clause.Children).Prepend(clause));

    private static IReadOnlyList<Clause> Without(IReadOnlyList<Clause> clauses, Guid id) =>
        [.. clauses.Where(c => c.Id != id).Select(c => c with { Children = Without(c.Children, id) })];

    private static IReadOnlyList<Clause> Replace(IReadOnlyList<Clause> clauses, Guid id, Func<Clause, Clause> change) =>
        [.. clauses.Select(c => c.Id == id ? change(c) : c with { Children = Replace(c.Children, id, change) })];
}
