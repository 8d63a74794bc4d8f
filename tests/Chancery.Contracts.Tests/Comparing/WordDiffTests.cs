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
    public void A_change_reads_as_a_person_would_mark_it(string from, string to, string marked)
    {
        var changes = WordDiff.Between(from, to);

        Assert.Equal(marked, Marked(changes));
        Assert.Equal(from, WordDiff.FromOf(changes));
        Assert.Equal(to, WordDiff.ToOf(changes));
    }

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
