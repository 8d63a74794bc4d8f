using Chancery.Search;
using Chancery.Server.Answers.Citing;

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
        Assert.Equal(text, ExtractiveAnswers.Readable(quote, new TextSpan(0, quote.Length)));

    [Fact]
    public void A_row_of_a_markdown_table_has_its_column_heads()
    {
        Assert.Equal(
            "Code ST-20 · Service Accessibility audit · Price 6,850",
            Readable(Prices, "| ST-20 | Accessibility audit | 6,850 |")
        );
        Assert.Equal(
            "Code ST-10 · Service Discovery workshop · Price 2,400; Code ST-20 · Service Accessibility audit · Price 6,850",
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

    private static string Readable(string passage, string quote) =>
        ExtractiveAnswers.Readable(
            passage,
            new TextSpan(passage.IndexOf(quote, StringComparison.Ordinal), quote.Length)
        );
}
