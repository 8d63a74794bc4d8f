using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Chancery.Documents.Tests;

/// <summary>Files that are made to do harm, or were broken on the way: each is read, or ends with a reason, and leaves nothing.</summary>
public sealed class HostileInputTests
{
    public static TheoryData<string, string> Files =>
        new()
        {
            { "pages.pdf", Pdf("2 0 obj <</Type /Pages /Count 1 /Kids [2 0 R]>> endobj") },
            {
                "pages-of-pages.pdf",
                Pdf(
                    "2 0 obj <</Type /Pages /Count 9 /Kids [3 0 R]>> endobj\n3 0 obj <</Type /Pages /Parent 2 0 R /Count 9 /Kids [2 0 R 2 0 R]>> endobj"
                )
            },
            {
                "many-pages.pdf",
                Pdf(
                    "2 0 obj <</Type /Pages /Count 2147483647 /Kids [3 0 R]>> endobj\n3 0 obj <</Type /Page /Parent 2 0 R>> endobj"
                )
            },
            {
                "form-in-itself.pdf",
                Pdf(
                    "2 0 obj <</Type /Pages /Count 1 /Kids [3 0 R]>> endobj\n"
                        + "3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources <</XObject <</X 5 0 R>>>>>> endobj\n"
                        + "4 0 obj <</Length 4>> stream\n/X Do\nendstream endobj\n"
                        + "5 0 obj <</Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 11 /Resources <</XObject <</X 5 0 R>>>>>> stream\n/X Do /X Do\nendstream endobj"
                )
            },
            {
                "length-of-itself.pdf",
                Pdf(
                    "2 0 obj <</Type /Pages /Count 1 /Kids [3 0 R]>> endobj\n3 0 obj <</Type /Page /Parent 2 0 R /Contents 4 0 R>> endobj\n4 0 obj <</Length 4 0 R>> stream\nBT\nendstream endobj"
                )
            },
            { "deep.pdf", Pdf("2 0 obj " + new string('[', 500_000) + new string(']', 500_000) + " endobj") },
            {
                "previous.pdf",
                Pdf(
                    "2 0 obj <<>> endobj\nxref\n0 1\n0000000000 65535 f \ntrailer <</Root 1 0 R /Prev 80>>\nstartxref\n80"
                )
            },
            { "endless.html", "<!doctype html><!-- " + new string('-', 3_000_000) },
            { "entities.html", "<!DOCTYPE html [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><p>" + Repeat("&b;", 300_000) },
            { "quotes.csv", Repeat("\"\n,", 2_000_000) },
            { "brackets.md", Repeat("[", 300_000) + Repeat("](", 100_000) },
            { "tables.md", Repeat("|a", 100_000) + "\n" + Repeat("|-", 100_000) + "\n" + Repeat("|b", 100_000) },
            { "stars.md", "# x\n\n" + Repeat("*a **b ", 200_000) },
            { "quotes.md", Repeat("> ", 100_000) + "x" },
            { "lists.md", Repeat("- ", 100_000) + "x" },
            { "fences.md", Repeat("~~~\n> - ", 100_000) },
            { "notes.md", Repeat("[^a]: [^a]\n    ", 50_000) },
            { "sep.csv", "sep=\n\n" + Repeat("a\n", 100_000) },
            { "quotes-as-separators.csv", "sep=\"\n" + Repeat("a\"\"b\n", 300_000) },
            { "numbers.html", "<!doctype html><p>" + Repeat("&#x9999999999;&#0;&#xD800;", 200_000) },
            {
                "spans.html",
                "<!doctype html><table>"
                    + Repeat("<tr>" + Repeat("<td rowspan=100>" + Repeat("word ", 30), 500) + Repeat("<tr>", 99), 20)
            },
            { "forms.html", "<!doctype html>" + Repeat("<form><table><tr><td><select><option>", 100_000) + "x" },
            { "marks.txt", Repeat("\u202E\u2066a\u0301\u200B", 500_000) },
            { "nothing.txt", new string('\0', 100_000) },
        };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_made_to_do_harm_is_read_or_ends_with_a_reason(string name, string content)
    {
        await using var reader = await Readers.NewAsync(
            Readers.Options with
            {
                PageTimeout = TimeSpan.FromSeconds(30),
            }
        );

        await EndsWellAsync(reader, Encoding.UTF8.GetBytes(content), name);
    }

    [Fact]
    public async Task A_stream_that_inflates_to_hundreds_of_megabytes_ends_within_time_and_memory()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var spaces = Encoding.ASCII.GetBytes(new string(' ', 1_000_000));
            for (var i = 0; i < 300; i++)
            {
                zlib.Write(spaces);
            }
        }

        var head =
            "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Count 1 /Kids [3 0 R]>> endobj\n"
            + "3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R>> endobj\n"
            + string.Create(
                CultureInfo.InvariantCulture,
                $"4 0 obj <</Filter /FlateDecode /Length {packed.Length}>> stream\n"
            );
        byte[] pdf =
        [
            .. Encoding.ASCII.GetBytes(head),
            .. packed.ToArray(),
            .. "\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"u8,
        ];
        await using var reader = await Readers.NewAsync();

        await EndsWellAsync(reader, pdf, "bomb.pdf");
    }

    [Theory]
    [InlineData("documents/docling/pdf/sources/multi_page.pdf", "report.txt")]
    [InlineData("documents/docling/html/sources/example_01.html", "page.pdf")]
    [InlineData("documents/docling/docx/sources/word_sample.docx", "letter.html")]
    public async Task The_extension_may_be_wrong_and_the_end_may_be_missing(string file, string name)
    {
        var content = TestData.Read(file);
        var reader = await Readers.SharedAsync();

        var (_, whole) = await reader.ReadAsync(content, name);
        Assert.NotEmpty(whole);

        foreach (var share in new[] { 0.01, 0.5, 0.9 })
        {
            await EndsWellAsync(reader, content[..(int)(content.Length * share)], name);
        }
    }

    [Theory]
    [InlineData("documents/pypdf-sample-files/016-libre-office-link/libre-office-link.pdf", 31)]
    [InlineData("documents/pypdf-sample-files/024-annotations/annotated_pdf.pdf", 32)]
    [InlineData("documents/docling/pdf/sources/table_mislabeled_as_picture.pdf", 33)]
    public async Task Whatever_is_wrong_in_a_pdf_it_is_read_or_ends_with_a_reason(string file, int seed)
    {
        var whole = TestData.Read(file);
        var random = new Random(seed);
        var reader = await Readers.SharedAsync();

        for (var i = 0; i < 20; i++)
        {
            await EndsWellAsync(reader, Break(whole, i, random), $"broken-{seed}-{i}.pdf");
        }

        var (_, pages) = await reader.ReadAsync(whole, "whole.pdf");
        Assert.NotEmpty(pages);
    }

    /// <summary>Bits that are turned, numbers that are made large, a part that is missing, and one that comes twice.</summary>
    private static byte[] Break(byte[] whole, int kind, Random random)
    {
        // Near the end stands the table of objects, which decides what is looked at.
        var from = kind % 8 < 4 ? 0 : Math.Max(0, whole.Length - 2000);
        var broken = (byte[])whole.Clone();
        var at = random.Next(from, whole.Length);
        var length = random.Next(1, Math.Min(500, whole.Length - at) + 1);
        switch (kind % 4)
        {
            case 0:
                for (var flip = 0; flip < 40; flip++)
                {
                    broken[random.Next(from, whole.Length)] ^= (byte)(1 << random.Next(8));
                }

                return broken;
            case 1:
                for (var i = at; i < whole.Length && i < at + 2000; i++)
                {
                    broken[i] = char.IsAsciiDigit((char)broken[i]) ? (byte)'9' : broken[i];
                }

                return broken;
            case 2:
                return [.. whole[..at], .. whole[(at + length)..]];
            default:
                return [.. whole[..(at + length)], .. whole[at..]];
        }
    }

    private static async Task EndsWellAsync(DocumentReader reader, byte[] content, string name)
    {
        try
        {
            var (_, pages) = await reader.ReadAsync(content, name);
            Assert.All(pages, page => Assert.DoesNotContain('\u202E', page.Text));
        }
        catch (DocumentUnreadableException failure)
        {
            Assert.NotEqual(ReadFailure.ReaderUnavailable, failure.Failure);
            Assert.EndsWith(".", failure.Reason, StringComparison.Ordinal);
        }

        var (_, next) = await reader.ReadTextAsync("The next file.", "next.txt");
        Assert.Equal("The next file.", Assert.Single(next).Text);
    }

    private static string Pdf(string objects) =>
        "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n" + objects + "\ntrailer <</Root 1 0 R>>\n%%EOF\n";

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
}
