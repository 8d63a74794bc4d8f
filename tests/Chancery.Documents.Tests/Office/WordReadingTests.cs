using static Chancery.Documents.Tests.OfficeFiles;

namespace Chancery.Documents.Tests;

public sealed class WordReadingTests
{
    [Fact]
    public void Headings_are_known_by_outline_by_inheritance_and_by_the_english_name_of_a_localised_style()
    {
        const string Styles = """
            <w:style w:type='paragraph' w:styleId='berschrift1'><w:name w:val='heading 1'/></w:style>
            <w:style w:type='paragraph' w:styleId='Kapitel'><w:name w:val='Kapitel'/><w:basedOn w:val='berschrift1'/></w:style>
            <w:style w:type='paragraph' w:styleId='Own'><w:name w:val='Own'/><w:pPr><w:outlineLvl w:val='2'/></w:pPr></w:style>
            <w:style w:type='paragraph' w:styleId='Titel'><w:name w:val='Title'/></w:style>
            """;
        var document = Docx(
            Styled("Titel", "A title")
                + Styled("berschrift1", "One")
                + Styled("Kapitel", "Inherited")
                + Styled("Own", "By outline")
                + "<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr><w:r><w:t>Direct</w:t></w:r></w:p>"
                + "<w:p><w:pPr><w:pStyle w:val='Own'/><w:outlineLvl w:val='9'/></w:pPr><w:r><w:t>Body</w:t></w:r></w:p>",
            ("styles", "w:styles", Styles)
        );

        Assert.Equal(
            [
                new Told(BlockKind.Heading, "A title", "Paragraph 1", 1),
                new Told(BlockKind.Heading, "One", "Paragraph 2", 1),
                new Told(BlockKind.Heading, "Inherited", "Paragraph 3", 1),
                new Told(BlockKind.Heading, "By outline", "Paragraph 4", 3),
                new Told(BlockKind.Heading, "Direct", "Paragraph 5", 2),
                new Told(BlockKind.Paragraph, "Body", "Paragraph 6"),
            ],
            Told.Of(document)
        );
    }

    [Fact]
    public void Lists_show_the_numbers_that_people_see()
    {
        const string Numbering = """
            <w:abstractNum w:abstractNumId='7'>
              <w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>
              <w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.%2'/></w:lvl>
              <w:lvl w:ilvl='2'><w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='(%3)'/></w:lvl>
              <w:lvl w:ilvl='3'><w:start w:val='4'/><w:numFmt w:val='upperRoman'/><w:lvlText w:val='Part %4'/></w:lvl>
              <w:lvl w:ilvl='4'><w:numFmt w:val='bullet'/><w:lvlText w:val=''/></w:lvl>
            </w:abstractNum>
            <w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num>
            <w:num w:numId='2'><w:abstractNumId w:val='7'/><w:lvlOverride w:ilvl='0'><w:startOverride w:val='9'/></w:lvlOverride></w:num>
            """;
        var document = Docx(
            Item(1, 0, "a")
                + Item(1, 1, "b")
                + Item(1, 1, "c")
                + Item(1, 2, "d")
                + Item(1, 2, "e")
                + Item(1, 3, "f")
                + Item(1, 4, "g")
                + Item(1, 0, "h")
                + Item(1, 1, "i")
                + Item(2, 0, "j")
                + Item(2, 0, "k")
                + Item(1, 0, "l")
                + Item(1, 2, "m")
                + Item(1, 1, "n"),
            ("numbering", "w:numbering", Numbering)
        );

        var told = Told.Of(document);

        Assert.Equal(
            [
                "1. a",
                "1.1 b",
                "1.2 c",
                "(a) d",
                "(b) e",
                "Part IV f",
                "• g",
                "2. h",
                "2.1 i",
                "9. j",
                "10. k",
                "11. l",
                "(a) m",
                "11.2 n",
            ],
            told.Select(block => block.Text)
        );
        Assert.All(told, block => Assert.Equal(BlockKind.ListItem, block.Kind));
        Assert.Equal(3, told[3].Level);
    }

    [Fact]
    public void Tables_have_a_line_for_each_row_and_fields_for_cells_that_others_cover()
    {
        var document = Docx(
            P("Before")
                + "<w:tbl>"
                + Row(Cell("Item"), Cell("Cost", "<w:gridSpan w:val='2'/>"), Cell("Owner"))
                + Row(Cell("Pens", "<w:vMerge w:val='restart'/>"), Cell("4"), Cell("5"), Cell("Ann"))
                + Row(Cell("hidden", "<w:vMerge/>"), Cell("6"), Cell("7"), Cell(P("Bob") + P("Eve")))
                + Row(Cell("<w:tbl>" + Row(Cell("a"), Cell("b")) + Row(Cell("c"), Cell("d")) + "</w:tbl>"), Cell("x"))
                + "</w:tbl>"
                + P("After")
        );

        Assert.Equal(
            [
                new Told(BlockKind.Paragraph, "Before", "Paragraph 1"),
                new Told(
                    BlockKind.Table,
                    "Item\tCost\t\tOwner\nPens\t4\t5\tAnn\n\t6\t7\tBob Eve\na, b; c, d\tx",
                    "Table 1",
                    Row: 1
                ),
                new Told(BlockKind.Paragraph, "After", "Paragraph 2"),
            ],
            Told.Of(document)
        );
    }

    [Fact]
    public void A_table_of_one_cell_is_a_frame_around_what_is_in_it()
    {
        var document = Docx("<w:tbl>" + Row(Cell(P("One.") + P("Two."))) + "</w:tbl>");

        Assert.Equal(
            [new Told(BlockKind.Paragraph, "One.", "Table 1"), new Told(BlockKind.Paragraph, "Two.", "Table 1")],
            Told.Of(document)
        );
    }

    [Fact]
    public void Insertions_stay_and_deletions_moves_away_and_hidden_text_are_left_out()
    {
        var document = Docx(
            """
            <w:p><w:r><w:t xml:space='preserve'>The fee is </w:t></w:r><w:del><w:r><w:delText>ten</w:delText></w:r></w:del>
            <w:ins><w:r><w:t>twelve</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom>
            <w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t> euros.</w:t></w:r></w:p>
            <w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t xml:space='preserve'>Joined </w:t></w:r></w:p>
            <w:p><w:r><w:t>again.</w:t></w:r></w:p>
            <w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>
            """
                + Row(Cell("a"), Cell("b"))
                + "</w:tbl>"
        );

        Assert.Equal(
            ["The fee is twelve euros.", "Joined again.", "a\tb"],
            Told.Of(document).Select(block => block.Text)
        );
    }

    [Fact]
    public void Items_that_were_deleted_are_not_counted()
    {
        const string Numbering =
            "<w:abstractNum w:abstractNumId='7'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:lvlText w:val='%1.'/></w:lvl></w:abstractNum>"
            + "<w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num>";
        const string Deleted =
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr>"
            + "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>";
        var document = Docx(Item(1, 0, "one") + Deleted + Item(1, 0, "two"), ("numbering", "w:numbering", Numbering));

        Assert.Equal(["1. one", "2. two"], Told.Of(document).Select(block => block.Text));
    }

    [Fact]
    public void What_stands_before_a_deleted_paragraph_end_is_told_where_nothing_goes_on_with_it()
    {
        const string Unended = "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>{0}</w:t></w:r></w:p>";
        var document = Docx(
            string.Format(null, Unended, "Above the table.")
                + "<w:tbl>"
                + Row(Cell("a"), Cell("b"))
                + "</w:tbl>"
                + P("After.")
                + string.Format(null, Unended, "The end.")
        );

        Assert.Equal(["Above the table.", "a\tb", "After.", "The end."], Told.Of(document).Select(block => block.Text));
    }

    [Fact]
    public void Of_fields_the_result_is_told_and_not_the_code_also_over_paragraphs()
    {
        var document = Docx(
            """
            <w:p><w:r><w:t xml:space='preserve'>See </w:t></w:r><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> REF x </w:instrText></w:r>
            <w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>inner</w:t></w:r>
            <w:r><w:fldChar w:fldCharType='end'/></w:r>
            <w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>Section</w:t></w:r></w:p>
            <w:p><w:r><w:t>4</w:t></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r><w:fldSimple w:instr='DATE'><w:r><w:t> today</w:t></w:r></w:fldSimple></w:p>
            """
        );

        Assert.Equal(["See Section", "4 today"], Told.Of(document).Select(block => block.Text));
    }

    [Fact]
    public void Characters_that_are_no_letters_are_told_as_people_see_them()
    {
        var document = Docx(
            """
            <w:p><w:r><w:t>co</w:t><w:softHyphen/><w:t>operate</w:t><w:noBreakHyphen/><w:t>well</w:t><w:tab/><w:t>x</w:t><w:br/><w:t>y</w:t>
            <w:sym w:font='Symbol' w:char='F061'/><w:sym w:font='Wingdings' w:char='F0FC'/></w:r></w:p>
            <w:p><w:r><w:t>שלום world</w:t></w:r></w:p>
            <w:p><m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath></w:p>
            """
        );

        Assert.Equal(
            ["cooperate-well\tx\nyα✓", "שלום world", "(a+b)/2"],
            Told.Of(document).Select(block => block.Text)
        );
    }

    [Fact]
    public void Notes_and_comments_follow_the_paragraph_that_they_are_about()
    {
        var document = Docx(
            """
            <w:p><w:r><w:t>Claim</w:t><w:footnoteReference w:id='2'/><w:commentReference w:id='0'/></w:r></w:p>
            <w:p><w:r><w:t>Other</w:t><w:endnoteReference w:id='3'/></w:r></w:p>
            """,
            (
                "footnotes",
                "w:footnotes",
                $"<w:footnote w:id='0' w:type='separator'>{P("----")}</w:footnote><w:footnote w:id='2'>{P("Proof")}{P("More")}</w:footnote>"
            ),
            ("endnotes", "w:endnotes", $"<w:endnote w:id='3'>{P("At the end")}</w:endnote>"),
            ("comments", "w:comments", $"<w:comment w:id='0' w:author='Ann'>{P("Really?")}</w:comment>")
        );

        Assert.Equal(
            [
                new Told(BlockKind.Paragraph, "Claim", "Paragraph 1"),
                new Told(BlockKind.Note, "Proof\nMore", "Footnote 1"),
                new Told(BlockKind.Note, "Really?", "Comment 1 by Ann"),
                new Told(BlockKind.Paragraph, "Other", "Paragraph 2"),
                new Told(BlockKind.Note, "At the end", "Endnote 1"),
            ],
            Told.Of(document)
        );
    }

    [Fact]
    public void Headers_and_footers_are_told_once_and_those_that_only_count_pages_never()
    {
        const string Section =
            "<w:sectPr><w:headerReference r:id='rId1'/><w:headerReference r:id='rId2'/><w:footerReference r:id='rId3'/></w:sectPr>";
        var document = Docx(
            $"<w:p><w:pPr>{Section}</w:pPr><w:r><w:t>Text</w:t></w:r></w:p>{Section}",
            ("header", "w:hdr", P("Confidential")),
            ("header", "w:hdr", P("Confidential")),
            ("footer", "w:ftr", P("- 3 -"))
        );

        Assert.Equal(
            [
                new Told(BlockKind.Paragraph, "Text", "Paragraph 1"),
                new Told(BlockKind.Furniture, "Confidential", "Header"),
            ],
            Told.Of(document)
        );
    }

    [Fact]
    public void Text_boxes_are_told_once_and_pictures_by_their_words()
    {
        var document = Docx(
            $"""
            <w:p><w:r><w:t>Anchor</w:t></w:r><w:r><mc:AlternateContent>
            <mc:Choice Requires='wps'><w:drawing><wp:docPr id='1' descr='A duck&#10;Description automatically generated'/>
            <wps:txbx><w:txbxContent>{P("In the box")}</w:txbxContent></wps:txbx></w:drawing></mc:Choice>
            <mc:Fallback><w:pict><v:textbox><w:txbxContent>{P(
                "In the box"
            )}</w:txbxContent></v:textbox></w:pict></mc:Fallback>
            </mc:AlternateContent></w:r></w:p>
            """
        );

        Assert.Equal(
            [
                new Told(BlockKind.Paragraph, "Anchor", "Paragraph 1"),
                new Told(BlockKind.Caption, "A duck", "Paragraph 1"),
                new Told(BlockKind.Paragraph, "In the box", "Paragraph 1"),
            ],
            Told.Of(document)
        );
    }

    [Fact]
    public void What_a_form_asks_for_is_no_answer()
    {
        var document = Docx(
            $"""
            <w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{P(
                "Click here to enter text."
            )}</w:sdtContent></w:sdt>
            <w:sdt><w:sdtPr/><w:sdtContent>{P("Filled in")}</w:sdtContent></w:sdt>
            """
        );

        Assert.Equal([new Told(BlockKind.Paragraph, "Filled in", "Paragraph 1")], Told.Of(document));
    }

    [Fact]
    public void Long_documents_are_cut_before_headings_and_paragraphs_keep_their_numbers()
    {
        var paragraphs = Enumerable
            .Range(1, 400)
            .Select(i => P($"Paragraph number {i} says a little more than its number."));

        var pages = Told.Pages(Docx(string.Concat(paragraphs)));

        Assert.All(pages, page => Assert.InRange(page.Text.Length, 1, 8000));
        Assert.True(pages.Count > 2);
        Assert.Equal(
            Enumerable.Range(1, 400).Select(i => $"Paragraph {i}"),
            pages.SelectMany(page => page.Blocks).Select(block => block.Place)
        );
    }

    [Fact]
    public void Title_and_author_come_from_the_properties_of_the_document()
    {
        var document = With(
            Docx(P("Text")),
            (
                "docProps/core.xml",
                "<cp:coreProperties xmlns:cp='http://schemas.openxmlformats.org/package/2006/metadata/core-properties' "
                    + "xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>The plan</dc:title><dc:creator>Ann</dc:creator></cp:coreProperties>"
            ),
            (
                "_rels/.rels",
                "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
                    + "<Relationship Id='a' Type='http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties' Target='/docProps/core.xml'/>"
                    + "<Relationship Id='b' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' Target='word\\document.xml'/>"
                    + "</Relationships>"
            )
        );

        var header = OfficeDocument.Read(document).Header;

        Assert.Equal(("The plan", "Ann"), (header.Title, header.Author));
    }

    private static string Styled(string style, string text) =>
        $"<w:p><w:pPr><w:pStyle w:val='{style}'/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>";

    private static string Item(int list, int level, string text) =>
        $"<w:p><w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{list}'/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>";

    private static string Row(params string[] cells) => $"<w:tr>{string.Concat(cells)}</w:tr>";

    private static string Cell(string content, string properties = "") =>
        $"<w:tc><w:tcPr>{properties}</w:tcPr>{(content.StartsWith('<') ? content : P(content))}</w:tc>";
}
