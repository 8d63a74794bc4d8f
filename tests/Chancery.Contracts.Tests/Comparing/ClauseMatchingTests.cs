using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Tests.Comparing;

public sealed class ClauseMatchingTests
{
    [Fact]
    public void A_copy_with_other_ids_is_the_known_text_again() =>
        AnyContracts.Hold(contract =>
        {
            var known = Told(contract);

            Assert.Equal(known, ClauseMatching.Adopt(known, Anew(known)));
        });

    [Fact]
    public void A_text_that_says_nothing_known_keeps_its_ids()
    {
        var known = Contract(New("Term", "This agreement ends after two years."));
        var imported = Contract(New("Liability", "Neither party answers for lost profit beyond the fees paid."));

        Assert.Equal(imported, ClauseMatching.Adopt(known, imported));
    }

    [Fact]
    public void A_new_version_is_compared_as_if_it_had_been_written_here()
    {
        var term = New("Term", "This agreement begins on the date above and ends after two years.");
        var notice = New("Notices", "Notices are given in writing to the address above.");
        var liability = New(
            "Liability",
            $"Subject to Section {ClauseReference.To(term.Id)}, liability is capped at the fees of twelve months."
        );
        var law = New("Governing law", "The laws of Ireland govern this agreement.");
        var known = Contract(term, notice, liability, law);
        var imported = Anew(
            Contract(
                term with
                {
                    Text = "This agreement begins on the date above and ends after three years.",
                },
                New("Insurance", "The Supplier keeps cover of one million euros for professional errors."),
                notice with
                {
                    Heading = "Notices and communications",
                },
                law,
                liability
            )
        );

        var diff = ContractComparison.Between(known, ClauseMatching.Adopt(known, imported));

        Assert.Equal(
            [
                ("Term", ClauseChangeKind.Changed),
                ("Insurance", ClauseChangeKind.Inserted),
                ("Notices and communications", ClauseChangeKind.Changed),
                ("Governing law", ClauseChangeKind.Moved),
                ("Liability", ClauseChangeKind.Same),
            ],
            diff.Clauses.Select(change => (WordDiff.ToOf(change.Heading), change.Kind))
        );
    }

    [Fact]
    public void A_clause_that_was_rewritten_between_known_ones_is_still_that_clause()
    {
        var clauses = new[]
        {
            New("Payment", "The Customer pays within thirty days of an invoice."),
            New("Warranty", "The goods are free from defects for a year."),
            New("Returns", "Goods may be returned unopened."),
        };
        var rewritten = New(
            "Warranty",
            "Supplier repairs or replaces whatever fails in twenty-four months after delivery."
        );
        var known = Contract(clauses);

        var adopted = ClauseMatching.Adopt(known, Anew(Contract(clauses[0], rewritten, clauses[2])));

        Assert.Equal(known.Clauses.Select(clause => clause.Id), adopted.Clauses.Select(clause => clause.Id));
    }

    [Fact]
    public void No_two_clauses_are_given_one_id() =>
        AnyContracts.HoldChanged(
            (known, changed) =>
                Assert.DoesNotContain(
                    ClauseMatching.Adopt(known, Anew(changed)).FindFaults(),
                    fault => fault.Contains("twice", StringComparison.Ordinal)
                )
        );

    /// <summary>With words in each clause by which it can be told.</summary>
    private static ContractText Told(ContractText contract)
    {
        var number = 0;
        IReadOnlyList<Clause> Tell(IReadOnlyList<Clause> clauses) =>
            [
                .. clauses.Select(clause =>
                    clause with
                    {
                        Heading = $"{clause.Heading} unique{++number}",
                        Children = Tell(clause.Children),
                    }
                ),
            ];
        return contract with { Clauses = Tell(contract.Clauses) };
    }

    private static ContractText Anew(ContractText contract)
    {
        var ids = contract.Walk().ToDictionary(c => c.Clause.Id, c => AnyContracts.Id($"anew {c.Clause.Id}"));
        IReadOnlyList<Clause> Rename(IReadOnlyList<Clause> clauses) =>
            [
                .. clauses.Select(clause =>
                    clause with
                    {
                        Id = ids[clause.Id],
                        Text = ClauseReference.Replace(
                            clause.Text,
                            id => ClauseReference.To(ids.GetValueOrDefault(id, id))
                        ),
                        Children = Rename(clause.Children),
                    }
                ),
            ];
        return contract with { Clauses = Rename(contract.Clauses) };
    }

    private static ContractText Contract(params Clause[] clauses) => new() { Title = "Agreement", Clauses = clauses };

    private static Clause New(string heading, string text) =>
        new(Guid.CreateVersion7()) { Heading = heading, Text = text };
}
