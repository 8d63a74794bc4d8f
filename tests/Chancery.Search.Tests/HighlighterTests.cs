namespace Chancery.Search.Tests;

public sealed class HighlighterTests
{
    [Theory]
    [InlineData("tenants", "The tenant and two Tenants.", "tenant|Tenants")]
    [InlineData("notice period", "A notice period. Period of notice.", "notice period|Period|notice")]
    [InlineData("iso 27001", "Under ISO-27001 rules", "ISO|27001")]
    [InlineData("iso-27001", "Under ISO-27001 rules", "ISO-27001")]
    [InlineData("12.3(b)", "as § 12.3(b) says", "§ 12.3(b)")]
    [InlineData("résumé", "Send a RESUME.", "RESUME")]
    [InlineData("rent -deposit", "rent and deposit", "rent")]
    [InlineData("東京", "私は東京に住む", "東京")]
    [InlineData("absent", "Nothing here.", "")]
    public void Matches_are_marked_by_stem(string query, string passage, string marks)
    {
        var found = Highlighter.Find(query, passage).Select(span => span.In(passage).ToString());

        Assert.Equal(marks, string.Join('|', found));
    }

    [Fact]
    public void A_snippet_shows_the_place_with_the_most_of_the_query()
    {
        var filler = string.Concat(Enumerable.Repeat("The weather was fine and nothing happened. ", 20));
        var passage = $"Rent is rent. {filler}The notice period for rent is 14 days. {filler}";

        var snippet = Highlighter.Snippet("notice period rent", passage, 120);

        Assert.StartsWith(
            "The notice period for rent is 14 days.",
            snippet.Span.In(passage).ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(["notice period", "rent"], snippet.Highlights.Select(mark => mark.In(passage).ToString()));
    }

    [Fact]
    public void A_short_passage_is_its_own_snippet()
    {
        Assert.Equal(new TextSpan(0, 16), Highlighter.Snippet("rent", "The rent is due.").Span);
    }

    [Fact]
    public void Every_mark_lies_in_the_passage_and_in_order_and_every_snippet_keeps_to_its_length()
    {
        Properties.HoldForAnyTexts(
            (query, passage) =>
            {
                var end = 0;
                foreach (var mark in Highlighter.Find(query, passage))
                {
                    Assert.InRange(mark.Start, end, passage.Length);
                    Assert.InRange(mark.Length, 1, passage.Length - mark.Start);
                    end = mark.End;
                }

                var snippet = Highlighter.Snippet(query, passage, 20);
                Assert.InRange(snippet.Span.Start, 0, passage.Length);
                Assert.InRange(snippet.Span.Length, 0, Math.Min(20, passage.Length - snippet.Span.Start));
            }
        );
    }
}
