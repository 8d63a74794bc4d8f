using System.Globalization;
using static Chancery.Documents.Tests.OfficeFiles;

namespace Chancery.Documents.Tests;

public sealed class WorkbookReadingTests
{
    [Fact]
    public void A_sheet_is_a_page_and_its_regions_are_tables_with_their_cells()
    {
        var workbook = Xlsx([
            ("Costs", Rows(["Budget"], [], ["Item", "", "Cost"], ["Pens", "", "4"], [], ["Ink", "2"])),
            ("Empty", ""),
        ]);

        var page = Assert.Single(Told.Pages(workbook));

        Assert.Equal("Sheet Costs", page.Label);
        Assert.Equal(
            [
                new Told(BlockKind.Heading, "Costs", null, 1),
                new Told(BlockKind.Paragraph, "Budget", "A1"),
                new Told(BlockKind.Table, "Item\t\tCost\nPens\t\t4", "A3:C4", Row: 3),
                new Told(BlockKind.Table, "Ink\t2", "A6:B6", Row: 6),
            ],
            page.Blocks
        );
    }

    [Fact]
    public void Cells_of_every_type_are_told_as_people_see_them()
    {
        const string Styles = """
            <numFmts><numFmt numFmtId='164' formatCode='#,##0.00\ [$€-407]'/><numFmt numFmtId='165' formatCode='[h]:mm'/></numFmts>
            <cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='10'/><xf numFmtId='164'/><xf numFmtId='22'/><xf numFmtId='165'/></cellXfs>
            """;
        const string Data = """
            <row><c t='s'><v>1</v></c><c t='b'><v>1</v></c><c t='e'><v>#DIV/0!</v></c><c s='1'><v>45000</v></c><c s='2'><v>0.256</v></c>
            <c s='3'><v>1234567.891</v></c><c s='4'><v>45000.75</v></c><c s='5'><v>1.5</v></c><c t='str'><f>A1&amp;B1</f><v>joined</v></c>
            <c><f>SUM(A1:A2)</f></c><c><v>0.30000000000000004</v></c><c t='d'><v>2024-02-29T10:00</v></c><c t='s'><v>99</v></c></row>
            """;
        const string Strings = "<si><t>zero</t></si><si><r><t>rich </t></r><r><t>text</t></r><rPh><t>no</t></rPh></si>";

        var told = Told.Of(Xlsx([("S", Data)], strings: Strings, styles: Styles))[1];

        Assert.Equal(
            "rich text\tTRUE\t#DIV/0!\t2023-03-15\t25.60%\t1,234,567.89 €\t2023-03-15 18:00\t36:00\tjoined\t=SUM(A1:A2)\t0.3\t2024-02-29 10:00",
            told.Text
        );
    }

    [Fact]
    public void Dates_count_from_1904_where_the_workbook_says_so()
    {
        const string Styles = "<cellXfs><xf numFmtId='14'/></cellXfs>";
        const string Data = "<row><c s='0'><v>0</v></c><c s='0'><v>43538</v></c></row>";

        var told = Told.Of(Xlsx([("S", Data)], "<workbookPr date1904='1'/>", styles: Styles))[1];

        Assert.Equal("1904-01-01\t2023-03-15", told.Text);
    }

    [Fact]
    public void Tables_side_by_side_with_a_wide_gap_are_two()
    {
        var workbook = Xlsx([
            ("S", Rows(["a", "b", "", "", "", "", "x"], ["1", "2", "", "", "", "", "9"], ["3", "4"])),
        ]);

        Assert.Equal(
            [
                new Told(BlockKind.Heading, "S", null, 1),
                new Told(BlockKind.Table, "a\tb\n1\t2\n3\t4", "A1:B3", Row: 1),
                new Told(BlockKind.Table, "x\n9", "G1:G2", Row: 1),
            ],
            Told.Of(workbook)
        );
    }

    [Fact]
    public void Two_cells_in_far_corners_cost_two_cells()
    {
        const string Data =
            "<row r='1'><c r='A1'><v>1</v></c><c r='XFD1'><v>2</v></c></row><row r='1048576'><c r='XFD1048576'><v>3</v></c></row>";
        var before = GC.GetAllocatedBytesForCurrentThread();

        var told = Told.Of(Xlsx([("S", Data)]));

        Assert.Equal(["A1", "XFD1", "XFD1048576"], told.Skip(1).Select(block => block.Place));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
    }

    [Fact]
    public void A_long_sheet_is_cut_at_rows_and_every_line_can_be_counted()
    {
        var rows = Enumerable
            .Range(1, 3000)
            .Select(i => new[] { $"Item {i}", i.ToString(CultureInfo.InvariantCulture), "some words" });

        var pages = Told.Pages(
            Xlsx([
                (
                    "Long",
                    Rows([
                        ["Name", "Number", "Words"],
                        .. rows,
                    ])
                ),
            ])
        );

        Assert.True(pages.Count > 5);
        Assert.All(pages, page => Assert.InRange(page.Text.Length, 1, 8100));
        Assert.All(pages, page => Assert.Equal("Sheet Long", page.Label));
        foreach (var table in pages.SelectMany(page => page.Blocks).Where(block => block.Kind is BlockKind.Table))
        {
            var lines = table.Text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                var row = table.Row + i;
                Assert.StartsWith(row == 1 ? "Name\t" : $"Item {row - 1}\t", lines[i], StringComparison.Ordinal);
            }

            Assert.Equal($"A{table.Row}:C{table.Row + lines.Length - 1}", table.Place);
        }
    }

    [Fact]
    public void Rows_that_are_cut_off_from_their_head_are_found_under_its_names()
    {
        var rows = Enumerable
            .Range(1, 3000)
            .Select(i => new[] { $"Item {i}", i.ToString(CultureInfo.InvariantCulture), "some words" });
        var workbook = Xlsx([
            (
                "Long",
                Rows([
                    ["Name", "Number", "Words"],
                    .. rows,
                ])
            ),
        ]);
        var pages = OfficeDocument
            .Read(workbook)
            .Pages.Select(page =>
            {
                var blocks = page
                    .Blocks.Chunk(ChildReply.Page.BlockNumbers)
                    .Select(
                        (block, i) =>
                            new TextBlock((BlockKind)block[0], block[1], block[2], block[3])
                            {
                                Row = block[4],
                                Place = page.Places?[i],
                            }
                    );
                return new DocumentPage(page.Number, page.Text, 0, 0, [], [.. blocks]) { Label = page.Label };
            });

        var chunks = new Chunker(new ChunkingOptions()).Cut(pages).ToList();

        Assert.Equal("Long", chunks[0].HeadingPath);
        Assert.All(chunks.Skip(1), chunk => Assert.Equal("Long › Name | Number | Words", chunk.HeadingPath));
        Assert.Matches(@"^Sheet Long, A\d+:C3001$", chunks[^1].Place);
    }

    [Fact]
    public void What_a_drawing_says_in_two_ways_is_told_once_with_its_cell()
    {
        const string Relation =
            "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
            + "<Relationship Id='a' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/drawing' Target='drawing1.xml'/></Relationships>";
        const string Box =
            "<xdr:sp><xdr:txBody><a:p><a:r><a:t>Beside the table</a:t></a:r></a:p></xdr:txBody></xdr:sp>";
        const string From = "<xdr:from><xdr:col>3</xdr:col><xdr:row>1</xdr:row></xdr:from>";
        const string Namespaces =
            "xmlns:xdr='http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing' "
            + "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main' "
            + "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'";
        const string Alternatives =
            $"<mc:AlternateContent><mc:Choice Requires='a14'>{Box}</mc:Choice><mc:Fallback>{Box}</mc:Fallback></mc:AlternateContent>";

        foreach (
            var anchor in new[]
            {
                $"<xdr:twoCellAnchor>{From}{Alternatives}</xdr:twoCellAnchor>",
                Alternatives.Replace(
                    Box,
                    $"<xdr:twoCellAnchor>{From}{Box}</xdr:twoCellAnchor>",
                    StringComparison.Ordinal
                ),
            }
        )
        {
            var workbook = With(
                Xlsx([("Data", Rows(["1"]))]),
                ("xl/_rels/part1.xml.rels", Relation),
                ("xl/drawing1.xml", $"<xdr:wsDr {Namespaces}>{anchor}</xdr:wsDr>")
            );

            Assert.Equal([new Told(BlockKind.Paragraph, "Beside the table", "D2")], Told.Of(workbook).Skip(2));
        }
    }

    [Fact]
    public void Hidden_sheets_say_so_and_comments_follow_the_rows_that_they_are_about()
    {
        const string Relation =
            "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
            + "<Relationship Id='a' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments' Target='comments1.xml'/>"
            + "<Relationship Id='b' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/table' Target='table1.xml'/></Relationships>";
        var workbook = With(
            Xlsx([("Data' state='veryHidden", Rows(["Name", "Age"], ["Ann", "40"], [], ["Total", "1"]))]),
            ("xl/_rels/part1.xml.rels", Relation),
            (
                "xl/comments1.xml",
                $"<comments {SheetNamespaces}><commentList><comment ref='B4'><text><t>Sum?</t></text></comment>"
                    + "<comment ref='B2'><text><r><t>In </t></r><r><t>years</t></r></text></comment></commentList></comments>"
            ),
            ("xl/table1.xml", $"<table {SheetNamespaces} displayName='Our_people' ref='A1:B2'/>")
        );

        var page = Assert.Single(Told.Pages(workbook));

        Assert.Equal("Sheet Data (hidden)", page.Label);
        Assert.Equal(
            [
                new Told(BlockKind.Heading, "Data", null, 1),
                new Told(BlockKind.Caption, "Our people", "A1:B2"),
                new Told(BlockKind.Table, "Name\tAge\nAnn\t40", "A1:B2", Row: 1),
                new Told(BlockKind.Note, "In years", "B2"),
                new Told(BlockKind.Table, "Total\t1", "A4:B4", Row: 4),
                new Told(BlockKind.Note, "Sum?", "B4"),
            ],
            page.Blocks
        );
    }

    [Theory]
    [InlineData("General", 1234.5, "1234.5")]
    [InlineData("0", 1234.5, "1235")]
    [InlineData("#,##0", -1234567.4, "-1,234,567")]
    [InlineData("#,##0.00;[Red]-#,##0.00", -5, "-5.00")]
    [InlineData("#,##0_);(#,##0)", -1200, "(1,200)")]
    [InlineData("0.0%", 0.1234, "12.3%")]
    [InlineData("\"$\"#,##0.00", 9.5, "$9.50")]
    [InlineData("_-* #,##0.00\\ \"€\"_-", 3, "3.00 €")]
    [InlineData("0.00E+00", 12345, "1.23E+04")]
    [InlineData("0,,\"M\"", 5_000_000, "5M")]
    [InlineData("[>=1000]0.0,\"k\";0", 2500, "2.5k")]
    [InlineData("[>=1000]0.0,\"k\";0", 25, "25")]
    [InlineData("# ?/?", 0.5, "0.5")]
    [InlineData("@", 7, "7")]
    [InlineData("0;-0;\"none\"", 0, "none")]
    [InlineData("dd/mm/yyyy", 45292, "2024-01-01")]
    [InlineData("mmm yy", 45292, "2024-01-01")]
    [InlineData("yyyy\\-mm\\-dd\\ hh:mm:ss", 45292.5, "2024-01-01 12:00:00")]
    [InlineData("h:mm AM/PM", 45292.75, "18:00")]
    [InlineData("mm:ss", 0.001, "00:01:26")]
    [InlineData("[h]:mm:ss", 1.5, "36:00:00")]
    [InlineData("dd/mm/yyyy", 60, "1900-02-29")]
    [InlineData("dd/mm/yyyy", 1, "1900-01-01")]
    [InlineData("dd/mm/yyyy", -1, "-1")]
    public void Numbers_are_shown_by_their_format(string format, double value, string shown) =>
        Assert.Equal(shown, NumberFormat.Of(200, format).Format(value, is1904: false));
}
