using System.Diagnostics;

namespace Chancery.Search.Tests;

public sealed class ExtractiveAnswererTests
{
    private static readonly AnswerPassage[] Lease =
    [
        new(
            "rent",
            "The tenant pays a monthly rent of $1,250.00. The rent is due on the first business day of each month. Late "
                + "payments bear interest of 4.5 percent per year.",
            3,
            "Rent and payment"
        ),
        new(
            "notice",
            "Either party may end the lease. The notice period is 14 days in the first year and 60 days thereafter. Notice "
                + "is given in writing to Ms. Adler of Harbour Estates Ltd. in Lisbon.",
            2,
            "Termination"
        ),
        new("pets", "Pets are allowed with consent. Yes. Dogs over 20 kg are not.", 1, "House rules"),
    ];

    [Theory]
    [InlineData(
        "How long is the notice period in the first year?",
        "notice",
        "The notice period is 14 days in the first year and 60 days thereafter."
    )]
    [InlineData("When is the rent due?", "rent", "The rent is due on the first business day of each month.")]
    [InlineData("How much is the monthly rent?", "rent", "The tenant pays a monthly rent of $1,250.00.")]
    [InlineData("What interest do late payments bear?", "rent", "Late payments bear interest of 4.5 percent per year.")]
    [InlineData("are dogs allowed over 20 kg", "pets", "Dogs over 20 kg are not.")]
    public void The_sentence_that_answers_is_quoted_whole(string question, string passage, string quote)
    {
        var answer = ExtractiveAnswerer.Answer(question, Lease);

        Assert.True(answer.IsSupported, $"{answer.Confidence}");
        Assert.Equal((passage, quote), (answer.Quotes[0].PassageId, TextOf(answer.Quotes[0])));
    }

    [Fact]
    public void A_sentence_that_points_back_is_read_with_the_one_before()
    {
        const string before =
            "Merchandise inventories, net at the end of the fourth quarter of fiscal 2022 totaled $1.6 billion compared to "
            + "$1.5 billion at the end of the fourth quarter of fiscal 2021.";
        const string after =
            "The $104.2 million increase was primarily due to the opening of 47 new stores since January 29, 2022, "
            + "inventory to support new brand launches and brand expansions, and inventory cost increases.";
        const string question = "What drove the increase in merchandise inventories?";

        var together = ExtractiveAnswerer.Answer(question, [new("p", $"{before} {after}", 1)]);
        var apart = ExtractiveAnswerer.Answer(question, [new("p", $"{before}\n\n{after}", 1)]);

        Assert.True(together.IsSupported, $"{together.Confidence}");
        Assert.EndsWith(
            "inventory cost increases.",
            $"{before} {after}"[..together.Quotes[0].Span.End],
            StringComparison.Ordinal
        );
        Assert.True(apart.Confidence < together.Confidence);
    }

    [Theory]
    [InlineData("What is the capital of Mongolia?")]
    [InlineData("How many employees does Harbour Estates have in Madrid?")]
    [InlineData("Who won the World Cup in 2014?")]
    [InlineData("What was the operating margin in FY2018?")]
    [InlineData("")]
    [InlineData("???")]
    [InlineData("what is it")]
    public void What_the_passages_do_not_say_is_not_answered(string question)
    {
        var answer = ExtractiveAnswerer.Answer(question, Lease);

        Assert.Empty(answer.Quotes);
        Assert.False(answer.IsSupported);
    }

    [Fact]
    public void No_passages_give_no_answer()
    {
        Assert.False(ExtractiveAnswerer.Answer("When is the rent due?", []).IsSupported);
    }

    [Fact]
    public void A_row_of_a_table_is_quoted_with_its_figures_whole()
    {
        const string table =
            "(in millions)   2018   2017\nNet sales   32,765   31,657\nCost of sales   16,682   16,055\nNet income   5,349   4,858";

        var answer = ExtractiveAnswerer.Answer(
            "What were the net sales in 2018?",
            [new AnswerPassage("p", table, 1, "Consolidated statement of income")]
        );

        Assert.Contains("Net sales   32,765   31,657", answer.Quotes.Select(quote => quote.Span.In(table).ToString()));
    }

    [Fact]
    public void A_sentence_that_limits_the_quoted_one_is_quoted_with_it()
    {
        const string text =
            "During the probation period notice is one week on either side. After that it is two months. The company pays "
            + "on the last day of the month.";

        var answer = ExtractiveAnswerer.Answer(
            "How long is the notice in the probation period?",
            [new AnswerPassage("handbook", text, 1)]
        );

        Assert.Equal(
            "During the probation period notice is one week on either side. After that it is two months.",
            Assert.Single(answer.Quotes).Span.In(text).ToString()
        );
    }

    [Fact]
    public void A_quote_of_few_words_takes_its_neighbour_in()
    {
        const string text = "Is smoking allowed? Smoking: never. Guests are told so at the door.";

        var answer = ExtractiveAnswerer.Answer("smoking", [new AnswerPassage("p", text, 1)], maxQuotes: 1);

        var words = answer.Quotes[0].Span.In(text).ToString().Split(' ');
        Assert.True(words.Length >= 4, string.Join(' ', words));
    }

    [Fact]
    public void The_same_sentence_in_two_passages_is_quoted_once()
    {
        AnswerPassage[] twice = [Lease[1] with { Id = "a" }, Lease[1] with { Id = "b" }];

        var answer = ExtractiveAnswerer.Answer("How long is the notice period in the first year?", twice);

        Assert.Single(answer.Quotes);
    }

    [Fact]
    public void A_question_in_two_parts_gets_a_quote_for_each()
    {
        var answer = ExtractiveAnswerer.Answer("What are the rent and the notice period?", Lease, threshold: 0.1);

        Assert.Equal(["notice", "rent"], answer.Quotes.Select(quote => quote.PassageId).Distinct().Order());
        Assert.InRange(answer.Quotes.Count, 2, 3);
    }

    [Theory]
    [InlineData(
        "Wie lang ist die Kündigungsfrist im ersten Jahr?",
        "Die Kündigungsfrist beträgt im ersten Jahr 14 Tage."
    )]
    [InlineData("¿Cuándo vence el alquiler mensual?", "El alquiler mensual vence el primer día hábil.")]
    [InlineData("租金什么时候支付？", "租金在每月第一天支付。")]
    public void Other_languages_are_answered_too(string question, string sentence)
    {
        var text = sentence + " " + "Etwas anderes steht hier. Otra cosa. 其他。";

        var answer = ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)]);

        Assert.True(answer.IsSupported, $"{answer.Confidence}");
        Assert.StartsWith(sentence, answer.Quotes[0].Span.In(text).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_quote_lies_in_its_passage_whatever_is_asked()
    {
        Properties.HoldForAnyTexts(
            (question, text) =>
            {
                var answer = ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)], threshold: 0);

                Assert.InRange(answer.Confidence, 0, 1);
                Assert.InRange(answer.Quotes.Count, 0, 3);
                foreach (var quote in answer.Quotes)
                {
                    Assert.InRange(quote.Span.Start, 0, text.Length);
                    Assert.InRange(quote.Span.Length, 1, text.Length - quote.Span.Start);
                }
            }
        );
    }

    [Fact]
    public void A_question_of_a_thousand_words_and_a_passage_of_a_megabyte_are_answered_soon()
    {
        var question = string.Join(' ', Enumerable.Range(0, 1000).Select(i => $"word{i}"));
        var text = string.Concat(Enumerable.Repeat("word1 word2. ", 80_000));
        var watch = Stopwatch.StartNew();

        ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)], threshold: 0);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    private const string Handbook = """
        2 Leave

        2.1 Annual leave

        You have 27 days of paid leave a year beside the public holidays. Unused days lapse on 31 March.

        2.2 Sick leave

        A doctor's note is needed from the eighth calendar day.

        Kind of leave  Paid  Notice
        Annual  27 days  twice its length
        Study  5 days  four weeks
        """;

    [Theory]
    [InlineData(
        "How many days of annual leave do I have?",
        "You have 27 days of paid leave a year beside the public holidays."
    )]
    [InlineData(
        "When is a doctor's note for sick leave needed?",
        "A doctor's note is needed from the eighth calendar day."
    )]
    public void A_heading_is_not_quoted_with_what_stands_below_it(string question, string quote)
    {
        AnswerPassage[] passages = [new("leave", Handbook, 3, "2 Leave", "Employee handbook")];

        var answer = ExtractiveAnswerer.Answer(question, passages);

        // Nor is the row of the table, which says the same again.
        Assert.Equal(quote, TextOf(Assert.Single(answer.Quotes), passages));
    }

    [Fact]
    public void A_heading_is_quoted_to_who_asks_for_it()
    {
        AnswerPassage[] passages = [new("leave", Handbook, 3, "2 Leave", "Employee handbook")];

        var answer = ExtractiveAnswerer.Answer("Which section is about annual leave?", passages, threshold: 0.1);

        Assert.Contains(
            answer.Quotes,
            quote => TextOf(quote, passages).Contains("2.1 Annual", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Neighbours_are_one_quote()
    {
        AnswerPassage[] passages =
        [
            new(
                "term",
                "## 7 Term\n\n**7.1** This Agreement runs until it is terminated. Either party may terminate it, or an Order, by "
                    + "60 days' written notice.\n\n**7.2** On termination the Client pays for the work done.",
                2,
                "7 Term"
            ),
        ];

        var answer = ExtractiveAnswerer.Answer(
            "How does the agreement run, and with how many days of written notice can a party terminate it?",
            passages
        );

        Assert.Equal(
            "**7.1** This Agreement runs until it is terminated. Either party may terminate it, or an Order, by 60 days' "
                + "written notice.",
            TextOf(Assert.Single(answer.Quotes), passages)
        );
    }

    [Fact]
    public void The_row_that_holds_the_figure_is_quoted_by_itself()
    {
        AnswerPassage[] passages =
        [
            new(
                "table",
                "As of December 31,\n2017  2016  2015\n(in thousands)\nPaid memberships at end of period  110,644  89,090  70,839\n"
                    + "Revenues  $ 11,242,216  $ 8,288,402  $ 6,134,000\nContribution margin  18%  17%  14%",
                5,
                "Selected Financial Data",
                "Netflix 2017"
            ),
            new(
                "prose",
                "The increase in the domestic contribution margin was due to growth in paid memberships at Netflix. Memberships "
                    + "are paid monthly.",
                4.8,
                "Results",
                "Netflix 2017"
            ),
        ];

        var answer = ExtractiveAnswerer.Answer(
            "How many paid memberships did Netflix have at the end of 2017?",
            passages
        );

        Assert.Equal("Paid memberships at end of period  110,644  89,090  70,839", TextOf(answer.Quotes[0], passages));
    }

    [Theory]
    [InlineData("saltwater ducks 2023", "2023\t160\t120")]
    [InlineData("How many saltwater ducks were there in 2022?", "2022\t170\t110")]
    public void The_names_of_the_columns_speak_for_each_row(string question, string row)
    {
        AnswerPassage[] passages =
        [
            new("p", "Year\tFreshwater Ducks\tSaltwater Ducks\n2022\t170\t110\n2023\t160\t120", 1),
        ];

        Assert.Equal(row, TextOf(Assert.Single(ExtractiveAnswerer.Answer(question, passages).Quotes), passages));
    }

    private const string Terms = """
        ## 6 Liability

        **6.1** Nothing in this Agreement limits liability for fraud.

        **6.2** Each party's total liability under an Order is limited to 150 % of the fees, and to £250,000 in any case.

        ## 7 Term and termination

        **7.1** This Agreement runs until it is terminated. Either party may terminate it, or an Order, by 60 days' written
        notice.

        **7.2** Either party may terminate at once if the other commits a material breach and does not remedy it.

        ## 8 Leave of parents and carers

        Whoever gives birth has 26 weeks at full pay. The other one has eight weeks.

        The following papers are needed:

        - a doctor's note
        - a form from reception
        """;

    [Theory]
    [InlineData("How long is the notice period?", "60 days' written\nnotice")]
    [InlineData("notice period", "60 days' written\nnotice")]
    [InlineData("maximum liability", "is limited to 150 %")]
    [InlineData("liability cap", "is limited to 150 %")]
    [InlineData("parental leave", "26 weeks at full pay. The other one has eight weeks.")]
    [InlineData("terminate agreement notice procedure", "Either party may terminate")]
    [InlineData("How can the agreement be terminated?", "60 days' written\nnotice")]
    [InlineData("Which papers are needed?", "- a doctor's note\n- a form from reception")]
    public void A_question_of_few_words_is_answered_from_the_passage_that_is_about_it(string question, string quoted)
    {
        AnswerPassage[] passages = [new("p", Terms, 1, "Master Services Agreement", "Master Services Agreement")];

        var answer = ExtractiveAnswerer.Answer(question, passages);

        Assert.True(answer.IsSupported, $"{answer.Confidence}");
        Assert.Contains(
            quoted,
            string.Join('|', answer.Quotes.Select(quote => TextOf(quote, passages))),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("helicopter maintenance")]
    [InlineData("agreement helicopter")]
    [InlineData("company fraud")]
    [InlineData("How long is the trial period?")]
    [InlineData("Who is the CEO of Acme Studios?")]
    [InlineData("who is the ceo of acme studios?")]
    [InlineData("Who audits Acme Studios?")]
    public void A_passage_that_has_one_of_the_words_only_is_no_answer(string question)
    {
        AnswerPassage[] passages =
        [
            new("p", "This agreement is between Acme Studios Ltd (\"the Supplier\") and the Client. " + Terms, 1),
        ];

        var answer = ExtractiveAnswerer.Answer(question, passages);

        Assert.False(answer.IsSupported, $"{answer.Confidence}");
    }

    [Theory]
    [InlineData(
        "Who is the CEO of Acme Studios?",
        "Jane Roe has been chief executive officer of Acme Studios since May."
    )]
    [InlineData("Who is the auditor of Acme Studios?", "The auditor of Acme Studios is the firm in the next street.")]
    [InlineData("Who runs Acme Studios?", "At Acme Studios it is Jane Roe who decides.")]
    [InlineData("Who is the ombudsperson?", "Report it to the ombudsperson, Dr Imani Okello.")]
    public void Somebody_is_an_answer_to_who(string question, string sentence)
    {
        var text = "Acme Studios makes things. " + sentence + " The weather is mild.";

        var answer = ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)]);

        Assert.True(answer.IsSupported, $"{answer.Confidence}");
        Assert.Contains(sentence, answer.Quotes[0].Span.In(text).ToString(), StringComparison.Ordinal);
    }

    private const string Parental = """
        2.5 Parents and carers

        Whoever gives birth has 26 weeks of leave at full pay.

        2.6 Overview

        Kind of leave  Paid  Notice
        Annual  27 days  twice its length
        Moving house  2 weeks  four weeks
        Study  5 days  four weeks
        """;

    [Theory]
    [InlineData("parental leave")]
    [InlineData("parental leave weeks")]
    [InlineData("How many weeks of parental leave are there?")]
    public void A_row_without_the_rarest_word_gives_way_to_text_that_has_it(string question)
    {
        AnswerPassage[] passages = [new("leave", Parental, 3, "2 Leave", "Employee handbook")];

        var answer = ExtractiveAnswerer.Answer(question, passages);

        Assert.Equal(
            "Whoever gives birth has 26 weeks of leave at full pay.",
            TextOf(Assert.Single(answer.Quotes), passages)
        );
    }

    [Fact]
    public void A_row_without_the_rarest_word_gives_way_to_another_passage_that_has_it()
    {
        AnswerPassage[] passages =
        [
            new("table", Parental[Parental.IndexOf("Kind", StringComparison.Ordinal)..], 3, "2 Leave", "Handbook"),
            new(
                "text",
                "Parents take it when a child is born: the parental time is 26 weeks.",
                2,
                "3 Birth",
                "Handbook"
            ),
        ];

        var answer = ExtractiveAnswerer.Answer("parental leave weeks", passages, threshold: 0.1);

        Assert.Equal("text", Assert.Single(answer.Quotes).PassageId);
    }

    [Theory]
    [InlineData("Use sun cream.\n\nHmm, what else should we take along on this trip")]
    [InlineData("Use sun cream\nHmm, what else should we take along on this trip")]
    [InlineData("- Use sun cream\n- Hmm, what else should we take along on this trip")]
    [InlineData("- What else should we take along on this trip\n- Use sun cream")]
    [InlineData("What else should we take along on this trip?\n\n· Use sun cream")]
    public void A_short_quote_takes_nothing_in_from_another_block(string text)
    {
        var answer = ExtractiveAnswerer.Answer("sun cream", [new AnswerPassage("p", text, 1)], maxQuotes: 1);

        Assert.Equal("Use sun cream", Assert.Single(answer.Quotes).Span.In(text).TrimEnd('.').ToString());
    }

    private static string TextOf(Quote quote, AnswerPassage[] passages) =>
        quote.Span.In(passages.Single(passage => passage.Id == quote.PassageId).Text).ToString();

    private static string TextOf(Quote quote) =>
        quote.Span.In(Lease.First(passage => passage.Id == quote.PassageId).Text).ToString();
}
