using static Chancery.Documents.Tests.OfficeFiles;

namespace Chancery.Documents.Tests;

public sealed class SlidesReadingTests
{
    [Fact]
    public void A_slide_reads_title_first_then_its_places_for_text_then_the_rest_from_top_to_bottom()
    {
        var slides = Pptx(
            Shape(null, "Lower", 10, 9_000_000)
                + Shape(null, "Right", 5_000_000, 1_050_000)
                + Shape(null, "Left", 10, 1_000_000)
                + Shape("sldNum", "7")
                + Shape("ftr", "Company")
                + Shape("body", "First</a:t></a:r></a:p><a:p><a:pPr lvl='1'/><a:r><a:t>Second")
                + Shape("title", "The title")
        );

        var page = Assert.Single(Told.Pages(slides));

        Assert.Equal("Slide 1", page.Label);
        Assert.Equal(
            [
                new Told(BlockKind.Heading, "The title", null, 2),
                new Told(BlockKind.ListItem, "• First", null, 1),
                new Told(BlockKind.ListItem, "• Second", null, 2),
                new Told(BlockKind.Paragraph, "Left"),
                new Told(BlockKind.Paragraph, "Right"),
                new Told(BlockKind.Paragraph, "Lower"),
            ],
            page.Blocks
        );
    }

    [Fact]
    public void Hidden_slides_say_so_and_empty_ones_keep_their_number()
    {
        var pages = Told.Pages(Pptx(Shape(null, "One"), "", "!" + Shape(null, "Three")));

        Assert.Equal(["Slide 1", "Slide 2", "Slide 3 (hidden)"], pages.Select(page => page.Label));
        Assert.Equal(["One", "", "Three"], pages.Select(page => page.Text));
    }

    [Fact]
    public void Tables_numbered_lines_and_alternative_texts_are_told()
    {
        var slides = Pptx(
            "<p:pic><p:nvPicPr><p:cNvPr id='1' name='Picture 1' descr='A bridge at night'/></p:nvPicPr></p:pic>"
                + Shape(
                    null,
                    "x</a:t></a:r></a:p><a:p><a:pPr><a:buAutoNum type='alphaLcParenBoth'/></a:pPr><a:r><a:t>first</a:t></a:r></a:p>"
                        + "<a:p><a:pPr><a:buAutoNum type='alphaLcParenBoth'/></a:pPr><a:r><a:t>second"
                )
                + "<p:graphicFrame><p:xfrm><a:off x='0' y='900000'/></p:xfrm><a:graphic><a:graphicData><a:tbl>"
                + "<a:tr><a:tc gridSpan='2'><a:txBody><a:p><a:r><a:t>Both</a:t></a:r></a:p></a:txBody></a:tc><a:tc hMerge='1'/>"
                + "<a:tc><a:txBody><a:p><a:r><a:t>C</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
        );

        Assert.Equal(
            [
                new Told(BlockKind.Caption, "A bridge at night"),
                new Told(BlockKind.Paragraph, "x"),
                new Told(BlockKind.ListItem, "(a) first", null, 1),
                new Told(BlockKind.ListItem, "(b) second", null, 1),
                new Told(BlockKind.Table, "Both\t\tC", "Table 1", Row: 1),
            ],
            Told.Of(slides)
        );
    }

    [Fact]
    public void Lines_of_different_shapes_do_not_run_together()
    {
        var page = Assert.Single(
            Told.Pages(
                Pptx(
                    Shape("body", "One")
                        + Shape("body", "Two</a:t></a:r></a:p><a:p><a:r><a:t>Three")
                        + Shape(null, "Four")
                )
            )
        );

        Assert.Equal("• One\n\n• Two\n• Three\n\nFour", page.Text);
    }

    [Fact]
    public void Charts_diagrams_notes_and_comments_are_told_with_their_slide()
    {
        const string Relation =
            "<Relationship Id='{0}' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/{1}' Target='{2}'/>";
        var slides = With(
            Pptx(
                Shape("title", "Sales")
                    + "<p:graphicFrame><a:graphic><a:graphicData><c:chart r:id='c1'/></a:graphicData></a:graphic></p:graphicFrame>"
                    + "<p:graphicFrame><a:graphic><a:graphicData><dgm:relIds r:dm='d1'/></a:graphicData></a:graphic></p:graphicFrame>"
            ),
            (
                "ppt/_rels/part1.xml.rels",
                "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
                    + string.Format(null, Relation, "c1", "chart", "chart1.xml")
                    + string.Format(null, Relation, "d1", "diagramData", "data1.xml")
                    + string.Format(null, Relation, "n1", "notesSlide", "notes1.xml")
                    + string.Format(null, Relation, "k1", "comments", "comments1.xml")
                    + "</Relationships>"
            ),
            (
                "ppt/chart1.xml",
                $"<c:chartSpace {SlideNamespaces}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Ducks</a:t></a:r></a:p></c:rich></c:tx></c:title>"
                    + "<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Wild</c:v></c:pt></c:strCache></c:strRef></c:tx>"
                    + "<c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>2023</c:v></c:pt><c:pt idx='1'><c:v>2024</c:v></c:pt></c:strCache></c:strRef></c:cat>"
                    + "<c:val><c:numRef><c:numCache><c:pt idx='0'><c:v>4.0</c:v></c:pt><c:pt idx='1'><c:v>5.5</c:v></c:pt></c:numCache></c:numRef></c:val>"
                    + "</c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"
            ),
            (
                "ppt/data1.xml",
                $"<dgm:dataModel {SlideNamespaces}><dgm:ptLst><dgm:pt type='doc'/><dgm:pt><dgm:t><a:p><a:r><a:t>Step one</a:t></a:r></a:p></dgm:t></dgm:pt>"
                    + "<dgm:pt type='parTrans'><dgm:t><a:p><a:r><a:t>no</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>"
            ),
            (
                "ppt/notes1.xml",
                $"<p:notes {SlideNamespaces}><p:cSld><p:spTree>{Shape("body", "Say this</a:t></a:r></a:p><a:p><a:r><a:t>And that")}{Shape("sldNum", "1")}</p:spTree></p:cSld></p:notes>"
            ),
            ("ppt/comments1.xml", $"<p:cmLst {SlideNamespaces}><p:cm><p:text>Check it</p:text></p:cm></p:cmLst>")
        );

        Assert.Equal(
            [
                new Told(BlockKind.Heading, "Sales", null, 2),
                new Told(BlockKind.Caption, "Ducks"),
                new Told(BlockKind.Table, "\tWild\n2023\t4\n2024\t5.5"),
                new Told(BlockKind.ListItem, "• Step one", null, 1),
                new Told(BlockKind.Note, "Say this", "Notes"),
                new Told(BlockKind.Note, "And that", "Notes"),
                new Told(BlockKind.Note, "Check it", "Comment"),
            ],
            Told.Of(slides)
        );
    }

    private static string Shape(string? placeholder, string text, long x = 0, long y = 0) =>
        $"<p:sp><p:nvSpPr><p:cNvPr id='2' name='Box'/><p:nvPr>{(placeholder is null ? "" : $"<p:ph type='{placeholder}'/>")}</p:nvPr></p:nvSpPr>"
        + $"<p:spPr>{(placeholder is null ? $"<a:xfrm><a:off x='{x}' y='{y}'/></a:xfrm>" : "")}</p:spPr>"
        + $"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>";
}
