using System.Diagnostics;

namespace Chancery.Documents.Tests;

public sealed class PdfReadingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_income_statement_has_each_number_in_the_row_of_its_label()
    {
        await using var reader = await Readers.NewAsync();

        var (header, pages) = await reader.ReadAsync(
            TestData.Read("qa/financebench/pdfs/GENERALMILLS_2020_10K.pdf"),
            "filing",
            fromPage: 48
        );

        var page = pages[0];
        Assert.Equal((127, 48), (header.PageCount, page.Number));
        Assert.Contains(
            "2020  2019  2018\nNet sales  $ 17,626.6  $ 16,865.2  $ 15,740.4\n",
            page.Text,
            StringComparison.Ordinal
        );
        Assert.Contains("Cost of sales  11,496.7  11,108.4  10,304.8\n", page.Text, StringComparison.Ordinal);
        Assert.Contains("Interest, net  466.5  521.8  373.7\n", page.Text, StringComparison.Ordinal);
        var table = Assert.Single(page.Blocks, block => block.Kind == BlockKind.Table);
        Assert.Contains(
            "Dividends per share",
            page.Text.Substring(table.Start, table.Length),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Two_columns_are_read_one_after_the_other()
    {
        await using var reader = await Readers.NewAsync();

        var (_, pages) = await reader.ReadAsync(
            TestData.Read("documents/pypdf-sample-files/026-latex-multicolumn/multicolumn.pdf"),
            "columns"
        );

        // The left column's last line goes on in the right column's first; the hyphen of "fer-mentum" is gone.
        var text = pages[1].Text;
        Assert.Contains("nonummy in, fermentum faucibus", text, StringComparison.Ordinal);
        Assert.True(
            text.IndexOf("primis in faucibus orci", StringComparison.Ordinal)
                < text.IndexOf("luctus et ultrices posuere", StringComparison.Ordinal)
        );
        Assert.All(pages.Take(2), page => Assert.DoesNotContain(page.Blocks, block => block.Kind == BlockKind.Table));

        // And the page that has a table, which poppler cuts into eight blocks, has it row by row.
        Assert.Contains(
            "Country  Population (millions)  Area (km 2)  Capital  Official Language\nAustria  8.9  83,879  Vienna  German\n",
            pages[2].Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lines_that_stand_far_apart_are_one_paragraph()
    {
        await using var reader = await Readers.NewAsync();

        var (header, pages) = await reader.ReadAsync(TestData.ReadDemo("employee-handbook.pdf"), "handbook");

        Assert.Equal("Employee handbook", header.Title);
        var page = pages[2];
        Assert.Equal(
            [
                (BlockKind.Heading, "2 Leave"),
                (BlockKind.Heading, "2.1 Annual leave"),
                (
                    BlockKind.Paragraph,
                    "You have 27 days of paid leave a year beside the public holidays, and one day more for each full three "
                        + "years with us, up to 32 days. Up to five unused days move to the next year and lapse on 31 March."
                ),
                (BlockKind.Heading, "2.2 Sick leave"),
            ],
            page.Blocks.Take(4).Select(block => (block.Kind, page.Text.Substring(block.Start, block.Length)))
        );

        // The table keeps its rows, and two paragraphs of one section stay two.
        Assert.Contains(
            "\nAnnual  27 days  twice its length\nMoving house  1 day  one week\n",
            page.Text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "so that somebody is there to ask.\n\nYou may work from another country",
            pages[1].Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Every_word_has_a_box_that_covers_exactly_its_characters()
    {
        await using var reader = await Readers.NewAsync();

        var (_, pages) = await reader.ReadAsync(
            TestData.Read("qa/financebench/pdfs/ULTABEAUTY_2023Q4_EARNINGS.pdf"),
            "filing"
        );

        Assert.Equal(9, pages.Count);
        foreach (var page in pages)
        {
            var end = 0;
            foreach (var word in page.Words)
            {
                Assert.True(word.Start >= end, "Words are in text order.");
                Assert.True(page.Text.AsSpan(end, word.Start - end).IsWhiteSpace(), "Only space stands between words.");
                Assert.InRange(word.X, 0, page.Width);
                Assert.InRange(word.Y, 0, page.Height);
                end = word.Start + word.Length;
            }

            Assert.Equal(page.Text.Length, end);
        }
    }

    [Fact]
    public async Task A_word_broken_at_a_line_end_is_one_word_with_a_box_for_each_half()
    {
        await using var reader = await Readers.NewAsync();

        var (_, pages) = await reader.ReadAsync(
            TestData.Read("documents/pypdf-sample-files/026-latex-multicolumn/multicolumn.pdf"),
            "columns"
        );

        var at = pages[1].Text.IndexOf("fermentum faucibus", StringComparison.Ordinal);
        var boxes = PageGeometry.BoxesOf(pages[1].Words, at, at + "fermentum".Length);
        Assert.Equal(2, boxes.Count);
        Assert.True(
            boxes[1].Y > boxes[0].Y && boxes[1].X < boxes[0].X,
            "The second half stands at the next line's start."
        );
    }

    [Fact]
    public async Task Resuming_yields_the_same_pages_from_there_on()
    {
        var content = TestData.Read("qa/financebench/pdfs/ULTABEAUTY_2023Q4_EARNINGS.pdf");
        await using var reader = await Readers.NewAsync();

        var (_, all) = await reader.ReadAsync(content, "a");
        var (header, rest) = await reader.ReadAsync(content, "a", fromPage: 7);
        var (_, none) = await reader.ReadAsync(content, "a", fromPage: 10);

        Assert.Equal(9, header.PageCount);
        Assert.Equal(
            all.Skip(6).Select(page => (page.Number, page.Text)),
            rest.Select(page => (page.Number, page.Text))
        );
        Assert.Empty(none);
    }

    [Theory]
    [InlineData("documents/pypdf-sample-files/005-libreoffice-writer-password/libreoffice-writer-password.pdf")]
    [InlineData("documents/docling/pdf_password/sources/2206.01062_pg3.pdf")]
    public async Task A_pdf_with_a_password_says_so(string file)
    {
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync(TestData.Read(file), "a.pdf");

        Assert.Equal(ReadFailure.Encrypted, failure.Failure);
        Assert.Equal("This PDF is protected by a password. Remove the password and upload it again.", failure.Reason);
    }

    [Theory]
    [InlineData("%PDF-1.7\nnothing else")]
    [InlineData("%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF")]
    public async Task A_pdf_without_pages_is_damaged(string text)
    {
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync(System.Text.Encoding.ASCII.GetBytes(text), "a.pdf");

        Assert.Equal(ReadFailure.Malformed, failure.Failure);
    }

    [Fact]
    public async Task A_file_that_is_no_document_is_named_in_the_reason()
    {
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync([.. "GIF89a"u8, 0, 0, 0], "report.pdf");

        Assert.Equal(ReadFailure.Unsupported, failure.Failure);
        Assert.StartsWith("This is a GIF image,", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_over_the_limit_is_refused_whether_its_length_is_known_or_not()
    {
        await using var reader = await Readers.NewAsync(Readers.Options with { MaxBytes = 1_000_000 });
        var content = new byte[1_000_001];
        "%PDF-1.4"u8.CopyTo(content);

        var known = await reader.FailsAsync(content, "a.pdf");
        var unknown = await Assert.ThrowsAsync<DocumentUnreadableException>(async () =>
        {
            await using var pipe = new UnseekableStream(content);
            await foreach (var _ in reader.ReadAsync(pipe, MediaTypes.Pdf, 1, Cancel)) { }
        });

        Assert.Equal([ReadFailure.TooLarge, ReadFailure.TooLarge], [known.Failure, unknown.Failure]);
        Assert.Contains("1 MB", known.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_cannot_seek_is_read_too()
    {
        await using var reader = await Readers.NewAsync();
        await using var pipe = new UnseekableStream(
            TestData.Read("documents/pypdf-sample-files/004-pdflatex-4-pages/pdflatex-4-pages.pdf")
        );

        var pages = 0;
        await foreach (var item in reader.ReadAsync(pipe, MediaTypes.Pdf, 1, Cancel))
        {
            pages += item is ReadItem.Page ? 1 : 0;
        }

        Assert.Equal(4, pages);
    }

    [Fact]
    public async Task Malformed_and_polyglot_files_end_in_pages_or_in_a_reason_and_in_nothing_else()
    {
        await using var reader = await Readers.NewAsync(
            Readers.Options with
            {
                FileTimeout = TimeSpan.FromSeconds(20),
                PageTimeout = TimeSpan.FromSeconds(10),
                // Drawings without text are another test's.
                OcrLanguages = ["none"],
            }
        );
        var files = TestData
            .Files("documents/corkami-pdf", "*.pdf")
            .Concat(TestData.Files("documents/safedocs", "*.pdf"));
        var spent = Stopwatch.StartNew();
        var (read, failed) = (0, 0);

        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Cancel },
            async (file, _) =>
            {
                try
                {
                    await reader.ReadAsync(await File.ReadAllBytesAsync(file, Cancel), file);
                    Interlocked.Increment(ref read);
                }
                catch (DocumentUnreadableException cause)
                {
                    Assert.NotEqual(ReadFailure.ReaderUnavailable, cause.Failure);
                    Assert.DoesNotContain("/", cause.Reason, StringComparison.Ordinal);
                    Interlocked.Increment(ref failed);
                }
            }
        );

        Assert.True(read > 50 && failed > 10, $"{read} read, {failed} refused: the collection is not what it was.");
        Assert.True(spent.Elapsed < TimeSpan.FromSeconds(300), $"Took {spent.Elapsed}.");
    }

    [Fact]
    public async Task Without_poppler_the_installation_is_named_as_the_cause()
    {
        var empty = Directory.CreateTempSubdirectory();
        try
        {
            var sandbox = await Sandbox.ProbeAsync(empty.FullName, Cancel);
            await using var reader = new DocumentReader(Readers.Options with { SearchPath = empty.FullName }, sandbox);

            var failure = await reader.FailsAsync("%PDF-1.4"u8.ToArray(), "a.pdf");

            Assert.Equal((ReadFailure.ReaderUnavailable, true), (failure.Failure, failure.IsTransient));
            Assert.Contains("pdfinfo", failure.Reason, StringComparison.Ordinal);
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    private sealed class UnseekableStream(byte[] content) : MemoryStream(content, writable: false)
    {
        public override bool CanSeek => false;
    }
}
