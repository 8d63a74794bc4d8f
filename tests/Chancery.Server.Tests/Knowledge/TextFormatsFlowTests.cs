using System.Text;
using Chancery.Server.Tests.Answers;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>HTML, CSV and scans from the upload to the place that a citation names.</summary>
public sealed class TextFormatsFlowTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task An_answer_from_a_page_of_html_cites_the_named_place()
    {
        const string Page = """
            <!DOCTYPE html><title>Terms of the kiln</title><nav><a href=/>Home</a></nav><h1>Terms of the kiln</h1>
            <p>These terms hold for everybody who fires pottery here.
            <h2 id="fees">Fees</h2><p>Members pay monthly.<p>A firing of the large kiln costs forty crowns.
            <script>document.write("A firing costs nothing.")</script>
            """;
        var user = await chancery.SignUpAsync();

        // The name lies: content decides.
        var document = await user.ReadyAsync(Encoding.UTF8.GetBytes(Page), "terms.txt");
        var answer = await user.AskAsync(
            new { question = "How much does a firing of the large kiln cost?", model = "extractive" }
        );

        Assert.Equal(("text/html", "Terms of the kiln"), (document.Text("media_type"), document.Text("title")));
        Assert.Equal("answered", answer.Text("outcome"));
        var citation = answer.GetProperty("citations")[0];
        Assert.Contains("forty crowns", citation.Text("quote"), StringComparison.Ordinal);
        Assert.Equal("#fees, paragraph 2", citation.Text("place"));
    }

    [Fact]
    public async Task A_row_of_a_table_in_a_csv_file_is_found_with_its_cells()
    {
        var rows = Enumerable.Range(1, 400).Select(i => $"Depot {i};{i * 3};plain");
        var csv = "Site;Barrels;Remark\n" + string.Join('\n', rows) + "\nHarbour store;77;leaking valve\n";
        var user = await chancery.SignUpAsync();

        var document = await user.ReadyAsync(Encoding.UTF8.GetBytes(csv), "stock-list.csv");
        var best = (await user.SearchAsync("harbour store leaking valve")).Results()[0];

        Assert.Equal(("text/csv", "Stock list"), (document.Text("media_type"), document.Text("title")));
        Assert.Contains("Harbour store\t77\tleaking valve", best.Text("text"), StringComparison.Ordinal);
        Assert.Matches(@"^A\d+:C402$", best.Text("place"));
        Assert.Contains("Site | Barrels | Remark", best.Text("heading"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scan_is_found_by_its_words_with_boxes_and_is_marked_as_recognised()
    {
        var user = await chancery.SignUpAsync();

        var document = await user.ReadyAsync(
            await File.ReadAllBytesAsync(
                TestData.File("documents", "docling", "ocr", "sources", "ocr_test.pdf"),
                TestContext.Current.CancellationToken
            ),
            "scan.pdf"
        );
        var best = (await user.SearchAsync("document conversion to Markdown")).Results()[0];
        var page = await user.GetAsync($"/api/v1/docs/{document.Id()}/versions/1/pages/1");
        var answer = await user.AskAsync(
            new { question = "What does Docling bundle in a self contained package?", model = "extractive" }
        );

        Assert.StartsWith("Docling bundles PDF document conversion", best.Text("text"), StringComparison.Ordinal);
        Assert.True(page.GetProperty("recognised").GetBoolean());
        Assert.NotEmpty(answer.GetProperty("citations")[0].GetProperty("boxes").EnumerateArray());
    }
}
