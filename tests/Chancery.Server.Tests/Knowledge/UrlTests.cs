using System.Net;
using System.Text;
using System.Text.Json;
using Chancery.Server.Tests.Http;
using Chancery.Testing;
using Chancery.Testing.Web;

namespace Chancery.Server.Tests.Knowledge;

public sealed class UrlTests(UrlFixture chancery) : IClassFixture<UrlFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_from_an_address_is_fetched_read_and_found()
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves(
            "/files/birds.md",
            new WebReply("# Birds\n\nThe jacana walks on lilies.") { ContentType = "text/markdown" }
        );
        var url = chancery.Web.AddressOf("/files/birds.md?v=1");

        var accepted = await user.PostAsync(
            "/api/v1/docs/url",
            new { url = url + "#top", tags = new[] { "web" } },
            HttpStatusCode.Accepted
        );
        var document = await user.SettledAsync(accepted.Id());
        var found = await user.SearchAsync("jacana lilies");

        Assert.Equal("fetching", accepted.Text("state"));
        Assert.Equal(url, document.Text("source_url"));
        Assert.Equal("fetched", document.GetProperty("source").Text("state"));
        Assert.Equal("birds.md", document.Text("path"));
        Assert.Equal("text/markdown", document.Text("media_type"));
        Assert.Equal("web", document.GetProperty("tags")[0].GetString());
        Assert.Equal(document.Id(), found.Results()[0].GetProperty("document_id").GetGuid());
    }

    [Fact]
    public async Task A_pdf_from_an_address_is_called_what_its_server_calls_it_without_what_could_harm()
    {
        var user = await chancery.SignUpAsync();
        var pdf = await File.ReadAllBytesAsync(
            TestData.File("documents", "pypdf-sample-files", "001-trivial", "minimal-document.pdf"),
            Cancel
        );
        chancery.Web.Serves(
            "/get",
            new WebReply(pdf)
            {
                ContentType = "application/octet-stream",
                Headers =
                [
                    ("Content-Disposition", "attachment; filename*=UTF-8''..%2F..%2Fyear%E2%80%AE%20report.pdf"),
                ],
            }
        );

        var document = await FetchAsync(user, "/get");

        Assert.Equal("year report.pdf", document.Text("path"));
        Assert.Equal("application/pdf", document.Text("media_type"));
        var version = (await user.GetAsync($"/api/v1/docs/{document.Id()}/versions")).Items()[0];
        Assert.Equal(pdf.Length, version.GetProperty("file_size").GetInt64());
    }

    [Theory]
    [InlineData("windows-1251", "Кречет быстрее других.", "кречет")]
    [InlineData("ISO-8859-2", "Puszczyk śpi w dziupli żółtej.", "żółtej")]
    [InlineData("shift_jis", "鶴は千年生きると言う。", "鶴は千年")]
    [InlineData("utf-16le", "Der Kiebitz fällt auf.", "kiebitz")]
    public async Task A_text_is_read_in_the_encoding_that_its_server_names(string charset, string text, string query)
    {
        var user = await chancery.SignUpAsync();
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(charset) ?? Encoding.GetEncoding(charset);
        var path = $"/charset/{charset}.txt";
        chancery.Web.Serves(
            path,
            new WebReply(encoding.GetBytes(text)) { ContentType = $"text/plain; charset=\"{charset}\"" }
        );

        await FetchAsync(user, path);
        var found = await user.SearchAsync(query);

        Assert.Equal(text, found.Results()[0].Text("text"));
    }

    [Fact]
    public async Task A_word_on_the_encoding_of_what_is_no_text_counts_for_nothing()
    {
        var user = await chancery.SignUpAsync();
        var pdf = Pdfs.Of(["The plover runs and stops."]);
        chancery.Web.Serves("/odd", new WebReply(pdf) { ContentType = "text/html; charset=utf-16" });

        Assert.Equal("application/pdf", (await FetchAsync(user, "/odd")).Text("media_type"));
    }

    [Fact]
    public async Task Asked_again_only_a_changed_file_makes_a_version()
    {
        var user = await chancery.SignUpAsync();
        var text = "# One\n\nThe first text.";
        chancery.Web.Serves(
            "/changing.md",
            request =>
                request.Header("If-None-Match") == Tag(text)
                    ? WebReply.Failing(304)
                    : new WebReply(text) { Headers = [("ETag", Tag(text))] }
        );
        var id = (await FetchAsync(user, "/changing.md")).Id();

        var same = await RefetchAsync(user, id);
        text = "# Two\n\nThe second text.";
        var changed = await RefetchAsync(user, id);
        await user.SettledAsync(id);
        var sameAgain = await RefetchAsync(user, id);

        Assert.Equal(
            ("unchanged", 1),
            (same.GetProperty("source").Text("state"), same.GetProperty("latest_version").GetInt32())
        );
        Assert.Equal(
            ("fetched", 2),
            (changed.GetProperty("source").Text("state"), changed.GetProperty("latest_version").GetInt32())
        );
        Assert.Equal(
            ("unchanged", 2),
            (sameAgain.GetProperty("source").Text("state"), sameAgain.GetProperty("latest_version").GetInt32())
        );
        Assert.Equal(2, (await user.SettledAsync(id)).GetProperty("current_version").GetInt32());

        static string Tag(string text) => $"\"{text.Length}-{text[2]}\"";
    }

    [Fact]
    public async Task A_server_that_gives_nothing_to_ask_by_is_compared_by_content()
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves("/plain.md", new WebReply("# Plain\n\nAlways the same."));
        var id = (await FetchAsync(user, "/plain.md")).Id();

        var again = await RefetchAsync(user, id);

        Assert.Equal("unchanged", again.GetProperty("source").Text("state"));
        Assert.Equal(1, again.GetProperty("latest_version").GetInt32());
    }

    [Fact]
    public async Task After_an_upload_the_address_is_asked_for_the_whole_file()
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves(
            "/both.md",
            request =>
                request.Header("If-None-Match") is not null
                    ? WebReply.Failing(304)
                    : new WebReply("# Theirs") { Headers = [("ETag", "\"1\"")] }
        );
        var id = (await FetchAsync(user, "/both.md")).Id();
        await user.ReplaceAsync(id, "# Ours"u8.ToArray(), "ours.md");
        await user.SettledAsync(id);

        var again = await RefetchAsync(user, id);

        Assert.Equal(3, again.GetProperty("latest_version").GetInt32());
    }

    public static TheoryData<string, string, WebReply> Faults =>
        new()
        {
            { "404", "url-not-found", WebReply.Failing(404) },
            { "401", "url-forbidden", WebReply.Failing(401) },
            { "403", "url-forbidden", WebReply.Failing(403) },
            { "500", "url-unavailable", WebReply.Failing(500) },
            { "429", "url-unavailable", WebReply.Failing(429) },
            { "418", "url-no-file", WebReply.Failing(418) },
            { "304", "url-no-file", WebReply.Failing(304) },
            { "empty", "empty", new WebReply("") },
            { "large", "too-large", new WebReply(new string('a', UrlFixture.MaxBytes + 1)) },
            {
                "endless",
                "too-large",
                new WebReply(new string('a', 10_000)) { IsEndless = true }
            },
            {
                "slow",
                "url-too-slow",
                new WebReply(new string('a', 10_000)) { BetweenBytes = TimeSpan.FromMilliseconds(50) }
            },
            {
                "reset",
                "url-broken",
                new WebReply(new string('a', 10_000)) { BreaksAfter = 5_000 }
            },
            { "gzip", "unsupported", new WebReply([0x1F, 0x8B, 8, 0, 0, 0, 0, 0]) },
            { "loop", "url-redirects", WebReply.Redirect("/fault/loop") },
            { "file", "url-redirects", WebReply.Redirect("file:///etc/passwd") },
            { "inside", "url-redirects", WebReply.Redirect("http://169.254.169.254/latest/meta-data/") },
            { "port", "url-refused", WebReply.Redirect("http://example.com:22/") },
        };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public async Task What_goes_wrong_is_said_so_that_a_person_understands(string name, string code, WebReply reply)
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves($"/fault/{name}", reply);

        var document = await FetchAsync(user, $"/fault/{name}", "failed");

        Assert.Equal(code, document.GetProperty("failure").Text("code"));
        Assert.Equal(code, document.GetProperty("source").GetProperty("failure").Text("code"));
        Assert.EndsWith(".", document.GetProperty("failure").Text("reason"), StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await user.Http.GetAsync($"/api/v1/docs/{document.Id()}/versions/1/content", Cancel)).StatusCode
        );
    }

    [Fact]
    public async Task A_name_that_does_not_exist_and_one_that_leads_inside_are_told_in_the_same_words()
    {
        var user = await chancery.SignUpAsync();

        var unknown = await FailedAsync(user, "http://db.unknown.example/");
        var inside = await FailedAsync(user, "http://db.attacker.example/");
        var busy = await FailedAsync(user, "http://db.busy.example/");

        Assert.Equal("url-not-public", unknown.Text("code"));
        Assert.Equal(unknown.ToString(), inside.ToString());
        Assert.Equal("url-unreachable", busy.Text("code"));
    }

    [Fact]
    public async Task No_collected_attack_reaches_anything_inside()
    {
        var user = await chancery.SignUpAsync();
        var odd = OddNotations.Of(127, 0, 0, 1).Concat(OddNotations.Inside6);
        var attacks = OddNotations
            .Collected()
            .Concat(odd.Select(host => $"http://{host}:{chancery.Inside.Port}/"))
            .Concat(odd.Select(host => $"http://{host}/"))
            .Append($"http://localhost:{chancery.Inside.Port}/")
            .Append($"http://rebound.attacker.example:{chancery.Inside.Port}/")
            .ToList();

        var ids = new List<Guid>();
        foreach (var url in attacks)
        {
            using var body = new StringContent(
                JsonSerializer.Serialize(new { url }),
                Encoding.UTF8,
                "application/json"
            );
            var response = await user.Http.PostAsync("/api/v1/docs/url", body, Cancel);
            if (response.StatusCode != HttpStatusCode.BadRequest)
            {
                ids.Add((await KnowledgeApi.BodyAsync(response, HttpStatusCode.Accepted)).Id());
            }
        }

        foreach (var id in ids)
        {
            var document = await user.SettledAsync(id, "failed");
            Assert.Equal("url-not-public", document.GetProperty("failure").Text("code"));
        }

        Assert.Equal(0, chancery.Inside.Connections);
        Assert.True(ids.Count < attacks.Count / 2, $"{ids.Count} of {attacks.Count} were not refused at once.");
    }

    [Theory]
    [InlineData("""{"url":""}""", "url")]
    [InlineData("""{"url":"not an address"}""", "url")]
    [InlineData("""{"url":"ftp://example.com/a.pdf"}""", "url")]
    [InlineData("""{"url":"http://user:pw@example.com/a.pdf"}""", "url")]
    [InlineData("""{"url":"http://127.0.0.1/"}""", "url")]
    [InlineData("""{"url":"http://example.com:8080/"}""", "url")]
    [InlineData("""{"url":"https://example.com/","tags":["a,b"]}""", "tags")]
    public async Task What_cannot_be_fetched_is_400_and_named(string body, string field)
    {
        var user = await chancery.SignUpAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        var response = await user.Http.PostAsync("/api/v1/docs/url", content, Cancel);

        var problem = await KnowledgeApi.BodyAsync(response, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{problem}");
    }

    [Theory]
    [InlineData("http://127.0.0.1/a.pdf")]
    [InlineData("http://192.168.1.20/a.pdf")]
    [InlineData("http://[::1]/a.pdf")]
    [InlineData("https://intranet/a.pdf")]
    [InlineData("https://wiki.corp/a.pdf")]
    public async Task An_address_that_itself_leads_inside_is_refused_with_what_to_do_instead(string url)
    {
        var user = await chancery.SignUpAsync();

        var problem = await user.PostAsync("/api/v1/docs/url", new { url }, HttpStatusCode.BadRequest);

        var said = problem.GetProperty("errors").GetProperty("url")[0].GetString()!;
        Assert.Contains("private network", said, StringComparison.Ordinal);
        Assert.Contains("upload it", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_fetch_is_tried_again_by_processing_it()
    {
        var user = await chancery.SignUpAsync();
        var id = (await FetchAsync(user, "/later.md", "failed")).Id();
        chancery.Web.Serves("/later.md", new WebReply("# Later\n\nNow it is here."));

        await user.PostAsync($"/api/v1/docs/{id}/process", expected: HttpStatusCode.Accepted);
        var document = await user.SettledAsync(id);

        Assert.False(document.TryGetProperty("failure", out _));
        Assert.Equal(1, document.GetProperty("current_version").GetInt32());
    }

    [Fact]
    public async Task Processing_many_tries_their_failed_fetches_again_too()
    {
        var user = await chancery.SignUpAsync();
        var id = (await FetchAsync(user, "/many.md", "failed")).Id();
        var waiting = (await user.UploadAsync("# Stilts"u8.ToArray(), "stilts.md", ("process", "false"))).Id();
        chancery.Web.Serves("/many.md", new WebReply("# Many\n\nNow it is here."));

        var answer = await user.PostAsync("/api/v1/docs/bulk", new { action = "process", ids = new[] { id, waiting } });
        var document = await user.SettledAsync(id);
        await user.SettledAsync(waiting);

        Assert.Equal(2, answer.GetProperty("changed").GetInt32());
        Assert.Equal("ready", document.Text("state"));
        Assert.Equal("fetched", document.GetProperty("source").Text("state"));
    }

    [Fact]
    public async Task An_office_document_that_tells_what_it_is_at_its_end_only_is_fetched_like_any_other()
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves("/late.docx", new WebReply(OfficeFlowTests.LateDocument()));
        chancery.Web.Serves("/some.zip", new WebReply(OfficeFlowTests.LateArchive()));

        var document = await FetchAsync(user, "/late.docx");
        var archive = await FetchAsync(user, "/some.zip", "failed");

        Assert.Contains("wordprocessingml", document.Text("media_type"), StringComparison.Ordinal);
        Assert.Contains("These can be read", archive.GetProperty("failure").Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refetch_that_fails_leaves_what_is_there()
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves("/gone.md", new WebReply("# Here\n\nThe ouzel sings."));
        var id = (await FetchAsync(user, "/gone.md")).Id();
        chancery.Web.Serves("/gone.md", WebReply.Failing(410));

        var document = await RefetchAsync(user, id);

        Assert.Equal("ready", document.Text("state"));
        Assert.False(document.TryGetProperty("failure", out _));
        Assert.Equal("url-not-found", document.GetProperty("source").GetProperty("failure").Text("code"));
        Assert.Single((await user.SearchAsync("ouzel")).Results());
    }

    [Fact]
    public async Task A_file_may_be_fetched_now_and_read_later()
    {
        var user = await chancery.SignUpAsync();
        chancery.Web.Serves("/deferred.md", new WebReply("# Deferred\n\nText."));
        var id = (
            await user.PostAsync(
                "/api/v1/docs/url",
                new
                {
                    url = chancery.Web.AddressOf("/deferred.md"),
                    process = false,
                    title = "Mine",
                },
                HttpStatusCode.Accepted
            )
        ).Id();
        var stored = await UntilAsync(user, id, document => document.Text("state") == "stored");

        await user.PostAsync($"/api/v1/docs/{id}/process", expected: HttpStatusCode.Accepted);
        var ready = await user.SettledAsync(id);

        Assert.Equal("deferred.md", stored.Text("path"));
        Assert.Equal("Mine", ready.Text("title"));
    }

    [Fact]
    public async Task What_was_uploaded_or_deleted_has_no_address_to_ask()
    {
        var user = await chancery.SignUpAsync();
        var uploaded = (await user.ReadyTextAsync("# Uploaded")).Id();
        chancery.Web.Serves("/deleted.md", new WebReply("# Deleted"));
        var deleted = (await FetchAsync(user, "/deleted.md")).Id();
        await user.Http.DeleteAsync($"/api/v1/docs/{deleted}", Cancel);

        var noSource = await user.PostAsync($"/api/v1/docs/{uploaded}/refetch", expected: HttpStatusCode.Conflict);
        var isDeleted = await user.PostAsync($"/api/v1/docs/{deleted}/refetch", expected: HttpStatusCode.Conflict);

        Assert.Equal("no-source", noSource.Text("code"));
        Assert.Equal("document-deleted", isDeleted.Text("code"));
    }

    [Fact]
    public async Task Whoever_may_only_read_fetches_nothing()
    {
        var user = await chancery.SignUpAsync();
        var viewer = await chancery.InviteAsync(user, "viewer");

        await viewer.PostAsync("/api/v1/docs/url", new { url = "https://example.com/a.pdf" }, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Silent_servers_keep_no_upload_from_being_read_and_a_fetch_shows_and_is_not_started_twice()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var path = "/silent.md";
        chancery.Web.Serves(path, new WebReply("late") { BeforeFirstByte = TimeSpan.FromSeconds(60) });
        var id = (
            await user.PostAsync(
                "/api/v1/docs/url",
                new { url = chancery.Web.AddressOf(path) },
                HttpStatusCode.Accepted
            )
        ).Id();
        foreach (var i in Enumerable.Range(0, 4))
        {
            await user.PostAsync(
                "/api/v1/docs/url",
                new { url = chancery.Web.AddressOf($"{path}?{i}") },
                HttpStatusCode.Accepted
            );
        }

        await other.ReadyTextAsync("# Not in the way");
        var again = await user.PostAsync($"/api/v1/docs/{id}/refetch", expected: HttpStatusCode.Accepted);
        var listed = await user.GetAsync("/api/v1/docs?state=fetching");

        Assert.Equal("fetching", again.Text("state"));
        Assert.Equal(5, listed.Items().Length);
    }

    private async Task<JsonElement> FetchAsync(TestUser user, string path, string expected = "ready")
    {
        var accepted = await user.PostAsync(
            "/api/v1/docs/url",
            new { url = chancery.Web.AddressOf(path) },
            HttpStatusCode.Accepted
        );
        return await user.SettledAsync(accepted.Id(), expected);
    }

    private static async Task<JsonElement> FailedAsync(TestUser user, string url)
    {
        var accepted = await user.PostAsync("/api/v1/docs/url", new { url }, HttpStatusCode.Accepted);
        return (await user.SettledAsync(accepted.Id(), "failed")).GetProperty("failure");
    }

    private static async Task<JsonElement> RefetchAsync(TestUser user, Guid id)
    {
        await user.PostAsync($"/api/v1/docs/{id}/refetch", expected: HttpStatusCode.Accepted);
        return await UntilAsync(user, id, document => document.GetProperty("source").Text("state") != "fetching");
    }

    private static async Task<JsonElement> UntilAsync(TestUser user, Guid id, Func<JsonElement, bool> condition)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(30);
        while (true)
        {
            var document = await user.GetAsync($"/api/v1/docs/{id}");
            if (condition(document))
            {
                return document;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Still {document}");
            await Task.Delay(50, Cancel);
        }
    }
}
