using Chancery.Contracts.Reading;

namespace Chancery.Contracts.Tests.Reading;

public sealed class ContractTextReaderTests
{
    private const string Agreement = """
        SERVICES AGREEMENT

        This Services Agreement is made as of March 1, 2024 by and between Acme Inc., a Delaware corporation (the "Supplier"), and
        Beta GmbH, a company of Germany ("Customer").

        RECITALS

        A. Supplier provides services.

        B. Customer wants them.

        NOW, THEREFORE, the parties agree as follows:

        1. Services. Supplier provides what Section 2.2(b) says. 24 hours are a day.

        2. Fees

        2.1 Amount. The fee is due as agreed in Section 7 of the Master Agreement.

        2.2 Payment. Customer pays:

        (a) in advance;

        (h) not at all;

        - 1 -

        3. Governing Law. This Agreement is governed by the laws of the State of Texas.

        IN WITNESS WHEREOF, the parties have signed.

        By: ______ Name: ______

        EXHIBIT A

        PRICES

        1. Hours. Each costs ten.
        """;

    [Fact]
    public void Numbers_headings_recitals_signatures_and_exhibits_become_a_tree()
    {
        var read = ContractTextReader.Read(Agreement);

        Assert.Equal(
            [
                "0  | ",
                "0  | RECITALS",
                "1 A. | ",
                "1 B. | ",
                "0  | ",
                "0 1. | Services",
                "0 2. | Fees",
                "1 2.1 | Amount",
                "1 2.2 | Payment",
                "2 (a) | ",
                "0 3. | Governing Law",
                "0  | ",
                "0  | EXHIBIT A PRICES",
                "1 1. | Hours",
            ],
            Outline(read)
        );
        Assert.Equal(FurnitureKind.PageNumber, Assert.Single(read.Furniture).Kind);
    }

    [Fact]
    public void The_head_is_what_the_text_says()
    {
        var contract = ContractTextReader.Read(Agreement).Text;

        Assert.Equal("SERVICES AGREEMENT", contract.Title);
        Assert.Equal([new Party("Acme Inc.", "Supplier"), new Party("Beta GmbH", "Customer")], contract.Parties);
        Assert.Equal(new DateOnly(2024, 3, 1), contract.EffectiveDate);
        Assert.Equal("Texas", contract.GoverningLaw);
        Assert.Equal("en", contract.Language);
    }

    [Fact]
    public void A_reference_follows_its_clause_and_one_to_another_contract_stays_words()
    {
        var text = """
            AGREEMENT FOR TESTS

            1. First. See Section 2.1(b), Section 9 and Section 2 of the Master Agreement.

            2. Second

            2.1 Items

            (a) One.

            (b) Two.
            """;

        var read = ContractTextReader.Read(text).Text;

        var first = read.Clauses[0];
        var item = read.Clauses[1].Children[0].Children[1];
        Assert.Equal(
            $"See Section {ClauseReference.To(item.Id)}, Section 9 and Section 2 of the Master Agreement.",
            first.Text
        );
    }

    [Theory]
    [InlineData("(g)|(h)|(i)|(j)", "0 (g)|0 (h)|0 (i)|0 (j)")]
    [InlineData("(a)|(i)|(ii)|(b)", "0 (a)|1 (i)|1 (ii)|0 (b)")]
    [InlineData("I.|II.|III.|IV.|V.", "0 I.|0 II.|0 III.|0 IV.|0 V.")]
    public void Letters_and_Roman_numbers_are_told_apart_by_their_sequence(string labels, string outline)
    {
        var letters = labels.StartsWith("(g)", StringComparison.Ordinal) ? "(a)|(b)|(c)|(d)|(e)|(f)|" + labels : labels;
        var text = string.Join("\n\n", letters.Split('|').Select(label => $"{label} It is agreed so."));

        var read = ContractTextReader.Read(text);

        Assert.EndsWith(
            outline,
            string.Join('|', Outline(read).Select(row => row.Replace(" | ", "", StringComparison.Ordinal)))
        );
    }

    [Fact]
    public void A_number_that_the_text_leaves_out_is_held_by_an_empty_clause_and_said()
    {
        var read = ContractTextReader.Read("LEASE AGREEMENT\n\n1. Rent. Due.\n\n2. Term. Long.\n\n4. Law. Ours.\n");

        var numbers = ClauseNumbers.Of(read.Text);
        Assert.Equal(["1.", "2.", "3.", "4."], read.Text.Clauses.Select(clause => numbers.LabelOf(clause.Id)));
        Assert.True(read.Text.Clauses[2].IsEmpty);
        Assert.Contains(
            read.Warnings,
            warning => warning.StartsWith("1 numbers are left out", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Headers_footers_and_the_table_of_contents_are_furniture()
    {
        var page = "\n\n\n\n\nAcme confidential\n\n";
        var text =
            "SUPPLY AGREEMENT\n\nTABLE OF CONTENTS\n\n1. TERM 1\n\n2. LAW 2\n\n1. TERM\n\nIt lasts."
            + page
            + "2. LAW\n\nOurs, and"
            + page
            + "theirs."
            + page;

        var read = ContractTextReader.Read(text);

        Assert.Equal(["TERM", "LAW"], read.Text.Clauses.Select(clause => clause.Heading));
        Assert.Equal("Ours, and theirs.", read.Text.Clauses[1].Text.Replace('\n', ' '));
        Assert.Equal(3, read.Furniture.Count(piece => piece.Kind == FurnitureKind.Contents));
        Assert.Equal(3, read.Furniture.Count(piece => piece.Kind == FurnitureKind.RunningLine));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("1.1.")]
    [InlineData("1. 1.1 ")]
    public async Task Five_megabytes_of_signs_end_within_seconds(string signs)
    {
        var text = string.Concat(Enumerable.Repeat(signs, 5_000_000 / signs.Length));

        var read = await Task.Run(() => ContractTextReader.Read(text), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.NotNull(read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n \f\n")]
    [InlineData("x")]
    public void A_text_that_is_no_contract_is_one_clause_or_none(string text)
    {
        var read = ContractTextReader.Read(text);

        Assert.InRange(read.Text.Clauses.Count, 0, 1);
        Assert.NotEmpty(read.Warnings);
    }

    private static List<string> Outline(ReadContract read) =>
        [
            .. read
                .Text.Walk()
                .Select(placed =>
                    $"{placed.Depth} {read.Labels.GetValueOrDefault(placed.Clause.Id, "")} | {Heading(read, placed.Clause)}"
                ),
        ];

    private static string Heading(ReadContract read, Clause clause)
    {
        var label = read.Labels.GetValueOrDefault(clause.Id, "");
        return !clause.IsNumbered && label.Length > 0 && clause.Heading.StartsWith(label, StringComparison.Ordinal)
            ? clause.Heading[label.Length..].Trim()
            : clause.Heading;
    }
}
