namespace Chancery.Search.Tests;

/// <summary>Questions of reports: documents that they name, items that they mean, pages that hold the evidence.</summary>
public sealed class EvidenceTests
{
    private const string Assets = """
        Consolidated Balance Sheets
        (in millions)  2022  2021
        Cash and cash equivalents  $ 605  $ 921
        Accounts receivable, net  506  846
        Total current assets  $ 1,857  $ 1,728
        """;

    private const string Liabilities = """
        Accounts payable  $ 410  $ 390
        Total current liabilities  $ 1,171  $ 1,160
        Total liabilities  $ 2,046  $ 2,236
        """;

    [Theory]
    [InlineData("How did Best Buy's revenue change?", "BESTBUY 2024Q2 10Q")]
    [InlineData("Is growth in JnJ's adjusted EPS expected to accelerate?", "Johnson & Johnson annual report 2022")]
    [InlineData("What are J&J's largest segments?", "JOHNSON JOHNSON 2022 10K")]
    [InlineData("Which of JPM's segments is the largest?", "JPMORGAN 2021Q1 10Q")]
    [InlineData("Does AMEX have an improving margin?", "AMERICANEXPRESS 2022 10K")]
    [InlineData("what is pepsico's gross margin", "PEPSICO 2022 10K")]
    [InlineData("What does the employee handbook say about leave?", "Employee handbook")]
    [InlineData("Does Foot Locker have a new CEO?", "FOOTLOCKER 2022 8K")]
    [InlineData("What did Pepsico earn?", "Form 10-K for Pepsico INC filed 02/09/2023")]
    [InlineData("What is Netflix's revenue?", "NETFLIX_2017_10K.pdf")]
    public void A_document_is_known_by_the_names_that_people_give_it(string question, string title)
    {
        var others = new[] { "Verizon 2022 10K", "General terms and conditions", "Travel policy", "Q3 results" };
        var names = others.Append(title).Select(DocumentName.Of).ToArray();

        var named = NamedDocuments.Find(question, names);

        Assert.Equal([others.Length], named.Places);
        Assert.NotEmpty(named.Terms);
    }

    [Theory]
    [InlineData("What is the policy on travel in general?")]
    [InlineData("When is the rent due?")]
    [InlineData("What were the results of the annual report?")]
    [InlineData("")]
    [InlineData("?!")]
    public void Words_of_any_document_name_none(string question)
    {
        var names = new[] { "Travel expenses policy", "General terms", "Annual report 2021", "Results", "Lease" };

        Assert.Empty(NamedDocuments.Find(question, [.. names.Select(DocumentName.Of)]).Places);
    }

    [Fact]
    public void A_name_that_most_documents_share_chooses_none()
    {
        var names = Enumerable.Range(2015, 8).Select(year => DocumentName.Of($"Acme report {year}")).ToArray();

        Assert.Empty(NamedDocuments.Find("What did Acme earn?", names).Places);
    }

    [Theory]
    [InlineData("What is the quick ratio for FY2022?")]
    [InlineData("What is the working capital?")]
    [InlineData("How much capex was there?")]
    [InlineData("What was SG&A in 2020?")]
    public void A_measure_is_looked_for_by_what_reports_call_it(string question)
    {
        var query = EvidenceQuery.Parse(question);

        Assert.True(query.HasItems);
        Assert.NotEmpty(query.ItemTerms);
        Assert.Empty(query.ItemTerms.Intersect(query.Terms));
    }

    [Fact]
    public void A_question_of_something_else_is_left_as_it_is() =>
        Assert.False(EvidenceQuery.Parse("Who wrote the opera that opened in Lisbon?").HasItems);

    [Fact]
    public void The_page_of_the_statement_comes_before_pages_that_repeat_the_question()
    {
        const string question = "What is the quick ratio?";
        string[] texts =
        [
            "A quick ratio of our pages is of interest. The quick ratio is quick.",
            Assets,
            Liabilities,
            "Management discusses liquidity. We believe that it is sufficient for the next year.",
        ];
        int[] pages = [1, 2, 2, 3];

        var ranked = EvidenceRanker.Rank(
            EvidenceQuery.Parse(question),
            [.. texts.Select((text, i) => new EvidenceCandidate(TermCounts.Of(new RankingCandidate(text)), pages[i]))],
            new CorpusStatistics(1000, 60, new Dictionary<string, int> { ["quick"] = 20, ["ratio"] = 60 })
        );

        Assert.Equal(2, pages[ranked[0].Index]);
        Assert.Equal(2, pages[ranked[1].Index]);
        Assert.Equal(ranked[0].Score, ranked[1].Score);
    }

    [Theory]
    [InlineData("Total current assets  $ 1,857", "total current assets", 1)]
    [InlineData("Total current assets of the group  $ 1,857", "total current assets", 0.85)]
    [InlineData("Total other current and long-term assets  5", "total current assets", 0.55)]
    [InlineData("Total liabilities  5", "total current assets", 0)]
    public void A_row_counts_the_more_the_more_purely_it_is_about_an_item(string line, string item, double most)
    {
        var lines = LineLabels.Of("Heading\n\n" + line, TextAnalyzer.Analyze("Heading\n\n" + line));

        var purity = lines.Purity(LineLabels.Hash(ReportVocabulary.StemsOf(item)));

        Assert.InRange(purity, most == 0 ? 0 : most - 0.25, most);
    }

    [Fact]
    public void An_answer_of_figures_quotes_the_rows_that_it_is_computed_from()
    {
        AnswerPassage[] passages =
        [
            new("assets", Assets, 9, Title: "Acme 2022 10K", Page: "acme/56"),
            new("liabilities", Liabilities, 9, Title: "Acme 2022 10K", Page: "acme/56"),
            new("talk", "Acme explains its ratio of debt in 2022.", 6, Title: "Acme 2022 10K", Page: "acme/40"),
            new("far", "The weather in 2022 was mild.", 1, Title: "Acme 2022 10K", Page: "acme/90"),
        ];

        var answer = ExtractiveAnswerer.Answer("What is Acme's quick ratio for FY2022?", passages);

        Assert.True(answer.IsSupported, $"{answer.Confidence}");
        Assert.Contains(answer.Quotes, quote => quote.PassageId is "assets" or "liabilities");
        Assert.Contains(
            answer.Quotes,
            quote => TextOf(quote, passages).StartsWith("Total current liabilities", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(answer.Quotes, quote => quote.PassageId == "far");
        Assert.InRange(answer.Quotes.Count, 1, 7);
    }

    [Fact]
    public void A_row_is_quoted_before_the_footer_that_repeats_the_name_and_the_file_names_the_company()
    {
        AnswerPassage[] passages =
        [
            new(
                "assets",
                Assets + "\n\nAcme 2022 Annual Report 56",
                9,
                Title: "FORM 10-K",
                Page: "1",
                FileName: "ACME.pdf"
            ),
            new("other", "Ratios are explained below.", 1, Title: "FORM 10-K", Page: "2", FileName: "ACME.pdf"),
        ];

        var answer = ExtractiveAnswerer.Answer("What is Acme's quick ratio for FY2022?", passages);

        Assert.True(answer.IsSupported, $"{answer.Confidence}");
        Assert.DoesNotContain(
            answer.Quotes,
            quote => TextOf(quote, passages).Contains("Annual Report", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_figures_of_another_company_are_no_answer()
    {
        AnswerPassage[] passages =
        [
            new("assets", Assets, 9, Title: "Acme 2022 10K", Page: "acme/56"),
            new("liabilities", Liabilities, 9, Title: "Acme 2022 10K", Page: "acme/56"),
            new("talk", "The ratio of debt fell in 2022.", 6, Title: "Acme 2022 10K", Page: "acme/40"),
        ];

        Assert.False(ExtractiveAnswerer.Answer("What is Globex's quick ratio for FY2022?", passages).IsSupported);
    }

    [Fact]
    public void Long_and_hostile_texts_take_no_long_time()
    {
        var question = string.Concat(Enumerable.Repeat("AB quick ratio JnJ & ", 200));
        var text = string.Concat(Enumerable.Repeat("Total current assets | ", 5000));
        var names = Enumerable.Range(0, 300).Select(i => DocumentName.Of(new string('a', i) + " b c d")).ToArray();

        var named = NamedDocuments.Find(question, names);
        var answer = ExtractiveAnswerer.Answer(question, [new("p", text, 1, new string('x', 5000), text, "1")]);

        Assert.True(named.Places.Count <= names.Length);
        Assert.InRange(answer.Confidence, 0, 1);
    }

    [Fact]
    public void A_long_question_is_compared_with_thousands_of_names_without_being_read_for_each()
    {
        var question =
            string.Join(' ', Enumerable.Range(0, 700).Select(i => "word" + (char)('a' + (i % 26)))) + " Acme";
        var names = Enumerable.Range(0, 5000).Select(i => DocumentName.Of($"Report of the harbour {i}")).ToArray();
        names[^1] = DocumentName.Of("Acme lease");
        var before = GC.GetAllocatedBytesForCurrentThread();

        var named = NamedDocuments.Find(question, names);

        Assert.Equal([names.Length - 1], named.Places);
        // The runs of the question alone take some hundred kilobytes; read for each name, it takes gigabytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    private static string TextOf(Quote quote, AnswerPassage[] passages) =>
        quote.Span.In(passages.Single(passage => passage.Id == quote.PassageId).Text).ToString();
}
