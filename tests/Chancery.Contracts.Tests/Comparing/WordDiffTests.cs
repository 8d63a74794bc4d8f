using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Tests.Comparing;

public sealed class WordDiffTests
{
    [Theory]
    [InlineData("thirty (30) days", "sixty (60) days", "[-thirty (30-]{+sixty (60+}) days")]
    [InlineData("foo bar baz", "foo baz", "foo[- bar-] baz")]
    [InlineData("foo baz", "foo bar baz", "foo{+ bar+} baz")]
    [InlineData("foo bar baz", "foo qux baz", "foo [-bar-]{+qux+} baz")]
    [InlineData("A b. C d.", "A b. X y. C d.", "A b.{+ X y.+} C d.")]
    [InlineData("One.\nTwo.", "One.\nNew.\nTwo.", "One.{+\nNew.+}\nTwo.")]
    [InlineData("One.", "One.\nTwo.", "One.{+\nTwo.+}")]
    [InlineData("", "New", "{+New+}")]
    [InlineData("Old", "", "[-Old-]")]
    [InlineData("a  b", "a b", "a [- -]b")]
    [InlineData(
        "the Supplier may assign",
        "the Supplier's heirs may assign",
        "the [-Supplier-]{+Supplier's heirs+} may assign"
    )]
    [InlineData("up to 1,000.50 euros", "up to 2,000.50 euros", "up to [-1,000.50-]{+2,000.50+} euros")]
    [InlineData("甲方应付款", "甲方不应付款", "甲方{+不+}应付款")]
    [InlineData(
        "The Supplier delivers promptly.",
        "The Manufacturer assembles promptly.",
        "The [-Supplier delivers-]{+Manufacturer assembles+} promptly."
    )]
    [InlineData(
        "Neither party of the agreement pays.",
        "Neither side under the contract pays.",
        "Neither [-party of the agreement-]{+side under the contract+} pays."
    )]
    [InlineData(
        "Invoices are due. The Buyer pays. The Seller ships.",
        "Invoices are due. The Carrier insures. The Buyer pays. The Seller ships.",
        "Invoices are due.{+ The Carrier insures.+} The Buyer pays. The Seller ships."
    )]
    public void A_change_reads_as_a_person_would_mark_it(string from, string to, string marked)
    {
        var changes = WordDiff.Between(from, to);

        Assert.Equal(marked, Marked(changes));
        Assert.Equal(from, WordDiff.FromOf(changes));
        Assert.Equal(to, WordDiff.ToOf(changes));
    }

    [Fact]
    public void A_reference_to_a_clause_is_one_word()
    {
        var (one, other) = (ClauseReference.To(Guid.CreateVersion7()), ClauseReference.To(Guid.CreateVersion7()));

        Assert.Equal($"See [-{one}-]{{+{other}+}}.", Marked(WordDiff.Between($"See {one}.", $"See {other}.")));
    }

    [Fact]
    public void Any_two_texts_come_back_whole_and_no_two_neighbours_are_of_one_kind() =>
        AnyContracts.HoldChangedTwice(
            (_, mine, theirs) =>
            {
                var from = string.Join("\n", mine.Walk().Select(c => c.Clause.Text));
                var to = string.Join(" \n", theirs.Walk().Select(c => c.Clause.Text));

                var changes = WordDiff.Between(from, to);

                Assert.Equal(from, WordDiff.FromOf(changes));
                Assert.Equal(to, WordDiff.ToOf(changes));
                Assert.All(changes, change => Assert.NotEmpty(change.Text));
                Assert.All(changes.Zip(changes.Skip(1)), pair => Assert.NotEqual(pair.First.Kind, pair.Second.Kind));
            }
        );

    internal static string Marked(IReadOnlyList<WordChange> changes) =>
        string.Concat(
            changes.Select(change =>
                change.Kind switch
                {
                    WordChangeKind.Deleted => $"[-{change.Text}-]",
                    WordChangeKind.Inserted => $"{{+{change.Text}+}}",
                    _ => change.Text,
                }
            )
        );
}
