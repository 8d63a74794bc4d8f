using Chancery.Server.Answers.Citing;

namespace Chancery.Server.Tests.Answers;

public sealed class QuoteTextTests
{
    [Theory]
    [InlineData("The notice period is\n30 days.", "notice period is 30 days")]
    [InlineData("This agree-\nment is binding on all.", "This agreement is binding")]
    [InlineData("This agree\u00ADment is binding on all.", "This agreement is binding")]
    [InlineData("A well-\nknown rule applies here.", "A well-known rule applies")]
    [InlineData("The oﬃce is ﬁnally open again.", "The office is finally open")]
    [InlineData("He said “never” – and meant it.", "He said \"never\" - and meant it.")]
    [InlineData("Ｆｕｌｌ width words stand here", "Full width words stand")]
    [InlineData("It costs 1,000 EUR a month.", "It costs 1,000 EUR")]
    public void A_quote_is_found_whatever_layout_did_to_it(string text, string quote)
    {
        var place = new QuoteText(text).Find(quote);

        Assert.NotNull(place);
        Assert.Null(new QuoteText(text).Find(quote + " not"));
        Assert.Equal(
            place.Value.Start,
            text.IndexOf(text[place.Value.Start..place.Value.End], StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("It takes 150 days to do so.", "It takes 15")]
    [InlineData("It takes 1.15 days to do so.", "15 days to do so")]
    [InlineData("It takes 1.15 days to do so.", "It takes 1")]
    [InlineData("It takes 15 days to do so.", "it takes 15 days")]
    [InlineData("It takes 15 days to do so.", "")]
    public void A_number_or_a_word_is_never_found_in_a_longer_one(string text, string quote) =>
        Assert.Null(new QuoteText(text).Find(quote));

    [Fact]
    public void The_place_is_in_the_original_text()
    {
        const string text = "Before. The  oﬃce\nhours are 9-\n17 on weekdays. After.";

        var (start, end) = new QuoteText(text).Find("The office hours are")!.Value;

        Assert.Equal("The  oﬃce\nhours are", text[start..end]);
    }
}
