using Chancery.Search;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Tests.Answers;

public sealed class ExtractiveAnswersTests
{
    private const string Prices = """
        Prices in pounds.

        | Code | Service | Price |
        | --- | :-- | ---: |
        | ST-10 | Discovery workshop | 2,400 |
        | ST-20 | Accessibility audit | 6,850 |
        """;

    [Theory]
    [InlineData(
        "**7.1** This Agreement runs until it is terminated.",
        "7.1 This Agreement runs until it is terminated."
    )]
    [InlineData("## 7 Term\nIt *runs* for __two__ `years`.", "7 Term It runs for two years.")]
    [InlineData("- See [the price list](prices.md \"2026\") for more.", "See the price list for more.")]
    [InlineData("> Notice is **60 days, in writing.", "Notice is 60 days, in writing.")]
    [InlineData("Use snake_case_names, 2 * 3 * 4 and C\\*.", "Use snake_case_names, 2 * 3 * 4 and C*.")]
    [InlineData(
        "Paid memberships at end of period  110,644  89,090",
        "Paid memberships at end of period · 110,644 · 89,090"
    )]
    [InlineData("It ends here.  It begins\nagain  [3].", "It ends here. It begins again · (3).")]
    public void A_quote_reads_without_its_markup(string quote, string text) =>
        Assert.Equal(text, ExtractiveAnswers.Readable(quote, "", new TextSpan(0, quote.Length)));

    [Fact]
    public void A_row_of_a_markdown_table_has_its_column_heads()
    {
        Assert.Equal(
            "Code: ST-20 · Service: Accessibility audit · Price: 6,850",
            Readable(Prices, "| ST-20 | Accessibility audit | 6,850 |")
        );
        Assert.Equal(
            "Code: ST-10 · Service: Discovery workshop · Price: 2,400; Code: ST-20 · Service: Accessibility audit · Price: 6,850",
            Readable(Prices, Prices[Prices.IndexOf("| ST-10", StringComparison.Ordinal)..])
        );
    }

    [Fact]
    public void A_row_whose_heads_are_not_there_is_read_cell_by_cell()
    {
        Assert.Equal("Code · Service · Price", Readable(Prices, "| Code | Service | Price |"));
        Assert.Equal(
            "ST-20 · Audit · 6,850",
            Readable("| ST-10 | Work | 2 |\n| ST-20 | Audit | 6,850 |", "| ST-20 | Audit | 6,850 |")
        );
    }

    [Fact]
    public void A_row_of_a_sheet_has_the_names_of_its_columns()
    {
        const string sheet = "Year\tFreshwater\tSaltwater\n2022\t170\t110\n2023\t160\t120";

        Assert.Equal("Year: 2023 · Freshwater: 160 · Saltwater: 120", Readable(sheet, "2023\t160\t120"));
        Assert.Equal(
            "Year: 2022 · Freshwater: 170 · Saltwater: 110; Year: 2023 · Freshwater: 160 · Saltwater: 120",
            Readable(sheet, sheet[sheet.IndexOf("2022", StringComparison.Ordinal)..])
        );
    }

    [Fact]
    public void A_row_that_was_cut_off_from_the_names_of_its_columns_has_them_from_the_heading() =>
        Assert.Equal(
            "Name: Carla Diaz · City: York · Salary: 58000",
            Readable(
                "Carla Diaz\tYork\t58000\nDev Patel\tBerlin\t83000",
                "Carla Diaz\tYork\t58000",
                "Staff › Name | City | Salary"
            )
        );

    [Fact]
    public void A_short_row_is_an_answer()
    {
        var passage = new Passage(
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            1,
            "Stock",
            "stock.csv",
            [],
            1,
            0,
            0,
            "",
            "Item\tStock\nBasil\t12\nNapkins\t1200",
            [],
            1,
            null
        );

        var answer = ExtractiveAnswers.Answer("How many napkins are in stock?", [passage]);

        Assert.Contains("“Item: Napkins · Stock: 1200”", answer[0].Text, StringComparison.Ordinal);
        Assert.Single(answer);
    }

    private static string Readable(string passage, string quote, string heading = "") =>
        ExtractiveAnswers.Readable(
            passage,
            heading,
            new TextSpan(passage.IndexOf(quote, StringComparison.Ordinal), quote.Length)
        );
}
