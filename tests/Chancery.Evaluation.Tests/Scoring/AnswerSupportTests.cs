using Chancery.Evaluation.Scoring;
using Chancery.Search;

namespace Chancery.Evaluation.Tests.Scoring;

public sealed class AnswerSupportTests
{
    private static readonly string[] _passages =
    [
        "The agreement terminates on 31 March 2026. Either party may give notice of ninety days. The Supplier may not assign its rights.",
        "Revenue rose to $1,234.5 million in 2023, from $1,100 million in 2022.",
        "Der Vertrag endet am 31. März 2026. Eine Verlängerung ist nicht vorgesehen.",
    ];

    [Theory]
    [InlineData("The agreement terminates on 31 March 2026 [1].", 0)]
    [InlineData("Termination of the agreement is on March 31, 2026.", 0)]
    [InlineData("In 2023 the revenue rose to $1234.5 million.", 1)]
    [InlineData("The Supplier may not assign rights.", 0)]
    [InlineData("Der Vertrag endet 2026.", 2)]
    public void What_stands_in_a_passage_is_supported_by_it(string answer, int passage)
    {
        var sentence = Assert.Single(Support(answer).Sentences);

        Assert.Null(sentence.Fault);
        Assert.Equal(passage, sentence.Passage);
    }

    [Theory]
    [InlineData("The agreement terminates on 30 March 2026.", SupportFault.Numbers)]
    [InlineData("Revenue rose to $1,243.5 million in 2023.", SupportFault.Numbers)]
    [InlineData("The Supplier may assign its rights.", SupportFault.Negation)]
    [InlineData("The agreement does not terminate on 31 March 2026.", SupportFault.Negation)]
    [InlineData("Eine Verlängerung ist vorgesehen.", SupportFault.Negation)]
    [InlineData("The buyer pays a penalty for late delivery.", SupportFault.Words)]
    public void What_does_not_says_why(string answer, SupportFault fault) =>
        Assert.Equal(fault, Assert.Single(Support(answer).Sentences).Fault);

    [Fact]
    public void The_sentence_without_support_is_named_by_its_place()
    {
        const string Answer = "The agreement terminates on 31 March 2026 [1]. The penalty is 500 euros. Certainly!";

        var support = Support(Answer);

        var made = Assert.Single(support.Sentences, sentence => sentence.Fault is not null);
        Assert.Equal("The penalty is 500 euros.", Answer.Substring(made.Start, made.Length));
        Assert.Equal(["500"], made.MissingNumbers);
        Assert.Equal(0.5, support.Share.Value);
    }

    [Fact]
    public void Two_sentences_of_a_passage_support_one_of_the_answer() =>
        Assert.Null(
            Assert
                .Single(
                    Support(
                        "The agreement terminates on 31 March 2026, and either party may give notice of ninety days."
                    ).Sentences
                )
                .Fault
        );

    [Fact]
    public void Without_passages_nothing_is_supported_and_without_statements_nothing_is_scored()
    {
        Assert.Equal(0, AnswerSupport.Of("Rome fell in 476.", [], Fold).Share.Value);
        Assert.Equal(Score.None, Support("").Share);
        Assert.Equal(Score.None, Support("It is so. [1]").Share);
    }

    [Theory]
    [InlineData("Dr. J. Doe signed. He left.", 2)]
    [InlineData("It costs 3.5 euros, e.g. today. Fine?", 2)]
    [InlineData("合同终止。费用为五百元。", 2)]
    [InlineData("Points:\n- first thing\n- second thing", 3)]
    [InlineData("\ud800. \ud800", 2)]
    public void Sentences_end_where_a_reader_would_end_them(string text, int count) =>
        Assert.Equal(count, SentenceSpans.In(text).Count());

    [Fact]
    public void A_denial_in_the_next_sentence_denies_nothing_here() =>
        Assert.Null(Assert.Single(Support("Der Vertrag endet am 31. März 2026.").Sentences).Fault);

    [Fact]
    public void An_answer_of_one_word_is_judged()
    {
        Assert.Equal(1, Support("Supplier.").Share.Value);
        Assert.Equal(0, Support("Buyer.").Share.Value);
    }

    [Fact]
    public void Megabytes_of_open_brackets_are_read()
    {
        var support = AnswerSupport.Of(string.Concat(Enumerable.Repeat("[1, ", 300_000)) + "word", ["[[[["], Fold);

        Assert.Equal(0, support.Share.Value);
    }

    private static AnswerSupport Support(string answer) => AnswerSupport.Of(answer, _passages, Fold);

    private static string Fold(string text) => Folding.Fold(text);
}
