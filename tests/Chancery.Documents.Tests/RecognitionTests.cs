using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Chancery.Documents.Tests;

public sealed class RecognitionTests : IDisposable
{
    private const string Scans = "documents/docling/ocr/sources/";

    private readonly DirectoryInfo _tools = Directory.CreateTempSubdirectory("tools");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ocr_test.pdf")]
    [InlineData("ocr_test_rotated_90.pdf")]
    [InlineData("ocr_test_rotated_180.pdf")]
    [InlineData("ocr_test_rotated_270.pdf")]
    public async Task A_scan_is_recognised_however_it_lay_on_the_glass(string file)
    {
        await using var reader = await Readers.NewAsync();

        var (_, pages) = await reader.ReadAsync(TestData.Read(Scans + file), file);

        var page = Assert.Single(pages);
        Assert.True(page.IsRecognised);
        Assert.Equal(
            "Docling bundles PDF document conversion to JSON and Markdown in an easy self contained package",
            page.Text.ReplaceLineEndings(" ").Replace("  ", " ", StringComparison.Ordinal)
        );
        Assert.Equal(page.Words.Count, page.Text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(
            page.Words,
            word =>
            {
                Assert.InRange(word.X, 0, page.Width);
                Assert.InRange(word.Y, 0, page.Height);
                Assert.InRange(word.X + word.Width, 0, page.Width + 1);
                Assert.InRange(word.Y + word.Height, 0, page.Height + 1);
            }
        );
    }

    [Fact]
    public async Task A_box_stands_where_the_word_is_drawn()
    {
        await using var reader = await Readers.NewAsync();

        var (_, upright) = await reader.ReadAsync(TestData.Read(Scans + "ocr_test.pdf"), "a");
        var (_, upsideDown) = await reader.ReadAsync(TestData.Read(Scans + "ocr_test_rotated_180.pdf"), "a");
        var (_, sideways) = await reader.ReadAsync(TestData.Read(Scans + "ocr_test_rotated_270.pdf"), "a");

        var (first, turned, side) = (upright[0].Words[0], upsideDown[0].Words[0], sideways[0].Words[0]);
        Assert.InRange(first.X, 70, 78);
        Assert.InRange(first.Y, 70, 82);
        Assert.InRange(turned.X + turned.Width, 595 - 78, 595 - 70);
        Assert.InRange(turned.Y + turned.Height, 842 - 82, 842 - 70);
        Assert.True(sideways[0].Width > sideways[0].Height, "The page is as wide as it is shown.");
        Assert.InRange(side.X + side.Width, 842 - 82, 842 - 70);
        Assert.InRange(side.Y, 70, 78);
    }

    [Fact]
    public async Task Of_a_mixed_pdf_only_the_pages_without_text_are_recognised()
    {
        await using var reader = await Readers.NewAsync();

        var (header, pages) = await reader.ReadAsync(
            Pdf("BT /F 24 Tf 60 700 Td (Typed words) Tj ET", Draw(), "", "BT /F 24 Tf 60 700 Td (The end) Tj ET"),
            "mixed.pdf"
        );

        Assert.Equal(4, header.PageCount);
        Assert.Equal([1, 2, 3, 4], pages.Select(page => page.Number));
        Assert.Equal([false, true, false, false], pages.Select(page => page.IsRecognised));
        Assert.Equal(["Typed words", Drawn, "", "The end"], pages.Select(page => page.Text));
    }

    [Fact]
    public async Task Resuming_recognises_the_same_words()
    {
        var content = TestData.Read(Scans + "nemotron_multipage.pdf");
        await using var reader = await Readers.NewAsync();

        var (_, all) = await reader.ReadAsync(content, "a", fromPage: 3);
        var (_, last) = await reader.ReadAsync(content, "a", fromPage: 4);

        Assert.Equal([3, 4], all.Select(page => page.Number));
        Assert.Equal(all[1].Text, Assert.Single(last).Text);
        Assert.NotEmpty(last[0].Text);
    }

    [Fact]
    public async Task Paper_of_two_hundred_inches_is_drawn_coarser()
    {
        await using var reader = await Readers.NewAsync();
        var (_, pages) = await reader.ReadAsync(PdfOf("14400 14400", Draw(48, 1500, 8000)), "poster.pdf");

        var page = Assert.Single(pages);
        Assert.Equal((14400f, 14400f), (page.Width, page.Height));
        Assert.Equal(Drawn, page.Text);
        Assert.InRange(page.Words[0].X, 1000, 2000);
    }

    [Fact]
    public async Task Blank_pages_hold_no_text_and_the_reason_says_so()
    {
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync(Pdf("", ""), "blank.pdf");

        Assert.Equal(ReadFailure.ImageOnly, failure.Failure);
        Assert.StartsWith("There is no text in this file", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_read_like_a_page()
    {
        var png = await DrawAsync(TestData.Read(Scans + "ocr_test.pdf"), "-png");
        await using var reader = await Readers.NewAsync();

        var (_, pages) = await reader.ReadAsync(png, "scan.png");

        var page = Assert.Single(pages);
        Assert.True(page.IsRecognised);
        Assert.StartsWith("Docling bundles PDF document conversion", page.Text, StringComparison.Ordinal);
        Assert.InRange(page.Width, 590, 600);
    }

    [Theory]
    [InlineData("ocr_test_rotated_270.pdf", 8)]
    [InlineData("ocr_test_rotated_90.pdf", 6)]
    public async Task A_photograph_that_says_how_the_camera_was_held_has_its_boxes_where_people_see_them(
        string file,
        byte orientation
    )
    {
        var jpeg = await DrawAsync(TestData.Read(Scans + file), "-jpeg");
        byte[] photograph = [.. jpeg[..2], .. Exif(orientation), .. jpeg[2..]];
        await using var reader = await Readers.NewAsync();

        var (_, pages) = await reader.ReadAsync(photograph, "photo.jpg");

        var page = Assert.Single(pages);
        Assert.StartsWith("Docling bundles PDF document conversion", page.Text, StringComparison.Ordinal);
        Assert.InRange(page.Width, 590, 600);
        Assert.InRange(page.Height, 835, 850);
        Assert.InRange(page.Words[0].X, 68, 80);
        Assert.InRange(page.Words[0].Y, 68, 84);
    }

    private static byte[] Exif(byte orientation) =>
        [
            .. new byte[] { 0xFF, 0xE1, 0, 34 },
            .. "Exif\0\0MM\0*"u8,
            .. new byte[] { 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0 },
        ];

    [Theory]
    [InlineData(1000, ReadFailure.Malformed)]
    [InlineData(30, ReadFailure.Malformed)]
    public async Task An_image_that_breaks_off_is_refused_or_read_as_far_as_it_goes(int bytes, ReadFailure expected)
    {
        var png = await DrawAsync(TestData.Read(Scans + "ocr_test.pdf"), "-png");
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync(png[..bytes], "scan.png");

        Assert.True(
            failure.Failure == expected || failure.Failure == ReadFailure.ImageOnly,
            $"{failure.Failure}: {failure.Reason}"
        );
    }

    [Fact]
    public async Task An_image_that_claims_to_be_huge_ends_within_memory()
    {
        // A PNG whose header speaks of 100,000 × 100,000 pixels, with no more than a few bytes of them.
        byte[] png =
        [
            0x89,
            .. "PNG\r\n"u8,
            0x1A,
            0x0A,
            0,
            0,
            0,
            13,
            .. "IHDR"u8,
            0,
            1,
            0x86,
            0xA0,
            0,
            1,
            0x86,
            0xA0,
            8,
            0,
            0,
            0,
            0,
            0x9B,
            0xAD,
            0x53,
            0x1D,
            0,
            0,
            0,
            0,
            .. "IEND"u8,
            0xAE,
            0x42,
            0x60,
            0x82,
        ];
        await using var reader = await Readers.NewAsync();

        var failure = await reader.FailsAsync(png, "huge.png");

        Assert.True(failure.Failure is ReadFailure.Malformed or ReadFailure.OutOfMemory, failure.Reason);
    }

    [Fact]
    public async Task Without_tesseract_the_reason_says_how_to_get_it()
    {
        Link("pdfinfo", "pdftotext", "pdftoppm", "setpriv", "unshare", "prlimit");
        await using var reader = await NewReaderAsync(_tools.FullName);

        var pdf = await reader.FailsAsync(TestData.Read(Scans + "ocr_test.pdf"), "scan.pdf");
        var image = await reader.FailsAsync([0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, 0, 0, 0], "scan.png");

        Assert.Equal((ReadFailure.ImageOnly, ReadFailure.ImageOnly), (pdf.Failure, image.Failure));
        Assert.Contains("tesseract-ocr", pdf.Reason, StringComparison.Ordinal);
        Assert.Contains("tesseract-ocr", image.Reason, StringComparison.Ordinal);
        Assert.Empty(await reader.RecognisedLanguagesAsync(Cancel));
    }

    [Theory]
    [InlineData("exec sleep 60", ReadFailure.TimedOut)]
    [InlineData("echo 'std::bad_alloc' >&2; kill -ABRT $$", ReadFailure.OutOfMemory)]
    [InlineData("exec yes", ReadFailure.TimedOut)]
    [InlineData("exec tr '\\0' x </dev/zero", ReadFailure.TooLarge)]
    [InlineData("kill -KILL $$", ReadFailure.ReaderUnavailable)]
    [InlineData("exit 1", ReadFailure.Malformed)]
    public async Task Every_end_of_recognition_becomes_a_reason(string script, ReadFailure expected)
    {
        Install("tesseract", "if [ \"$1\" = --list-langs ]; then echo List; echo eng; exit; fi; " + script);
        await using var reader = await NewReaderAsync(
            _tools.FullName + ":" + Readers.SearchPath,
            options => options with { OcrPageTimeout = TimeSpan.FromSeconds(expected is ReadFailure.TimedOut ? 2 : 60) }
        );

        var failure = await reader.FailsAsync(Pdf(Draw()), "scan.pdf");

        Assert.Equal(expected, failure.Failure);
    }

    [Fact]
    public async Task A_page_that_cannot_be_recognised_does_not_cost_the_others()
    {
        Install("tesseract", "if [ \"$1\" = --list-langs ]; then echo List; echo eng; exit; fi; exit 1");
        await using var reader = await NewReaderAsync(_tools.FullName + ":" + Readers.SearchPath);

        var (_, pages) = await reader.ReadAsync(Pdf("BT /F 24 Tf 60 700 Td (Typed) Tj ET", Draw()), "mixed.pdf");

        Assert.Equal(["Typed", ""], pages.Select(page => page.Text));
    }

    [Fact]
    public async Task Only_languages_that_are_installed_are_asked_for()
    {
        Install("tesseract", "printf 'List of languages\\nafr\\ndeu\\neng\\nfra\\nosd\\nscript/Latin\\nchi_sim\\n'");
        var path = _tools.FullName + ":" + Readers.SearchPath;

        await using var usual = await NewReaderAsync(path);
        await using var chosen = await NewReaderAsync(
            path,
            options => options with { OcrLanguages = ["fra", "tlh", "chi_sim"] }
        );

        Assert.Equal(["eng", "afr", "deu"], await usual.RecognisedLanguagesAsync(Cancel));
        Assert.Equal(["fra", "chi_sim"], await chosen.RecognisedLanguagesAsync(Cancel));
    }

    public void Dispose() => _tools.Delete(recursive: true);

    private const string Drawn = "THE MAN LEFT THE HILL";

    /// <summary>The words of <see cref="Drawn"/> in strokes: a drawing, not letters.</summary>
    private static string Draw(double size = 1.5, double x = 60, double y = 700)
    {
        var content = new StringBuilder();
        content.Append(CultureInfo.InvariantCulture, $"q {size} 0 0 {size} {x} {y} cm 1.2 w 1 j");
        var left = 0;
        foreach (var letter in Drawn)
        {
            var strokes = letter switch
            {
                'A' => "0 0 m 3 8 l 6 0 l 1 3 m 5 3 l",
                'E' => "5 0 m 0 0 l 0 8 l 5 8 l 0 4 m 4 4 l",
                'F' => "0 0 m 0 8 l 5 8 l 0 4 m 4 4 l",
                'H' => "0 0 m 0 8 l 0 4 m 5 4 l 5 0 m 5 8 l",
                'I' => "0 0 m 0 8 l",
                'L' => "0 8 m 0 0 l 5 0 l",
                'M' => "0 0 m 0 8 l 3 3 l 6 8 l 6 0 l",
                'N' => "0 0 m 0 8 l 5 0 l 5 8 l",
                'T' => "0 8 m 6 8 l 3 8 m 3 0 l",
                _ => "",
            };
            content.Append(
                CultureInfo.InvariantCulture,
                $" q 1 0 0 1 {left} 0 cm {strokes} {(strokes == "" ? "" : "S")} Q"
            );
            left += letter == 'I' ? 4 : 9;
        }

        return content.Append(" Q").ToString();
    }

    private static byte[] Pdf(params string[] pages) => PdfOf("595 842", pages);

    /// <summary>Pages with the given content; poppler finds the objects without a table of them.</summary>
    private static byte[] PdfOf(string size, params string[] pages)
    {
        var pdf = new StringBuilder("%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n");
        var kids = string.Join(' ', Enumerable.Range(0, pages.Length).Select(i => $"{10 + (2 * i)} 0 R"));
        pdf.Append(
            CultureInfo.InvariantCulture,
            $"2 0 obj <</Type /Pages /Count {pages.Length} /Kids [{kids}]>> endobj\n"
        );
        pdf.Append("3 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj\n");
        for (var i = 0; i < pages.Length; i++)
        {
            pdf.Append(
                CultureInfo.InvariantCulture,
                $"""
                {10 + (2 * i)} 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents {11
                    + (2 * i)} 0 R /Resources <</Font <</F 3 0 R>>>>>> endobj
                {11 + (2 * i)} 0 obj <</Length {pages[i].Length}>> stream
                {pages[i]}
                endstream endobj

                """
            );
        }

        pdf.Append("trailer <</Root 1 0 R>>\n%%EOF\n");
        return Encoding.ASCII.GetBytes(pdf.ToString());
    }

    private static async Task<byte[]> DrawAsync(byte[] pdf, string format)
    {
        var start = new ProcessStartInfo("pdftoppm", [format, "-r", "200", "-singlefile", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.BaseStream.WriteAsync(pdf, Cancel);
        process.StandardInput.Close();
        using var image = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(image, Cancel);
        await process.WaitForExitAsync(Cancel);
        return image.ToArray();
    }

    private async Task<DocumentReader> NewReaderAsync(string path, Func<ReaderOptions, ReaderOptions>? change = null)
    {
        File.SetUnixFileMode(_tools.FullName, (UnixFileMode)0b111_101_101);
        var options = Readers.Options with { SearchPath = path };
        return new DocumentReader(change?.Invoke(options) ?? options, await Sandbox.ProbeAsync(path, Cancel));
    }

    private void Install(string name, string script)
    {
        var path = Path.Combine(_tools.FullName, name);
        File.WriteAllText(path, "#!/bin/bash\n" + script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private void Link(params string[] programs)
    {
        foreach (var program in programs)
        {
            File.CreateSymbolicLink(Path.Combine(_tools.FullName, program), "/usr/bin/" + program);
        }
    }
}
