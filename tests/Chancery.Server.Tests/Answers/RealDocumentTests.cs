using System.Net;
using System.Net.Http.Headers;
using Chancery.Testing;

namespace Chancery.Server.Tests.Answers;

/// <summary>The whole path on a real contract: upload, reading, search, answer, the place on the page.</summary>
public sealed class RealDocumentTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_about_a_contract_is_answered_with_the_words_of_the_right_page()
    {
        var user = await chancery.SignUpAsync();
        var document = await UploadAsync(
            user,
            TestData.File("contracts", "cuad", "pdf", "GAINSCOINC_01_21_2010-EX-10.41-SPONSORSHIP AGREEMENT.PDF")
        );

        var answer = await user.AskAsync(
            new { question = "Who may terminate the sponsorship agreement?", documents = new[] { document } }
        );
        var elsewhere = await user.AskAsync(
            new { question = "What is the boiling point of liquid helium?", documents = new[] { document } }
        );

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.Equal("unsupported", elsewhere.Text("outcome"));
        foreach (var citation in answer.GetProperty("citations").EnumerateArray())
        {
            Assert.Equal(document, citation.Text("document_id"));
            var page = await user.GetAsync(
                $"/api/v1/docs/{document}/versions/1/pages/{citation.GetProperty("page").GetInt32()}"
            );
            var (start, end) = (citation.GetProperty("start").GetInt32(), citation.GetProperty("end").GetInt32());
            Assert.Equal(citation.Text("quote"), page.Text("text")[start..end]);
            Assert.Contains("terminat", citation.Text("quote"), StringComparison.OrdinalIgnoreCase);
            Assert.NotEmpty(citation.GetProperty("boxes").EnumerateArray());
            Assert.All(
                citation.GetProperty("boxes").EnumerateArray(),
                box =>
                    Assert.InRange(
                        box.GetProperty("x").GetDouble() + box.GetProperty("width").GetDouble(),
                        1,
                        citation.GetProperty("page_width").GetDouble()
                    )
            );
        }
    }

    [Fact]
    public async Task A_sentence_that_points_back_to_the_one_before_answers()
    {
        var user = await chancery.SignUpAsync();
        var document = await UploadAsync(
            user,
            TestData.File("qa", "financebench", "pdfs", "ULTABEAUTY_2023Q4_EARNINGS.pdf")
        );

        var answer = await user.AskAsync(
            new { question = "What drove the increase in merchandise inventories?", documents = new[] { document } }
        );

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.Contains("opening of 47 new stores", answer.Text("answer"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_neighbour_asking_the_same_finds_nothing()
    {
        var user = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync("Globex");
        var document = await UploadAsync(
            user,
            TestData.File("contracts", "cuad", "pdf", "GAINSCOINC_01_21_2010-EX-10.41-SPONSORSHIP AGREEMENT.PDF")
        );

        var answer = await neighbour.AskAsync(
            new { question = "Who may terminate the sponsorship agreement?", documents = new[] { document } }
        );

        Assert.Equal("unsupported", answer.Text("outcome"));
        Assert.Equal(0, answer.GetProperty("retrieval").GetProperty("passages").GetArrayLength());
    }

    private static async Task<string> UploadAsync(TestUser user, string path)
    {
        using var file = new ByteArrayContent(await File.ReadAllBytesAsync(path, Cancel));
        file.Headers.ContentType = new MediaTypeHeaderValue("application/pdf");
        using var form = new MultipartFormDataContent { { file, "file", Path.GetFileName(path) } };
        using var response = await user.Http.PostAsync("/api/v1/docs", form, Cancel);
        var id = (await response.ReadAsync(HttpStatusCode.Accepted)).Text("id");
        for (var i = 0; i < 300; i++)
        {
            var document = await user.GetAsync($"/api/v1/docs/{id}");
            switch (document.Text("state"))
            {
                case "ready":
                    return id;
                case "failed":
                    Assert.Fail(document.GetRawText());
                    break;
            }

            await Task.Delay(100, Cancel);
        }

        throw new TimeoutException("The document did not become ready.");
    }
}
