using Chancery.Evaluation.Scoring;
using Chancery.Search;

namespace Chancery.Evaluation.Tests.Scoring;

public sealed class AnswerScoresTests
{
    private static readonly AnswerScores _scores = new(text => Folding.Fold(text));

    [Theory]
    [InlineData("The Eiffel Tower.", "eiffel tower", "en")]
    [InlineData("U.S.", "us", "en")]
    [InlineData("don't", "dont", "en")]
    [InlineData("1,234.50", "1.234,50", null)]
    [InlineData("€ 1,000", "€1000", null)]
    [InlineData("ﬁnance ２０２５", "finance 2025", null)]
    [InlineData("STRASSE", "straße", "de")]
    [InlineData("cafe\u0301", "café", "fr")]
    [InlineData("well-known", "well known", "en")]
    [InlineData("30kg", "30 kg", null)]
    [InlineData("東京。", "東京", "ja")]
    [InlineData("١٢", "12", "ar")]
    public void Spellings_of_the_same_answer_match(string answer, string expected, string? language) =>
        Assert.Equal(1, _scores.ExactMatch(answer, [expected], language).Value);

    [Theory]
    [InlineData("3.5", "35", null)]
    [InlineData("-5", "5", null)]
    [InlineData("5 %", "5", null)]
    [InlineData("€5", "$5", null)]
    [InlineData("1,5", "15", null)]
    [InlineData("0.125", "125", null)]
    [InlineData("192.168.0.1", "1921680.1", null)]
    [InlineData("die Stadt", "a Stadt", "de")]
    [InlineData("a la carte", "la carte", "fr")]
    public void Other_facts_do_not(string answer, string expected, string? language) =>
        Assert.Equal(0, _scores.ExactMatch(answer, [expected], language).Value);

    [Theory]
    [InlineData("the cat sat", "cat sat down", "en", 0.8)]
    [InlineData("a a b", "a b b", null, 2 / 3.0)]
    [InlineData("北京市", "北京", "zh", 0.8)]
    [InlineData("nothing alike", "other words", "en", 0)]
    [InlineData("", "", null, 1)]
    [InlineData("", "word", null, 0)]
    public void Words_that_are_shared_count_as_often_as_they_are(
        string answer,
        string expected,
        string? language,
        double f1
    ) => Assert.Equal(f1, _scores.TokenF1(answer, [expected], language).Value!.Value, 1e-12);

    [Theory]
    [InlineData("The notice period is thirty days [1].", "Thirty days", 1)]
    [InlineData("The notice period is thirty (30) days.", "thirty days", 0)]
    [InlineData("It is the thirty-day rule.", "thirty days", 0)]
    [InlineData("thirty", "thirty days", 0)]
    [InlineData("anything", "...", 0)]
    public void An_answer_contains_what_stands_in_it_in_order(string answer, string expected, double contains) =>
        Assert.Equal(contains, _scores.Contains(answer, [expected], "en").Value);

    [Fact]
    public void The_best_expected_answer_counts_and_none_is_not_scored()
    {
        Assert.Equal(1, _scores.TokenF1("Paris", ["London", "paris"]).Value);
        Assert.Equal(Score.None, _scores.ExactMatch("Paris", []));
    }

    [Theory]
    [InlineData("\ud800")]
    [InlineData("\0\u202e")]
    [InlineData("1,,2..3''")]
    [InlineData("-")]
    [InlineData("−1.")]
    public void Hostile_text_is_scored(string text)
    {
        Assert.Equal(1, _scores.TokenF1(text, [text]).Value);
        Assert.NotNull(_scores.TokenF1(text, ["word"]).Value);
    }
}
