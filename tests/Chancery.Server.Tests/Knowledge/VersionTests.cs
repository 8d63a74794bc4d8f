using System.Net;
using System.Net.Http.Headers;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

public sealed class VersionTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_download_is_the_file_as_an_attachment_that_nothing_in_a_browser_will_run()
    {
        var user = await chancery.SignUpAsync();
        var pdf = await File.ReadAllBytesAsync(
            TestData.File("qa", "financebench", "pdfs", "ULTABEAUTY_2023Q4_EARNINGS.pdf"),
            Cancel
        );
        var id = (await user.UploadAsync(pdf, "Ulta – Q4.pdf")).Id();
        var address = $"/api/v1/docs/{id}/versions/1/content";

        var whole = await user.Http.GetAsync(address, Cancel);
        using var part = new HttpRequestMessage(HttpMethod.Get, address);
        part.Headers.Range = new RangeHeaderValue(70_000, 70_999);
        var partial = await user.Http.SendAsync(part, Cancel);
        using var again = new HttpRequestMessage(HttpMethod.Get, address);
        again.Headers.IfNoneMatch.Add(whole.Headers.ETag!);
        var unchanged = await user.Http.SendAsync(again, Cancel);

        Assert.Equal(pdf, await whole.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal("application/pdf", whole.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", whole.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal("Ulta – Q4.pdf", whole.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal("nosniff", Assert.Single(whole.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains(
            "sandbox",
            string.Concat(whole.Headers.GetValues("Content-Security-Policy")),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.PartialContent, partial.StatusCode);
        Assert.Equal(pdf[70_000..71_000], await partial.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task Every_version_can_be_listed_downloaded_and_read()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyTextAsync("# One\n\nThe first.")).Id();
        await user.ReplaceAsync(id, "# Two\n\nThe second."u8.ToArray(), "two.md");
        await user.SettledAsync(id);

        var versions = (await user.GetAsync($"/api/v1/docs/{id}/versions")).Items();
        var first = await user.Http.GetStringAsync($"/api/v1/docs/{id}/versions/1/content", Cancel);
        var page = await user.GetAsync($"/api/v1/docs/{id}/versions/2/pages/1");

        Assert.Equal([2, 1], versions.Select(version => version.GetProperty("version").GetInt32()));
        Assert.Equal("two.md", versions[0].Text("file_name"));
        Assert.Equal(user.UserId, versions[0].GetProperty("uploaded_by").GetGuid());
        Assert.Equal("# One\n\nThe first.", first);
        Assert.Contains("The second.", page.Text("text"), StringComparison.Ordinal);
        Assert.Equal(1, page.GetProperty("pages").GetInt32());
        await user.GetAsync($"/api/v1/docs/{id}/versions/3/content", HttpStatusCode.NotFound);
        await user.GetAsync($"/api/v1/docs/{id}/versions/1/pages/2", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_passage_of_a_pdf_has_boxes_on_its_page_and_only_for_its_tenant()
    {
        var user = await chancery.SignUpAsync();
        var pdf = TestData.File("qa", "financebench", "pdfs", "ULTABEAUTY_2023Q4_EARNINGS.pdf");
        var id = (await user.ReadyAsync(await File.ReadAllBytesAsync(pdf, Cancel), "ulta.pdf")).Id();
        var passage = (await user.SearchAsync("opening of 47 new stores")).Results()[0];
        var geometry = chancery.Services.GetRequiredService<PageGeometryReader>();
        var (page, start, end) = (
            passage.GetProperty("page").GetInt32(),
            passage.GetProperty("start").GetInt32(),
            passage.GetProperty("end").GetInt32()
        );

        var marked = await geometry.BoxesAsync(
            new TenantId(user.TenantId),
            Reader.Everything,
            id,
            1,
            page,
            start,
            end,
            Cancel
        );
        var foreign = await geometry.BoxesAsync(
            new TenantId(Guid.CreateVersion7()),
            Reader.Everything,
            id,
            1,
            page,
            start,
            end,
            Cancel
        );

        Assert.NotNull(marked);
        Assert.NotEmpty(marked.Boxes);
        Assert.All(marked.Boxes, box => Assert.InRange(box.Y + box.Height, 0, marked.PageHeight));
        Assert.All(marked.Boxes, box => Assert.InRange(box.X + box.Width, 0, marked.PageWidth));
        Assert.Null(foreign);
    }

    [Fact]
    public async Task Versions_are_listed_page_by_page()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.UploadTextAsync("# One")).Id();
        for (var i = 2; i <= 5; i++)
        {
            await user.ReplaceAsync(id, System.Text.Encoding.UTF8.GetBytes($"# Number {i}"), "n.md");
        }

        var seen = new List<int>();
        var cursor = "";
        do
        {
            var page = await user.GetAsync($"/api/v1/docs/{id}/versions?limit=2&cursor={cursor}");
            seen.AddRange(page.Items().Select(item => item.GetProperty("version").GetInt32()));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        Assert.Equal([5, 4, 3, 2, 1], seen);
        await user.GetAsync($"/api/v1/docs/{id}/versions?cursor=nonsense", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_new_version_brings_the_title_the_tags_and_the_collection_that_come_with_it()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyAsync("# One\n\nOld text."u8.ToArray(), "one.md", ("tags", "old"))).Id();
        var collection = (
            await user.PostAsync("/api/v1/collections", new { name = "Filed" }, HttpStatusCode.Created)
        ).Id();

        await PutAsync("# Two\n\nNew text.", HttpStatusCode.Accepted, ("title", "Dunlins"), ("tags", "b, a"));
        var retitled = await user.SettledAsync(id);
        var found = await user.SearchAsync("dunlins");
        await PutAsync("# Two\n\nNew text.", HttpStatusCode.OK, ("collection_id", $"{collection}"));
        var moved = await user.SettledAsync(id);
        await PutAsync("# Three", HttpStatusCode.Accepted);
        var kept = await user.SettledAsync(id);
        await PutAsync("# Four", HttpStatusCode.NotFound, ("collection_id", $"{Guid.CreateVersion7()}"));
        var refused = await user.SettledAsync(id);

        Assert.Equal("Dunlins", retitled.Text("title"));
        Assert.Equal(["b", "a"], retitled.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(id, Assert.Single(found.Results()).GetProperty("document_id").GetGuid());
        Assert.Equal(collection, moved.GetProperty("collection_id").GetGuid());
        Assert.Equal(["b", "a"], moved.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal("Dunlins", kept.Text("title"));
        Assert.Equal(collection, kept.GetProperty("collection_id").GetGuid());
        Assert.Equal(3, refused.GetProperty("latest_version").GetInt32());

        async Task PutAsync(string text, HttpStatusCode expected, params (string, string)[] fields)
        {
            using var form = KnowledgeApi.Form(System.Text.Encoding.UTF8.GetBytes(text), "one.md", fields);
            await KnowledgeApi.BodyAsync(await user.Http.PutAsync($"/api/v1/docs/{id}", form, Cancel), expected);
        }
    }
}
