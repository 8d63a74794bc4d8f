using Chancery.Contracts.Word;

namespace Chancery.Contracts.Tests.Word;

public sealed class ContractWordWriterTests
{
    private static readonly WordComment[] Comments =
    [
        new(
            SampleContracts.Services.Clauses[4].Id,
            "Ada Byron",
            new DateTimeOffset(2026, 3, 2, 10, 0, 0, TimeSpan.Zero),
            "Is five years enough?",
            [new WordReply("Charles Babbage", new DateTimeOffset(2026, 3, 2, 11, 0, 0, TimeSpan.Zero), "It is.")],
            IsResolved: true
        ),
    ];

    [Fact]
    public void What_is_written_is_valid_Open_XML()
    {
        Docx.AssertValid(
            Docx.Plain(SampleContracts.Services, new WordOptions { Comments = Comments, Author = "Ada Byron" })
        );
        Docx.AssertValid(Docx.Redline(SampleContracts.Services, SampleContracts.Negotiated));
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new RandomContracts(seed);
            var contract = random.Next();
            Docx.AssertValid(Docx.Redline(contract, random.Change(contract)));
        }
    }

    [Fact]
    public void The_same_contract_is_the_same_bytes()
    {
        Assert.Equal(Docx.Plain(SampleContracts.Services), Docx.Plain(SampleContracts.Services));
        Assert.Equal(
            Docx.Redline(SampleContracts.Services, SampleContracts.Negotiated),
            Docx.Redline(SampleContracts.Services, SampleContracts.Negotiated)
        );
    }

    [Fact]
    public void The_contents_list_the_headings_and_are_no_part_of_what_is_read_back()
    {
        var file = Docx.Plain(SampleContracts.Services, new WordOptions { TableOfContents = true });

        Docx.AssertValid(file);
        var lines = Docx.Part(file, "word/document.xml")
            .Descendants(Xml.W + "p")
            .Where(paragraph =>
                (string?)paragraph.Element(Xml.W + "pPr")?.Element(Xml.W + "pStyle")?.Attribute(Xml.W + "val") == "TOC1"
            )
            .Select(paragraph => string.Join('|', paragraph.Descendants(Xml.W + "t").Select(text => text.Value)))
            .ToList();
        Assert.Equal(["Background|1", "1.|Definitions|1"], lines.Take(2));
        Assert.Equal("7.|Governing law and jurisdiction|2", lines[^2]);
        Assert.Equal(SampleContracts.Services, ContractWordReader.Read(new MemoryStream(file)).Text);
    }

    [Fact]
    public void Comments_come_back_with_their_replies_on_their_clauses()
    {
        var file = Docx.Plain(SampleContracts.Services, new WordOptions { Comments = Comments });

        var read = Assert.Single(ContractWordReader.Read(new MemoryStream(file)).Comments);

        Assert.Equal(Comments[0] with { Replies = read.Replies }, read);
        Assert.Equal(Comments[0].Replies, read.Replies);
    }

    [Theory]
    [InlineData("en-US", 12240)]
    [InlineData("fr-CA", 12240)]
    [InlineData("en", 11906)]
    [InlineData("de-DE", 11906)]
    public void The_paper_is_that_of_the_region(string language, int width)
    {
        var document = Docx.Part(
            Docx.Plain(SampleContracts.Services with { Language = language }),
            "word/document.xml"
        );

        Assert.Equal(width, (int?)document.Descendants(Xml.W + "pgSz").Single().Attribute(Xml.W + "w"));
    }
}
