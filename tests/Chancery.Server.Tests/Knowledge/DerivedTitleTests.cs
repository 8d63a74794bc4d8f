using Chancery.Documents;
using Chancery.Server.Knowledge.Ingestion;

namespace Chancery.Server.Tests.Knowledge;

public sealed class DerivedTitleTests
{
    [Theory]
    [InlineData("Employee handbook", "Employee handbook")]
    [InlineData("  Annual   report 2025 ", "Annual report 2025")]
    [InlineData("Handbook", "Handbook")]
    [InlineData("Microsoft Word - Contract final.docx", null)]
    [InlineData("report_final_v2", null)]
    [InlineData("Report 2025.indd", null)]
    [InlineData("d512345dex", null)]
    [InlineData("untitled", null)]
    [InlineData("Document1", null)]
    [InlineData("PowerPoint Presentation", null)]
    [InlineData("12", null)]
    [InlineData("2017", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Metadata_give_a_title_unless_a_program_wrote_it_for_want_of_one(string? metadata, string? title) =>
        Assert.Equal(title, DerivedTitle.OfMetadata(metadata));

    [Theory]
    [InlineData("Terms of supply", 1, "Terms of supply")]
    [InlineData("Terms of supply", 4, "Supply 2025")]
    [InlineData("UNITED STATES SECURITIES AND EXCHANGE COMMISSION", 1, "Supply 2025")]
    [InlineData("1 Introduction and scope", 1, "Supply 2025")]
    [InlineData("Part II Other information", 1, "Supply 2025")]
    public void A_first_page_gives_its_great_heading_when_that_is_a_title(string heading, int level, string title)
    {
        var page = new DocumentPage(
            1,
            heading + "\n\nText.",
            595,
            842,
            [],
            [
                new TextBlock(BlockKind.Heading, 0, heading.Length, level),
                new TextBlock(BlockKind.Paragraph, heading.Length + 2, 5, 0),
            ]
        );

        Assert.Equal(title, DerivedTitle.Of(page, "supply-2025.pdf"));
    }

    [Theory]
    [InlineData("employee-handbook.pdf", "Employee handbook")]
    [InlineData("NETFLIX_2017_10K.pdf", "NETFLIX 2017 10K")]
    [InlineData("minutes-2026-03-01.txt", "Minutes 2026-03-01")]
    [InlineData("The lease, signed.pdf", "The lease, signed")]
    [InlineData("---.pdf", "---")]
    public void A_file_name_is_read_as_words(string name, string title) =>
        Assert.Equal(title, DerivedTitle.OfFileName(name));
}
