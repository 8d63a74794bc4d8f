using System.IO.Compression;
using System.Text;

namespace Chancery.Documents.Tests;

public sealed class MediaTypesTests
{
    [Theory]
    [InlineData("%PDF-1.7\n", "report.txt", "application/pdf")]
    [InlineData("junk\u0001before\n%PDF-1.4", "report.docx", "application/pdf")]
    [InlineData("\uFEFF\r\n %PDF-1.4", "report.docx", "application/pdf")]
    [InlineData("# Files\n\nA PDF begins with `%PDF-`.\n\n- so", "files.md", "text/markdown")]
    [InlineData("A PDF begins with %PDF-1.7, says the book.", "files.txt", "text/plain")]
    [InlineData("ID3 is a decision tree algorithm.", "trees.txt", "text/plain")]
    [InlineData("ID3\u0004\0\0\0\0\u0002\u0001", "song.txt", "application/x-mp3")]
    [InlineData("# Title\n\n[link](https://example.org)", "notes.txt", "text/markdown")]
    [InlineData("# only one mark\n\ntext", "notes.md", "text/markdown")]
    [InlineData("# only one mark\n\ntext", "notes.txt", "text/plain")]
    [InlineData("no mark at all", "notes.md", "text/plain")]
    [InlineData("<html><body><p>Hi</p></body></html>", "page.html", "text/html")]
    [InlineData("{\\rtf1\\ansi Hello}", "letter.txt", "application/rtf")]
    [InlineData("", null, "text/plain")]
    public void The_content_decides_and_the_name_only_breaks_a_tie(string content, string? name, string expected) =>
        Assert.Equal(expected, MediaTypes.Detect(Encoding.UTF8.GetBytes(content), name).Name);

    [Theory]
    [InlineData("documents/python-docx", "*.docx", "a Word document")]
    [InlineData("documents/docling/xlsx", "*.xlsx", "an Excel workbook")]
    [InlineData("documents/docling/pptx", "*.pptx", "a PowerPoint presentation")]
    public void Office_files_are_known_under_a_wrong_name(string folder, string pattern, string label)
    {
        var file = TestData.Files(folder, pattern).First(path => new FileInfo(path).Length > 8000);

        var type = Detect(File.ReadAllBytes(file), "report.pdf");

        Assert.Equal((label, true), (type.Label, type.IsReadable));
    }

    [Fact]
    public void Contracts_as_text_are_plain_text_although_they_have_lists_and_blanks_to_fill_in()
    {
        var files = TestData.Files("contracts/cuad", "*.txt");

        var taken = files.Count(file => Detect(File.ReadAllBytes(file), file) == MediaTypes.Markdown);

        Assert.True(
            files.Count > 400 && taken <= files.Count / 50,
            $"{taken} of {files.Count} are taken for Markdown."
        );
    }

    [Fact]
    public void Archives_programs_and_noise_are_no_text()
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            archive.CreateEntry("a.txt");
        }

        var noise = new byte[5000];
        new Random(3).NextBytes(noise);

        Assert.Equal("a ZIP archive", Detect(zip.ToArray(), "a.md").Label);
        Assert.Equal("a program", Detect(File.ReadAllBytes("/bin/sh"), "a.txt").Label);
        Assert.False(Detect(noise, "a.txt").IsReadable);
        Assert.False(Detect([.. "text"u8, 0, 0, 0, .. "text"u8], "a.txt").IsReadable);
    }

    [Fact]
    public void Text_is_known_in_every_encoding_and_when_the_head_cuts_a_character()
    {
        var text = string.Concat(Enumerable.Repeat("Überschrift und Fuß. ", 4000));

        Assert.Equal(MediaTypes.PlainText, Detect(Encoding.UTF8.GetBytes("x" + text), null));
        Assert.Equal(MediaTypes.PlainText, Detect(Encoding.UTF8.GetBytes(text), null));
        Assert.Equal(MediaTypes.PlainText, Detect(Encoding.Unicode.GetBytes(text), null));
        Assert.Equal(MediaTypes.PlainText, Detect(Encoding.BigEndianUnicode.GetBytes(text), null));
        Assert.Equal(MediaTypes.PlainText, Detect(Encoding.Latin1.GetBytes(text), null));
    }

    [Fact]
    public void Every_readable_type_is_found_again_by_its_name()
    {
        Assert.All(MediaTypes.Readable, type => Assert.Same(type, MediaTypes.Find(type.Name)));
        Assert.Null(MediaTypes.Find("application/zip"));
    }

    private static MediaType Detect(byte[] content, string? name) =>
        MediaTypes.Detect(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)), name);
}
