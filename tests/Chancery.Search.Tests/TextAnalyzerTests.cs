using System.Diagnostics;

namespace Chancery.Search.Tests;

public sealed class TextAnalyzerTests
{
    [Theory]
    [InlineData("The tenants' notice periods", "the tenant notic period")]
    [InlineData("ＦＵＬＬ ﬁne Straße Łódź œuvre", "full fine strass lodz oeuvr")]
    [InlineData("café cafe\u0301 CAFÉ", "cafe cafe cafe")]
    [InlineData("well-known", "well known")]
    [InlineData("ISO-27001", "iso-27001 iso 27001")]
    [InlineData("foo_bar", "foo_bar foo bar")]
    [InlineData("B2", "b2")]
    [InlineData("$1,234.50 and 1,000", "1234.50 and 1000")]
    [InlineData("1,2 or 12,34", "1,2 or 12,34")]
    [InlineData("§ 12.3(b)", "12.3(b) 12.3 b")]
    [InlineData("Section 12.3(b)(iv)", "section 12.3(b)(iv) 12.3 b iv")]
    [InlineData("§ 5", "5")]
    [InlineData("the U.S. market", "the us market")]
    [InlineData("Kundenverträge", "kundenvertrag")]
    [InlineData("今日は", "今日 日は")]
    [InlineData("東京A3", "東京 a3")]
    [InlineData("字", "字")]
    [InlineData("exam\u00ADple", "exampl")]
    [InlineData("___ - 'x' --", "x")]
    [InlineData("don’t", "don't")]
    public void Text_becomes_terms(string text, string terms)
    {
        Assert.Equal(terms, string.Join(' ', TextAnalyzer.Analyze(text).Select(token => token.Term)));
    }

    [Theory]
    [InlineData("Stra\u00DFe", "STRASSE")]
    [InlineData("naïve", "naive")]
    [InlineData("Section 12.3(b)", "§ 12.3(b)")]
    [InlineData("１２３", "123")]
    [InlineData("Σίσυφος", "ΣΊΣΥΦΟΣ")]
    [InlineData("Ёлка", "елка")]
    [InlineData("companies", "company")]
    [InlineData("か\u3099ラス", "がラス")]
    [InlineData("ｶﾞﾗｽ", "ガラス")]
    [InlineData("\u1112\u1161\u11AB", "한")]
    [InlineData("İstanbul", "istanbul")]
    public void Spellings_of_one_thing_share_a_term(string one, string other)
    {
        var terms = TextAnalyzer.Analyze(one).Select(token => token.Term);

        Assert.NotEmpty(terms.Intersect(TextAnalyzer.Analyze(other).Select(token => token.Term)));
    }

    [Fact]
    public void Tokens_know_where_they_stand_in_the_original()
    {
        const string text = "See ﬁne §\u00A012.3(b) of ISO-27001.";

        var tokens = TextAnalyzer.Analyze(text);

        Assert.Equal(
            ["See", "ﬁne", "§\u00A012.3(b)", "12.3", "b", "of", "ISO-27001", "ISO", "27001"],
            tokens.Select(token => text.Substring(token.Start, token.Length))
        );
        Assert.Equal([0, 1, 2, 2, 2, 3, 4, 4, 5], tokens.Select(token => token.Position));
    }

    [Fact]
    public void Words_of_grammar_are_flagged_and_names_that_look_like_them_are_not()
    {
        var tokens = TextAnalyzer.Analyze("Who told us about the WHO in the US?");

        Assert.Equal(["told", "who", "us"], tokens.Where(token => !token.IsStopWord).Select(token => token.Term));
    }

    [Fact]
    public void A_question_of_grammar_alone_still_has_terms()
    {
        Assert.Equal(["to", "be", "or", "not"], TextAnalyzer.ContentTerms("to be or not to be"));
    }

    [Fact]
    public void Any_string_is_analysed_and_every_token_lies_inside_it()
    {
        Properties.HoldForAnyText(text =>
        {
            var start = 0;
            foreach (var token in TextAnalyzer.Analyze(text))
            {
                Assert.InRange(token.Start, start, text.Length);
                Assert.InRange(token.Length, 1, text.Length - token.Start);
                start = token.Start;
            }
        });
    }

    [Fact]
    public void Folding_twice_changes_nothing_more()
    {
        Properties.HoldForAnyText(text =>
        {
            var folded = Folding.Fold(text);

            Assert.Equal(folded, Folding.Fold(folded));
        });
    }

    [Theory]
    [InlineData("a")]
    [InlineData("_")]
    [InlineData("1,")]
    [InlineData("a-")]
    [InlineData("U.")]
    [InlineData("(b)")]
    [InlineData("§")]
    [InlineData("e\u0301")]
    [InlineData("字")]
    [InlineData("1(a)")]
    public void Huge_texts_take_time_in_proportion(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
        var watch = Stopwatch.StartNew();

        TextAnalyzer.Analyze(text);

        // A square of the length would take minutes.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{piece}: {watch.Elapsed}");
    }
}
