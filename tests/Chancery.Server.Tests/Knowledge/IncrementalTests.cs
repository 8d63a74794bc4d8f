using Chancery.Testing;
using Dapper;

namespace Chancery.Server.Tests.Knowledge;

public sealed class IncrementalTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>
{
    private const string CurrentSql = "SELECT count(*) FROM chunks WHERE document_id = @id AND current";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edit_of_one_page_keeps_the_number_of_chunks_and_embeds_at_most_three_again()
    {
        var user = await chancery.SignUpAsync();
        var pages = await PagesOfAContractAsync();
        var document = await user.ReadyAsync(Pdfs.Of(pages), "contract.pdf");
        var id = document.Id();
        var before = await CurrentAsync(id);
        var cited = (await user.SearchAsync(Middle(pages[4]))).Results()[0];
        chancery.Model.Forget();

        pages[4] = pages[4].Replace(" shall ", " would ", StringComparison.Ordinal);
        await user.ReplaceAsync(id, Pdfs.Of(pages), "contract.pdf");
        var edited = await user.SettledAsync(id);
        var embedded = chancery.Model.EmbeddingRequests.Sum(request => request.Inputs.Count);
        var found = await user.SearchAsync(Middle(pages[4]));

        Assert.Equal(pages.Count, document.GetProperty("page_count").GetInt32());
        Assert.True(before > 12, $"{before} chunks are too few to tell.");
        Assert.Equal(2, edited.GetProperty("current_version").GetInt32());
        Assert.Equal(before, await CurrentAsync(id));
        Assert.InRange(embedded, 1, 3);
        Assert.All(found.Results(), passage => Assert.Equal(2, passage.GetProperty("version").GetInt32()));

        // The citation of the old version still opens, where it stood.
        var page = cited.GetProperty("page").GetInt32();
        var old = await user.GetAsync($"/api/v1/docs/{id}/versions/1/pages/{page}");
        Assert.Equal(
            cited.Text("text"),
            old.Text("text")[cited.GetProperty("start").GetInt32()..cited.GetProperty("end").GetInt32()]
        );
    }

    [Fact]
    public async Task An_edit_of_one_word_in_a_long_text_embeds_little_again()
    {
        var user = await chancery.SignUpAsync();
        var text = string.Join("\n\n", await PagesOfAContractAsync());
        var id = (await user.ReadyAsync(System.Text.Encoding.UTF8.GetBytes(text), "contract.txt")).Id();
        var before = await CurrentAsync(id);
        chancery.Model.Forget();

        var at = text.IndexOf(" shall ", text.Length / 2, StringComparison.Ordinal);
        var changed = text[..at] + " would " + text[(at + 7)..];
        await user.ReplaceAsync(id, System.Text.Encoding.UTF8.GetBytes(changed), "contract.txt");
        await user.SettledAsync(id);

        Assert.Equal(before, await CurrentAsync(id));
        Assert.InRange(chancery.Model.EmbeddingRequests.Sum(request => request.Inputs.Count), 1, 3);
    }

    private async Task<long> CurrentAsync(Guid id)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.ExecuteScalarAsync<long>(CurrentSql, new { id });
    }

    private static string Middle(string page) =>
        page.Substring(page.Length / 2, 120).Replace("\"", "", StringComparison.Ordinal);

    /// <summary>Ten pages of a real contract, in plain ASCII.</summary>
    private static async Task<List<string>> PagesOfAContractAsync()
    {
        var file = Directory
            .GetFiles(Path.GetDirectoryName(TestData.File("contracts", "cuad", "README.txt")) + "/full_contract_txt")
            .Where(path => new FileInfo(path).Length > 60_000)
            .Order(StringComparer.Ordinal)
            .First();
        var words = (await File.ReadAllTextAsync(file, Cancel))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.All(char.IsAscii))
            .ToArray();
        return [.. words.Chunk(450).Take(10).Select(page => string.Join(' ', page))];
    }
}
