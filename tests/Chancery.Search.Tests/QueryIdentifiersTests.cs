namespace Chancery.Search.Tests;

public sealed class QueryIdentifiersTests
{
    [Theory]
    [InlineData("Item 5-7", 1)]
    [InlineData("What does (Item 5-7) weigh?", 1)]
    [InlineData("B2, b2 and ISO-27001's scope", 2)]
    [InlineData("max_retries in settings.json", 2)]
    [InlineData("mail to anna@example.org", 1)]
    [InlineData("well-known words, e.g. and/or those of the U.S.", 0)]
    [InlineData("", 0)]
    public void Names_are_told_from_words(string query, int count) =>
        Assert.Equal(count, QueryIdentifiers.Parse(query).Count);

    [Theory]
    [InlineData("Item 5-7 costs", true)]
    [InlineData("See item 5‑7.", true)]
    [InlineData("15-7, 5-70 and 5-7-2, then (5-7)", true)]
    [InlineData("Item 15-7", false)]
    [InlineData("Item 5-70", false)]
    [InlineData("Item 5-7-2", false)]
    [InlineData("Item 3.5-7", false)]
    [InlineData("Item 7-5, and 5 and 7", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_name_stands_in_a_text_only_as_a_whole(string? text, bool stands) =>
        Assert.Equal(stands ? 1u : 0u, QueryIdentifiers.Parse("Item 5-7").HeldBy(text));

    [Fact]
    public void Each_name_has_its_bit_whichever_text_it_stands_in() =>
        Assert.Equal(0b101u, QueryIdentifiers.Parse("a1 b2 c3").HeldBy("About C3", null, "a1"));

    [Fact]
    public void A_query_of_a_thousand_names_is_read()
    {
        var names = string.Join(' ', Enumerable.Range(0, 1000).Select(i => $"n{i}"));

        Assert.Equal(32, QueryIdentifiers.Parse(names).Count);
        Assert.Equal(uint.MaxValue, QueryIdentifiers.Parse(names).HeldBy(names));
    }
}
