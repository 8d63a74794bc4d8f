using System.IO.Compression;
using System.Net;
using Chancery.Server.Tests.Answers;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Word, Excel and PowerPoint files from the upload to the place that a citation names.</summary>
public sealed class OfficeFlowTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("xlsx", "xlsx_03_chartsheet.xlsx", "ducks 310", "Sheet Duck Observations, ", "A1:D7")]
    [InlineData("pptx", "powerpoint_comments.pptx", "install a Python library with a package manager", "Slide 2", null)]
    [InlineData("docx", "docx_comments.docx", "sample reviewer comment on the first paragraph", "Paragraph ", null)]
    public async Task An_office_file_is_found_by_its_words_with_the_place_in_it(
        string format,
        string name,
        string query,
        string place,
        string? cells
    )
    {
        var user = await chancery.SignUpAsync();

        // The name lies: content decides.
        var document = await user.ReadyAsync(Sample(format, name), "upload.pdf");
        var best = (await user.SearchAsync(query)).Results()[0];
        var page = await user.GetAsync(
            $"/api/v1/docs/{document.Id()}/versions/1/pages/{best.GetProperty("page").GetInt32()}"
        );

        Assert.StartsWith(place, best.Text("place"), StringComparison.Ordinal);
        Assert.Contains(cells ?? "", best.Text("place"), StringComparison.Ordinal);
        var quoted = page.Text("text")[best.GetProperty("start").GetInt32()..best.GetProperty("end").GetInt32()];
        Assert.Equal(best.Text("text"), quoted);
    }

    [Fact]
    public async Task An_answer_from_a_sheet_cites_the_row_of_cells()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync(Sample("xlsx", "xlsx_09_section_label_header.xlsx"), "library.xlsx");

        var answer = await user.AskAsync(
            new { question = "Who wrote The Hound of the Baskervilles?", model = "extractive" }
        );

        Assert.Equal("answered", answer.Text("outcome"));
        var citation = answer.GetProperty("citations")[0];
        Assert.Contains("Arthur Conan Doyle", citation.Text("quote"), StringComparison.Ordinal);
        Assert.Equal("Sheet Library Catalog", citation.Text("page_label"));
        Assert.Matches(@"^A\d:G\d$", citation.Text("place"));
    }

    [Fact]
    public async Task A_workbook_without_a_title_is_called_by_its_file_and_not_by_its_first_sheet()
    {
        var user = await chancery.SignUpAsync();

        var document = await user.ReadyAsync(Sample("xlsx", "xlsx_09_section_label_header.xlsx"), "reading-list.xlsx");

        Assert.Equal("Reading list", document.Text("title"));
    }

    [Fact]
    public async Task An_archive_that_tells_at_its_end_what_it_is_is_taken_and_another_is_refused()
    {
        var user = await chancery.SignUpAsync();
        using var archive = KnowledgeApi.Form(LateArchive(), "backup.docx");

        var document = await user.ReadyAsync(LateDocument(), "late.docx");
        var refused = await user.Http.PostAsync("/api/v1/docs", archive, Cancel);

        Assert.Contains("wordprocessingml", document.Text("media_type"), StringComparison.Ordinal);
        var problem = await KnowledgeApi.BodyAsync(refused, HttpStatusCode.UnsupportedMediaType);
        Assert.StartsWith("This is a ZIP archive", problem.Text("detail"), StringComparison.Ordinal);
    }

    internal static byte[] LateDocument() => Archive(Sample("docx", "word_sample.docx"));

    internal static byte[] LateArchive() => Archive([]);

    /// <summary>An archive that begins with more noise than is looked at while a file arrives.</summary>
    private static byte[] Archive(byte[] document)
    {
        var noise = new byte[100_000];
        new Random(1).NextBytes(noise);
        using var zip = new MemoryStream();
        using (var late = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (var first = late.CreateEntry("noise.bin").Open())
            {
                first.Write(noise);
            }

            if (document.Length > 0)
            {
                using var source = new ZipArchive(new MemoryStream(document));
                foreach (var entry in source.Entries)
                {
                    using var from = entry.Open();
                    using var to = late.CreateEntry(entry.FullName).Open();
                    from.CopyTo(to);
                }
            }
        }

        return zip.ToArray();
    }

    private static byte[] Sample(string format, string name) =>
        File.ReadAllBytes(TestData.File("documents", "docling", format, "sources", name));
}
