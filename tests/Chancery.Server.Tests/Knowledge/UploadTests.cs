using System.Net;
using System.Net.Http.Json;
using System.Text;
using Chancery.Server.Knowledge.Upload;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class SmallUploadsFixture : ChanceryFixture
{
    public const int Limit = 700_000;

    public SmallUploadsFixture() => Settings["MAX_UPLOAD_BYTES"] = $"{Limit}";
}

public sealed class UploadTests(SmallUploadsFixture chancery) : IClassFixture<SmallUploadsFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_upload_is_accepted_with_its_address_and_what_was_said_with_it()
    {
        var user = await chancery.SignUpAsync();
        var collection = await user.PostAsync("/api/v1/collections", new { name = "Leases" }, HttpStatusCode.Created);
        using var form = KnowledgeApi.Form(
            "# One\n\nText."u8.ToArray(),
            "lease.md",
            ("title", "The lease"),
            ("tags", "a, b"),
            ("tags", "b,c"),
            ("collection_id", collection.Id().ToString())
        );

        var response = await user.Http.PostAsync("/api/v1/docs", form, Cancel);

        var document = await KnowledgeApi.BodyAsync(response, HttpStatusCode.Accepted);
        Assert.Equal($"/api/v1/docs/{document.Id()}", response.Headers.Location?.ToString());
        Assert.Equal("The lease", document.Text("title"));
        Assert.Equal("lease.md", document.Text("path"));
        Assert.Equal("text/markdown", document.Text("media_type"));
        Assert.Equal(collection.Id(), document.GetProperty("collection_id").GetGuid());
        Assert.Equal(["a", "b", "c"], document.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(1, document.GetProperty("latest_version").GetInt32());
    }

    [Fact]
    public async Task Without_a_credential_nothing_is_taken_in()
    {
        using var form = KnowledgeApi.Form("Text."u8.ToArray(), "a.txt");
        using var client = chancery.Anonymous();

        var response = await client.PostAsync("/api/v1/docs", form, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_file_over_the_limit_is_413_and_one_just_under_it_is_not()
    {
        var user = await chancery.SignUpAsync();
        var words = string.Concat(Enumerable.Repeat("word ", SmallUploadsFixture.Limit / 5));
        using var fits = KnowledgeApi.Form(Encoding.ASCII.GetBytes(words), "fits.txt");
        using var exceeds = KnowledgeApi.Form(Encoding.ASCII.GetBytes(words + "x"), "exceeds.txt");

        var accepted = await user.Http.PostAsync("/api/v1/docs", fits, Cancel);
        var refused = await user.Http.PostAsync("/api/v1/docs", exceeds, Cancel);

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var problem = await KnowledgeApi.BodyAsync(refused, HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal("too-large", problem.Text("code"));
    }

    [Theory]
    [InlineData("a.pdf", "", "empty")]
    [InlineData("notes.txt", "PK\u0003\u0004 not text at all", "ZIP")]
    [InlineData("page.pdf", "\u007fELF\u0002\u0001\u0001", "These can be read: PDF, ")]
    public async Task What_cannot_be_read_is_refused_with_a_sentence(string name, string content, string says)
    {
        var user = await chancery.SignUpAsync();
        using var form = KnowledgeApi.Form(Encoding.Latin1.GetBytes(content), name);

        var response = await user.Http.PostAsync("/api/v1/docs", form, Cancel);

        var problem = await KnowledgeApi.BodyAsync(response, HttpStatusCode.UnsupportedMediaType);
        Assert.Contains(says, problem.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_a_form_is_415_and_one_without_a_file_400()
    {
        var user = await chancery.SignUpAsync();
        using var empty = new MultipartFormDataContent { { new StringContent("x"), "title" } };

        var json = await user.Http.PostAsJsonAsync("/api/v1/docs", new { file = "x" }, Cancel);
        var missing = await user.Http.PostAsync("/api/v1/docs", empty, Cancel);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, json.StatusCode);
        var problem = await KnowledgeApi.BodyAsync(missing, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty("file", out _), $"{problem}");
    }

    [Theory]
    [InlineData("process", "perhaps")]
    [InlineData("collection_id", "mine")]
    [InlineData("tags", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggggggggg")]
    public async Task A_field_that_cannot_be_used_is_named(string field, string value)
    {
        var user = await chancery.SignUpAsync();
        using var form = KnowledgeApi.Form("Text."u8.ToArray(), "a.txt", (field, value));

        var response = await user.Http.PostAsync("/api/v1/docs", form, Cancel);

        var problem = await KnowledgeApi.BodyAsync(response, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{problem}");
    }

    [Fact]
    public async Task A_collection_of_another_tenant_is_the_same_404_as_a_missing_one()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var theirs = (await other.GetAsync("/api/v1/collections")).Items()[0].Id();

        foreach (var id in new[] { theirs, Guid.CreateVersion7() })
        {
            using var form = KnowledgeApi.Form("Text."u8.ToArray(), "a.txt", ("collection_id", $"{id}"));
            var response = await user.Http.PostAsync("/api/v1/docs", form, Cancel);
            var problem = await KnowledgeApi.BodyAsync(response, HttpStatusCode.NotFound);
            Assert.Equal("There is no such collection, or it is not yours to see.", problem.Text("detail"));
        }
    }

    [Fact]
    public async Task Another_tenants_document_cannot_be_replaced_or_processed()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var theirs = (await other.UploadTextAsync("# Theirs\n\nTheir text.")).Id();

        await user.ReplaceAsync(theirs, "New."u8.ToArray(), "a.txt", HttpStatusCode.NotFound);
        await user.PostAsync($"/api/v1/docs/{theirs}/process", expected: HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_same_content_again_is_200_and_makes_no_version()
    {
        var user = await chancery.SignUpAsync();
        var content = "# One\n\nThe same text."u8.ToArray();
        var id = (await user.ReadyAsync(content, "one.md")).Id();

        await user.ReplaceAsync(id, content, "other-name.md", HttpStatusCode.OK);

        Assert.Single((await user.GetAsync($"/api/v1/docs/{id}/versions")).Items());
    }

    [Fact]
    public async Task A_deferred_upload_waits_until_it_is_told_to_start()
    {
        var user = await chancery.SignUpAsync();
        var stored = await user.UploadAsync("# Later\n\nWaiting."u8.ToArray(), "later.md", ("process", "false"));
        await Task.Delay(1500, Cancel);
        var waiting = await user.GetAsync($"/api/v1/docs/{stored.Id()}");

        await user.PostAsync($"/api/v1/docs/{stored.Id()}/process", expected: HttpStatusCode.Accepted);

        Assert.Equal("stored", waiting.Text("state"));
        await user.SettledAsync(stored.Id());
    }

    [Theory]
    [InlineData("encrypted", "documents", "docling", "pdf_password", "sources", "2206.01062_pg3.pdf")]
    [InlineData("image-only", "documents", "pypdf-sample-files", "007-imagemagick-images", "imagemagick-images.pdf")]
    public async Task A_file_without_readable_text_fails_with_a_reason_and_a_retry_does_not_hide_it(
        string code,
        params string[] path
    )
    {
        var user = await chancery.SignUpAsync();
        var content = await File.ReadAllBytesAsync(TestData.File(path), Cancel);
        var id = (await user.UploadAsync(content, path[^1])).Id();

        var failed = await user.SettledAsync(id, "failed");
        await user.PostAsync($"/api/v1/docs/{id}/process", expected: HttpStatusCode.Accepted);
        var again = await user.SettledAsync(id, "failed");

        Assert.Equal(code, failed.GetProperty("failure").Text("code"));
        Assert.EndsWith(".", failed.GetProperty("failure").Text("reason"), StringComparison.Ordinal);
        Assert.Equal(code, again.GetProperty("failure").Text("code"));
    }

    [Fact]
    public async Task A_new_version_that_fails_leaves_the_old_one_searchable()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyTextAsync("# Notice\n\nThe heron period is ninety days.")).Id();
        var locked = TestData.File("documents", "docling", "pdf_password", "sources", "2206.01062_pg3.pdf");

        await user.ReplaceAsync(id, await File.ReadAllBytesAsync(locked, Cancel), "locked.pdf");
        var document = await user.SettledAsync(id, "failed");
        var found = await user.SearchAsync("heron period");

        Assert.Equal(1, document.GetProperty("current_version").GetInt32());
        Assert.Equal(2, document.GetProperty("latest_version").GetInt32());
        Assert.Equal(1, found.Results().Single().GetProperty("version").GetInt32());
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\temp\\lease.pdf", "lease.pdf")]
    [InlineData("in\u202Evoice\u0007.pdf", "invoice.pdf")]
    [InlineData("  two   spaces .pdf", "two spaces .pdf")]
    [InlineData("...", "document")]
    [InlineData("", "document")]
    public void Names_lose_paths_and_what_cannot_be_seen(string given, string expected) =>
        Assert.Equal(expected, FileNames.Clean(given));

    [Fact]
    public void Long_names_keep_their_extension_and_whole_characters()
    {
        var clean = FileNames.Clean(string.Concat(Enumerable.Repeat("😀", 200)) + ".pdf");

        Assert.True(clean.Length <= 255);
        Assert.EndsWith("😀.pdf", clean, StringComparison.Ordinal);
    }
}
