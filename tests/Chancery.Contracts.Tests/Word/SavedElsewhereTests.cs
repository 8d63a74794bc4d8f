using System.Xml.Linq;
using Chancery.Contracts.Word;

namespace Chancery.Contracts.Tests.Word;

/// <summary>A file of ours that another program has opened and saved.</summary>
public sealed class SavedElsewhereTests
{
    private const string Document = "word/document.xml";
    private const string Numbering = "word/numbering.xml";

    private static readonly XNamespace W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

    private static readonly NumberingScheme[] Schemes =
    [
        NumberingScheme.Sections,
        NumberingScheme.Articles,
        new([
            new NumberingLevel(NumberFormat.Arabic, "§ %1"),
            new NumberingLevel(NumberFormat.Arabic, "(%2)"),
            new NumberingLevel(NumberFormat.LowerLetter, "%3)"),
        ]),
        new([
            new NumberingLevel(NumberFormat.Arabic, "Article %1"),
            new NumberingLevel(NumberFormat.ArabicTwoDigits, "Section %1.%2"),
            new NumberingLevel(NumberFormat.LowerLetter, "(%3)"),
        ]),
    ];

    [Fact]
    public void What_LibreOffice_opens_and_saves_is_the_same_contract()
    {
        using var office = new LibreOffice();
        List<(ContractText Expected, Func<byte[]> Saved)> files =
        [
            .. Contracts().Select(contract => (contract, office.DocxOf(Docx.Plain(contract)))),
        ];

        office.Run();

        foreach (var (expected, saved) in files)
        {
            var read = Read(saved());
            Assert.Equal(expected.Title, read.Title);
            Assert.Equal(expected.Parties, read.Parties);
            Assert.Equal(expected.Numbering, read.Numbering);
            Assert.Equal(expected.Clauses, read.Clauses);
        }
    }

    [Fact]
    public void A_clause_stays_one_where_each_of_its_paragraphs_bears_its_mark()
    {
        var file = Docx.Plain(SampleContracts.Services);
        var document = Docx.Part(file, Document);
        var marked = 0;
        string? clause = null;
        foreach (var paragraph in document.Descendants(W + "p"))
        {
            clause = (string?)paragraph.Element(W + "bookmarkStart")?.Attribute(W + "name") ?? clause;
            if (
                ((string?)paragraph.Element(W + "pPr")?.Element(W + "pStyle")?.Attribute(W + "val"))?.StartsWith(
                    "ClauseText",
                    StringComparison.Ordinal
                )
                is true
            )
            {
                paragraph
                    .Element(W + "pPr")!
                    .AddAfterSelf(
                        new XElement(
                            W + "bookmarkStart",
                            new XAttribute(W + "id", 1_000 + ++marked),
                            new XAttribute(W + "name", clause!)
                        )
                    );
            }
        }

        var read = Read(Docx.With(file, Document, document));

        Assert.True(marked > 0);
        Assert.Equal(SampleContracts.Services, read);
    }

    [Fact]
    public void The_scheme_is_found_where_its_list_has_lost_its_name()
    {
        foreach (var contract in Contracts())
        {
            var file = Docx.Plain(contract);
            var numbering = Docx.Part(file, Numbering);
            numbering.Descendants(W + "name").Remove();
            numbering.Descendants(W + "isLgl").Remove();

            Assert.Equal(contract.Numbering, Read(Docx.With(file, Numbering, numbering)).Numbering);
        }
    }

    [Fact]
    public void Numbers_of_two_digits_are_words_own()
    {
        var contract = SampleContracts.Services with { Numbering = Schemes[^1] };
        var file = Docx.Plain(contract);

        Assert.Contains(
            Docx.Part(file, Numbering).Descendants(W + "numFmt"),
            format => (string?)format.Attribute(W + "val") == "decimalZero"
        );
        Assert.Equal(contract, Read(file));
    }

    private static IEnumerable<ContractText> Contracts() =>
        Schemes.Select(scheme => SampleContracts.Services with { Numbering = scheme });

    private static ContractText Read(byte[] file) => ContractWordReader.Read(new MemoryStream(file)).Text;
}
