using System.IO.Compression;
using System.Text;
using static Chancery.Documents.Tests.OfficeFiles;

namespace Chancery.Documents.Tests;

public sealed class OfficeDetectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/vnd.ms-word.document.macroEnabled.main+xml", "word/document.xml", "a Word document")]
    [InlineData(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
        "word/document.xml",
        "a Word document"
    )]
    [InlineData("application/vnd.ms-excel.sheet.macroEnabled.main+xml", "xl/workbook.xml", "an Excel workbook")]
    [InlineData(
        "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
        "ppt/presentation.xml",
        "a PowerPoint presentation"
    )]
    [InlineData(
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
        "deck.xml",
        "a PowerPoint presentation"
    )]
    public void Templates_shows_and_files_with_macros_are_what_the_plain_ones_are(
        string type,
        string main,
        string label
    )
    {
        var file = Package(main, type, "<x/>", []);

        var found = MediaTypes.Detect(file, "report.pdf");

        Assert.Equal((label, true), (found.Label, found.IsReadable));
    }

    [Fact]
    public async Task An_archive_that_tells_at_its_end_what_it_is_is_looked_at_there()
    {
        var late = Late(Docx(P("Late.")), 200_000);
        var head = MediaTypes.Detect(late.AsSpan(0, MediaTypes.DetectionBytes), "late.docx");
        using var stream = new MemoryStream(late);

        var found = await MediaTypes.DetectAsync(stream, "late.docx", Cancel);

        Assert.Equal("a ZIP archive", head.Label);
        Assert.True(MediaTypes.IsUncertain(head));
        Assert.Same(MediaTypes.Word, found);
        Assert.Equal(0, stream.Position);
        Assert.Equal("Late.", Assert.Single(Told.Of(late)).Text);
    }

    [Fact]
    public async Task An_archive_of_other_things_stays_one_also_with_a_folder_called_word()
    {
        var noise = new byte[100_000];
        new Random(5).NextBytes(noise);
        var archive = Zip(("word/notes.txt", noise), ("xl/notes.txt", "x"u8.ToArray()));
        using var stream = new MemoryStream(archive);

        Assert.Same(MediaTypes.Zip, await MediaTypes.DetectAsync(stream, "a.docx", Cancel));
        Assert.Same(MediaTypes.Zip, MediaTypes.Detect(archive.AsSpan(0, 65536), "a.docx"));
        Assert.Equal(ReadFailure.Unsupported, Told.Failure(archive).Failure);
    }

    [Theory]
    [InlineData("EncryptedPackage", "protected by a password", "Remove the password")]
    [InlineData("WordDocument", "Word document of the old kind", "Save it as DOCX")]
    [InlineData("Workbook", "Excel workbook of the old kind", "Save it as XLSX")]
    [InlineData("PowerPoint Document", "PowerPoint presentation of the old kind", "Save it as PPTX")]
    public async Task Old_and_encrypted_files_are_refused_with_what_to_do(string stream, string says, string advises)
    {
        // A container whose directory is its first sector, and one whose directory is its last, far behind the head.
        foreach (var sectors in new[] { 0, 300 })
        {
            var file = new byte[512 * (sectors + 2)];
            ((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]).CopyTo(file);
            file[30] = 9;
            BitConverter.TryWriteBytes(file.AsSpan(48), sectors);
            Encoding.Unicode.GetBytes(stream + '\0').CopyTo(file.AsSpan(512 * (sectors + 1)));
            using var content = new MemoryStream(file);

            var found = await MediaTypes.DetectAsync(content, "report.docx", Cancel);

            Assert.False(found.IsReadable);
            Assert.Contains(says, found.Refusal, StringComparison.Ordinal);
            Assert.Contains(advises, found.Refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Strict_documents_are_read_like_others()
    {
        var strict = TestData.Read("documents/docling/docx/sources/Strict.docx");

        Assert.NotEmpty(Told.Of(strict));
    }

    /// <summary>The same members behind one that is as long as the head.</summary>
    private static byte[] Late(byte[] document, int bytes)
    {
        var noise = new byte[bytes];
        new Random(3).NextBytes(noise);
        using var source = new ZipArchive(new MemoryStream(document));
        return Zip([
            ("customXml/noise.bin", noise),
            .. source.Entries.Select(entry =>
            {
                using var content = new MemoryStream();
                using var opened = entry.Open();
                opened.CopyTo(content);
                return (entry.FullName, content.ToArray());
            }),
        ]);
    }
}
