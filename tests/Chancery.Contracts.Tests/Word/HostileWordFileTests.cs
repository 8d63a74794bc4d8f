using System.IO.Compression;
using System.Text;
using Chancery.Contracts.Word;

namespace Chancery.Contracts.Tests.Word;

public sealed class HostileWordFileTests
{
    private const string Open =
        """<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>""";

    private const string Close = "</w:body></w:document>";

    [Fact]
    public void A_file_that_unpacks_to_more_than_is_read_is_refused()
    {
        var bomb = Package(Open + $"<w:p><w:r><w:t>{new string('a', 100 * 1024 * 1024)}</w:t></w:r></w:p>" + Close);

        Assert.True(bomb.Length < 1024 * 1024);
        Assert.Contains("MB", Refusal(bomb), StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_type_is_refused()
    {
        var file = Package("<!DOCTYPE w [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" + Open + "<w:p/>" + Close);

        Assert.Contains("DTD", Refusal(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_is_nested_too_deep_is_refused()
    {
        var file = Package(Open + Repeat("<w:ins>", 5_000) + Repeat("</w:ins>", 5_000) + Close);

        Assert.Contains("deep", Refusal(file), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_zip_and_what_names_no_text_are_refused()
    {
        Assert.NotEmpty(Refusal(Encoding.ASCII.GetBytes("no zip at all")));
        using var empty = new MemoryStream();
        new ZipArchive(empty, ZipArchiveMode.Create, leaveOpen: true).Dispose();
        Assert.NotEmpty(Refusal(empty.ToArray()));
    }

    [Fact]
    public void Fields_that_never_end_cost_no_more_than_others()
    {
        var file = Package(
            Open
                + Repeat("""<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:t>x</w:t></w:r></w:p>""", 50_000)
                + Close
        );

        var clock = System.Diagnostics.Stopwatch.StartNew();
        ContractWordReader.Read(new MemoryStream(file));

        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
    }

    private static string Refusal(byte[] file) =>
        Assert.Throws<InvalidDataException>(() => ContractWordReader.Read(new MemoryStream(file))).Message;

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    private static byte[] Package(string document)
    {
        using var output = new MemoryStream();
        using (var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true))
        using (var writer = new StreamWriter(zip.CreateEntry("word/document.xml").Open()))
        {
            writer.Write(document);
        }

        return output.ToArray();
    }
}
