using System.Buffers.Binary;
using System.Text;
using static Chancery.Documents.Tests.OfficeFiles;

namespace Chancery.Documents.Tests;

/// <summary>Office files that are made to do harm, or were harmed.</summary>
public sealed class OfficeHostilityTests
{
    private const string RealWord = "documents/docling/docx/sources/word_sample.docx";
    private const string RealSheet = "documents/docling/xlsx/sources/xlsx_01.xlsx";
    private const string RealSlides = "documents/docling/pptx/sources/powerpoint_sample.pptx";

    [Fact]
    public async Task A_zip_bomb_ends_with_a_reason_and_the_next_file_is_read()
    {
        var bomb = Docx(string.Concat(Enumerable.Repeat("<w:p/>" + new string(' ', 1_000_000), 40)));
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync(bomb, "bomb.docx");
        var (_, pages) = await reader.ReadAsync(Docx(P("Fine.")), "fine.docx");

        Assert.InRange(bomb.Length, 1, 200_000);
        Assert.Equal(ReadFailure.TooLarge, failure.Failure);
        Assert.Equal("Fine.", Assert.Single(pages).Text);
    }

    [Fact]
    public void A_single_value_that_would_fill_the_memory_is_not_read()
    {
        var document = Docx($"<w:p w:x='{new string(' ', 9_000_000)}'/>");

        Assert.Equal(ReadFailure.TooLarge, Told.Failure(document).Failure);
    }

    [Fact]
    public void Entities_are_refused_inside_and_outside()
    {
        const string Laughs =
            "<!DOCTYPE w:document [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><w:document>&b;</w:document>";
        const string Outside = "<!DOCTYPE w:document SYSTEM 'file:///etc/passwd'><w:document/>";

        foreach (var hostile in new[] { Laughs, Outside })
        {
            var failure = Told.Failure(With(Docx(P("x")), ("word/document.xml", hostile)));

            Assert.Contains("entities of its own", failure.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_hundred_thousand_levels_are_refused()
    {
        var nested = string.Concat(Enumerable.Repeat("<w:sdt><w:sdtContent>", 50_000));

        var failure = Told.Failure(
            With(Docx(""), ("word/document.xml", $"<w:document {WordNamespaces}><w:body>{nested}"))
        );

        Assert.Contains("levels deep", failure.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/cron.d/x")]
    [InlineData("word/..\\..\\x")]
    public void A_part_that_points_outside_is_refused(string name)
    {
        var failure = Told.Failure(With(Docx(P("x")), (name, "x")));

        Assert.Contains("outside", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_parts_of_one_name_are_refused()
    {
        var document = Zip(
            ("[Content_Types].xml", Encoding.UTF8.GetBytes("<Types/>")),
            ("word/document.xml", Encoding.UTF8.GetBytes("<w:document/>")),
            ("Word/Document.xml", Encoding.UTF8.GetBytes("<w:document/>"))
        );

        Assert.Contains("two parts of one name", Told.Failure(document).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_share_their_bytes_are_refused()
    {
        var document = Docx(P("x"));
        var (offset, length, end) = Directory(document);
        var first = document.AsSpan(offset, EntryLength(document, offset)).ToArray();
        first[46] = (byte)'#';
        byte[] overlapping = [.. document[..end], .. first, .. document[end..]];
        var record = overlapping.AsSpan(end + first.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], (uint)(length + first.Length));

        Assert.Contains("overlap", Told.Failure(overlapping).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Encrypted_parts_are_named_as_such()
    {
        var document = Docx(P("x"));
        for (var (at, _, end) = Directory(document); at < end; at += EntryLength(document, at))
        {
            document[at + 8] |= 1;
        }

        Assert.Equal(ReadFailure.Encrypted, Told.Failure(document).Failure);
    }

    [Fact]
    public void An_archive_of_the_64_bit_kind_and_one_with_something_before_it_are_read()
    {
        var document = Docx(P("Wide."));
        var (offset, length, end) = Directory(document);
        var record = new byte[56 + 20];
        "PK\x06\x06"u8.CopyTo(record);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), length);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), offset);
        "PK\x06\x07"u8.CopyTo(record.AsSpan(56));
        byte[] wide = [.. document[..end], .. record, .. document[end..]];
        wide.AsSpan(end + record.Length + 8, 12).Fill(0xFF);
        BinaryPrimitives.WriteUInt32LittleEndian(wide.AsSpan(end + record.Length + 16), uint.MaxValue);

        Assert.Equal("Wide.", Assert.Single(Told.Of(wide)).Text);
        Assert.Equal("Wide.", Assert.Single(Told.Of([.. "something before"u8, .. document])).Text);
    }

    [Theory]
    [InlineData(RealWord)]
    [InlineData(RealSheet)]
    [InlineData(RealSlides)]
    public void A_file_that_breaks_off_anywhere_is_incomplete(string file)
    {
        var whole = TestData.Read(file);
        for (var part = 1; part < 20; part++)
        {
            var failure = Told.Failure(whole[..(whole.Length * part / 20)]);

            Assert.Equal(ReadFailure.Malformed, failure.Failure);
        }
    }

    [Theory]
    [InlineData(RealWord, 11)]
    [InlineData(RealSheet, 12)]
    [InlineData(RealSlides, 13)]
    public void Whatever_bytes_are_wrong_it_is_read_or_refused_and_nothing_else(string file, int seed)
    {
        var whole = TestData.Read(file);
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < 60; i++)
        {
            var broken = (byte[])whole.Clone();
            // Near the end stands the directory, which decides what is looked at.
            var from = i % 2 == 0 ? 0 : Math.Max(0, whole.Length - 4000);
            for (var flip = 0; flip <= i % 4; flip++)
            {
                broken[random.Next(from, whole.Length)] ^= (byte)(1 << random.Next(8));
            }

            try
            {
                _ = Told.Pages(broken);
            }
            catch (DocumentUnreadableException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 60);
    }

    [Theory]
    [InlineData(RealWord, "word/document.xml", 21)]
    [InlineData(RealWord, "word/numbering.xml", 22)]
    [InlineData(RealSheet, "xl/worksheets/sheet2.xml", 23)]
    [InlineData(RealSheet, "xl/styles.xml", 24)]
    [InlineData(RealSlides, "ppt/slides/slide1.xml", 25)]
    public void Whatever_markup_is_wrong_it_is_read_or_refused_and_nothing_else(string file, string part, int seed)
    {
        var whole = TestData.Read(file);
        using var archive = new System.IO.Compression.ZipArchive(new MemoryStream(whole));
        using var text = new StreamReader(archive.GetEntry(part)!.Open());
        var markup = text.ReadToEnd();
        var random = new Random(seed);
        for (var i = 0; i < 20; i++)
        {
            var broken = new StringBuilder(markup);
            for (var change = 0; change < 30; change++)
            {
                // Mostly values, so that it stays well-formed often enough.
                var at = random.Next(broken.Length);
                if (char.IsAsciiDigit(broken[at]))
                {
                    broken[at] = "0123456789-"[random.Next(11)];
                }
                else if (random.Next(200) == 0)
                {
                    broken[at] = (char)random.Next(32, 127);
                }
            }

            try
            {
                _ = Told.Pages(With(whole, (part, broken.ToString())));
            }
            catch (DocumentUnreadableException)
            {
                // As it may be.
            }
        }
    }

    [Theory]
    [InlineData("<row r='0'><c><v>1</v></c></row>")]
    [InlineData("<row r='1048577'><c><v>1</v></c></row>")]
    [InlineData("<row r='99999999999'><c><v>1</v></c></row>")]
    [InlineData("<row r='1'><c r='XFE1'><v>1</v></c></row>")]
    [InlineData("<row r='1'><c r='1A'><v>1</v></c></row>")]
    public void Cells_where_no_sheet_has_any_are_damage(string data) =>
        Assert.Equal(ReadFailure.Malformed, Told.Failure(Xlsx([("S", data)])).Failure);

    [Fact]
    public void Numbers_at_every_end_of_their_range_are_shown()
    {
        var formats = new[] { "0", "#,##0.00", "0%", "yyyy-mm-dd hh:mm", "[h]:mm", "0.0E+0", "0,,", "General", ";;;" };
        foreach (
            var value in new[]
            {
                0,
                -0.0,
                1e-300,
                -1e300,
                double.MaxValue,
                double.NaN,
                2958465.99999999,
                1e15,
                -59,
                0.99999999,
            }
        )
        {
            foreach (var format in formats)
            {
                var shown = NumberFormat.Of(200, format);

                Assert.NotNull(shown.Format(value, is1904: true));
                Assert.NotNull(shown.Format(value, is1904: false));
            }
        }
    }

    [Fact]
    public void A_document_without_text_says_so()
    {
        Assert.Equal(ReadFailure.Empty, Told.Failure(Docx("<w:p/>")).Failure);
        Assert.Equal(ReadFailure.Empty, Told.Failure(Pptx("")).Failure);
        Assert.Equal(ReadFailure.Empty, Told.Failure(Xlsx([("S", "")])).Failure);
    }

    [Fact]
    public void Characters_that_nobody_sees_are_in_no_text_and_in_no_place()
    {
        const string Numbering =
            "<w:abstractNum w:abstractNumId='1'><w:lvl w:ilvl='0'><w:lvlText w:val='&#0;%1&#10;&#x202E;'/></w:lvl></w:abstractNum>"
            + "<w:num w:numId='1'><w:abstractNumId w:val='1'/></w:num>";
        const string Item =
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p>";
        const string Relation =
            "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
            + "<Relationship Id='b' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/table' Target='table1.xml'/></Relationships>";
        var list = Docx(
            $"<w:tbl><w:tr><w:tc>{Item}</w:tc><w:tc>{Item}</w:tc></w:tr></w:tbl>",
            ("numbering", "w:numbering", Numbering)
        );
        var table = With(
            Xlsx([("Data", Rows(["Name", "Age"], ["Ann", "40"]))]),
            ("xl/_rels/part1.xml.rels", Relation),
            ("xl/table1.xml", $"<table {SheetNamespaces} displayName='People' ref='A1:B2&#0;&#x202E;'/>")
        );

        Assert.Equal("0 a\t1 a", Assert.Single(Told.Of(list)).Text);
        Assert.DoesNotContain(Told.Of(table), block => block.Kind is BlockKind.Caption);
    }

    [Fact]
    public void A_slide_of_more_text_than_anybody_reads_is_refused()
    {
        var many = string.Concat(Enumerable.Repeat("<a:p><a:r><a:t>many words</a:t></a:r></a:p>", 400_000));

        var failure = Told.Failure(Pptx($"<p:sp><p:txBody>{many}</p:txBody></p:sp>"));

        Assert.Equal(ReadFailure.TooLarge, failure.Failure);
        Assert.Contains("Page 1", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wide_sheet_with_few_cells_is_cut_into_pages_that_are_no_longer_than_others()
    {
        var data = new StringBuilder("<row r='1'>");
        for (var column = 1; column <= CellName.MaxColumn; column++)
        {
            data.Append("<c><v>1</v></c>");
        }

        data.Append("</row>");
        for (var row = 2; row <= 200; row++)
        {
            var column = row % 2 == 0 ? "A" : "XFD";
            data.Append(
                System.Globalization.CultureInfo.InvariantCulture,
                $"<row r='{row}'><c r='{column}{row}'><v>1</v></c></row>"
            );
        }

        var pages = Told.Pages(Xlsx([("S", data.ToString())]));

        Assert.All(pages, page => Assert.InRange(page.Text.Length, 1, 120_000));
        var lines = pages
            .SelectMany(page => page.Blocks)
            .Where(block => block.Kind is BlockKind.Table or BlockKind.Paragraph)
            .Sum(block => block.Text.Split('\n').Length);
        Assert.Equal(200, lines);
    }

    [Fact]
    public void A_row_with_more_cells_than_a_sheet_has_columns_is_damage()
    {
        var cells = string.Concat(Enumerable.Repeat("<c r='A1'><v>1</v></c>", CellName.MaxColumn + 1));

        Assert.Equal(ReadFailure.Malformed, Told.Failure(Xlsx([("S", $"<row r='1'>{cells}</row>")])).Failure);
    }

    [Fact]
    public void Text_between_hundreds_of_thousands_of_elements_is_put_together_once()
    {
        var text = string.Concat(Enumerable.Repeat("words<w:x/>", 300_000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(
            1_500_000,
            Told.Of(Docx($"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")).Sum(block => block.Text.Replace(" ", "").Length)
        );

        // Put together again at each element it would be hundreds of gigabytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000_000);
    }

    [Fact]
    public void A_heading_of_a_level_in_other_figures_is_a_paragraph()
    {
        var document = Docx(
            "<w:p><w:pPr><w:pStyle w:val='H'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>",
            ("styles", "w:styles", "<w:style w:type='paragraph' w:styleId='H'><w:name w:val='heading ٣'/></w:style>")
        );

        Assert.Equal(BlockKind.Paragraph, Assert.Single(Told.Of(document)).Kind);
    }

    [Fact]
    public void An_archive_inside_is_never_opened()
    {
        var document = With(Docx(P("Outer.")), ("word/embeddings/inner.docx", "PK\u0003\u0004 no archive at all"));

        Assert.Equal("Outer.", Assert.Single(Told.Of(document)).Text);
    }

    private static (int Offset, int Length, int End) Directory(byte[] zip)
    {
        var end = zip.AsSpan().LastIndexOf("PK\x05\x06"u8);
        var length = BinaryPrimitives.ReadInt32LittleEndian(zip.AsSpan(end + 12));
        return (BinaryPrimitives.ReadInt32LittleEndian(zip.AsSpan(end + 16)), length, end);
    }

    private static int EntryLength(byte[] zip, int at) =>
        46
        + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 28))
        + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 30))
        + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 32));
}
