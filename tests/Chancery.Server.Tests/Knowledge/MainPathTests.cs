using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class MainPathTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_pdf_is_read_in_the_background_and_found_by_its_words_with_page_and_place()
    {
        var user = await chancery.SignUpAsync();
        var pdf = await File.ReadAllBytesAsync(
            TestData.File("qa", "financebench", "pdfs", "ULTABEAUTY_2023Q4_EARNINGS.pdf"),
            Cancel
        );

        var document = await user.ReadyAsync(pdf, "ULTABEAUTY_2023Q4_EARNINGS.pdf");
        var found = await user.SearchAsync(
            "What drove the increase in merchandise inventories at the end of fiscal 2022?"
        );

        Assert.Equal(9, document.GetProperty("page_count").GetInt32());
        Assert.Equal("lexical", found.Text("mode"));
        Assert.Contains("No embedding model", found.Text("note"), StringComparison.Ordinal);
        var best = found.Results()[0];
        Assert.Equal(document.Id(), best.GetProperty("document_id").GetGuid());
        Assert.Contains("opening of 47 new stores", best.Text("text"), StringComparison.Ordinal);
        var page = await user.GetAsync(
            $"/api/v1/docs/{document.Id()}/versions/1/pages/{best.GetProperty("page").GetInt32()}"
        );
        var quoted = page.Text("text")[best.GetProperty("start").GetInt32()..best.GetProperty("end").GetInt32()];
        Assert.Equal(best.Text("text"), quoted);
    }

    [Fact]
    public async Task A_pdf_is_called_what_its_metadata_say_unless_a_person_named_it()
    {
        var user = await chancery.SignUpAsync();
        var handbook = await File.ReadAllBytesAsync(
            Path.Combine(AppContext.BaseDirectory, "Demo", "Documents", "employee-handbook.pdf"),
            Cancel
        );

        var unnamed = await user.ReadyAsync(handbook, "employee-handbook.pdf");
        var note = await user.ReadyTextAsync("Bring your own cup.", "kitchen-rules.txt");
        using var form = KnowledgeApi.Form(handbook, "employee-handbook.pdf", ("title", "The rules"));
        var upload = await user.Http.PostAsync("/api/v1/docs", form, Cancel);
        var named = await user.SettledAsync(
            (await KnowledgeApi.BodyAsync(upload, System.Net.HttpStatusCode.Accepted)).Id()
        );

        Assert.Equal(
            ["Employee handbook", "Kitchen rules", "The rules"],
            [unnamed.Text("title"), note.Text("title"), named.Text("title")]
        );
    }
}
