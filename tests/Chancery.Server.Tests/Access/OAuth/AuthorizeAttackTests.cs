using System.Net;
using System.Net.Http.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>What goes wrong at the authorization endpoint, and who is told (RFC 9700, 4; OAuth 2.1, 7).</summary>
public sealed class AuthorizeAttackTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("https://evil.example/callback")]
    [InlineData("https://app.example.com/callback/")]
    [InlineData("https://app.example.com/callback/../evil")]
    [InlineData("https://app.example.com/callback?next=evil")]
    [InlineData("https://app.example.com/Callback")]
    [InlineData("https://APP.example.com/callback")]
    [InlineData("https://app.example.com:443/callback")]
    [InlineData("https://app.example.com@evil.example/callback")]
    [InlineData("https://app.example.com.evil.example/callback")]
    [InlineData("http://app.example.com/callback")]
    [InlineData("https://app.example.com/callback#fragment")]
    [InlineData("https://app.example.com\\@evil.example/callback")]
    [InlineData("//app.example.com/callback")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    public async Task Nobody_is_sent_to_an_address_that_is_not_the_registered_one_to_the_letter(string address)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + app.Request(("redirect_uri", address)));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.Location);
        Assert.Contains("text/html", response.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true)]
    [InlineData("http://127.0.0.1:3000/cb", "http://127.0.0.1:49152/cb", true)]
    [InlineData("http://localhost/cb", "http://localhost:49152/cb", true)]
    [InlineData("http://[::1]/cb", "http://[::1]:49152/cb", true)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152/other", false)]
    [InlineData("http://127.0.0.1/cb", "http://localhost:49152/cb", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152@evil.example/cb", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", false)]
    [InlineData("http://127.0.0.1/cb", "https://127.0.0.1:49152/cb", false)]
    public async Task On_loopback_the_port_is_free_and_nothing_else(string registered, string given, bool isSame)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync("public", addresses: [registered]);
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + app.Request(("redirect_uri", given)));

        Assert.Equal(isSame ? HttpStatusCode.OK : HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("http://app.example.com/callback")]
    [InlineData("https://app.example.com/callback#x")]
    [InlineData("https://*.example.com/callback")]
    [InlineData("https://user@example.com/callback")]
    [InlineData("javascript:alert(1)")]
    [InlineData("myapp:/callback")]
    [InlineData("/callback")]
    [InlineData("https://app.example.com/ callback")]
    public async Task An_address_that_is_no_good_cannot_be_registered(string address)
    {
        var olga = await chancery.SignUpAsync();

        using var response = await olga.Http.PostAsync(
            "/api/v1/oauth/clients",
            new
            {
                name = "x",
                type = "public",
                redirect_uris = new[] { address },
            }
        );

        var body = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(body.GetProperty("errors").TryGetProperty("redirect_uris", out _));
    }

    [Theory]
    [InlineData("client_id", "01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("client_id", "")]
    [InlineData("client_id", "' OR 1=1")]
    public async Task An_unknown_application_is_shown_and_not_followed(string name, string value)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = new Visitor(chancery.Anonymous());

        using var response = await visitor.GetAsync("/oauth/authorize?" + app.Request((name, value)));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    public static TheoryData<string, string, string> Refusals =>
        new()
        {
            { "response_type", "token", "unsupported_response_type" },
            { "response_type", "id_token", "unsupported_response_type" },
            { "response_type", "code token", "unsupported_response_type" },
            { "response_type", "", "invalid_request" },
            { "response_mode", "fragment", "invalid_request" },
            { "response_mode", "form_post", "invalid_request" },
            { "code_challenge", "", "invalid_request" },
            { "code_challenge", "short", "invalid_request" },
            { "code_challenge_method", "plain", "invalid_request" },
            { "code_challenge_method", "", "invalid_request" },
            { "scope", "openid keys:manage", "invalid_scope" },
            { "scope", "everything", "invalid_scope" },
            { "scope", "open\"id", "invalid_scope" },
            { "resource", "https://elsewhere.example/api", "invalid_target" },
            { "resource", "http://localhost:8000/api/v1#x", "invalid_target" },
            { "resource", "http://localhost:8000.evil.example/", "invalid_target" },
            { "request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported" },
            { "request_uri", "http://127.0.0.1:1/", "request_uri_not_supported" },
            { "max_age", "-1", "invalid_request" },
        };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_is_wrong_with_a_request_is_told_to_the_application_with_its_state_and_who_says_so(
        string name,
        string value,
        string error
    )
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + app.Request((name, value)));

        var returned = Returned.To(response);
        Assert.Equal(App.Callback, returned.Address);
        Assert.Equal(
            (error, "some state", "http://localhost:8000"),
            (returned.Answer["error"], returned.Answer["state"], returned.Answer["iss"])
        );
        Assert.False(returned.Answer.ContainsKey("code"));
    }

    [Fact]
    public async Task A_parameter_that_comes_twice_is_refused_and_where_it_decides_whom_to_tell_nobody_is_told()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var scope = await visitor.GetAsync($"/oauth/authorize?{app.Request()}&scope=openid");
        using var address = await visitor.GetAsync(
            $"/oauth/authorize?{app.Request()}&redirect_uri={Uri.EscapeDataString("https://evil.example/")}"
        );

        Assert.Equal("invalid_request", Returned.To(scope).Answer["error"]);
        Assert.Equal(HttpStatusCode.BadRequest, address.StatusCode);
        Assert.Null(address.Headers.Location);
    }

    [Fact]
    public async Task The_question_cannot_be_framed_leaves_no_referrer_and_is_not_kept()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var page = await visitor.GetAsync("/oauth/authorize?" + app.Request());

        Assert.Contains(
            "frame-ancestors 'none'",
            page.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal
        );
        Assert.Equal("DENY", page.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(page.Headers.CacheControl?.NoStore);
        Assert.DoesNotContain(
            "access-control-allow-origin",
            page.Headers.ToString(),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public async Task Nobody_allows_anything_by_a_form_of_another_site_or_without_the_pages_own_token()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        (string, string)[] form =
        [
            ("request", app.Request()),
            ("decision", "allow"),
            ("tenant_id", olga.TenantId.ToString()),
        ];

        using var withoutToken = await visitor.PostAsync("/oauth/consent", form);
        using var page = await visitor.GetAsync("/oauth/authorize?" + app.Request());
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/oauth/consent");
        foreign.Headers.Add("Sec-Fetch-Site", "cross-site");
        foreign.Headers.Add("Origin", "https://evil.example");
        foreign.Content = new FormUrlEncodedContent(form.Select(one => KeyValuePair.Create(one.Item1, one.Item2)));
        using var crossSite = await visitor.SendAsync(foreign);

        Assert.StartsWith("/oauth/authorize?", withoutToken.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, crossSite.StatusCode);
    }

    [Fact]
    public async Task What_stands_in_the_answered_form_is_checked_like_the_request_itself()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        using var page = await visitor.GetAsync("/oauth/authorize?" + app.Request());

        foreach (
            var request in new[]
            {
                app.Request(("redirect_uri", "https://evil.example/callback")),
                app.Request(("scope", "openid keys:manage")),
                "https://evil.example/",
                "a=b\r\nSet-Cookie: x=y",
            }
        )
        {
            using var answer = await visitor.SubmitAsync(
                page,
                "/oauth/consent",
                ("request", request),
                ("decision", "allow")
            );
            Assert.StartsWith("/oauth/authorize", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        }

        var foreign = await chancery.SignUpAsync("Globex");
        using var elsewhere = await visitor.SubmitAsync(
            page,
            "/oauth/consent",
            ("tenant_id", foreign.TenantId.ToString()),
            ("decision", "allow")
        );
        Assert.StartsWith("/oauth/authorize", elsewhere.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_address_counts_at_once_and_the_old_one_no_more()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        using var before = await visitor.GetAsync("/oauth/authorize?" + app.Request());
        using var content = JsonContent.Create(new { redirect_uris = new[] { "https://new.example.com/callback" } });
        using var bad = JsonContent.Create(new { redirect_uris = new[] { "http://new.example.com/callback" } });

        using var refused = await olga.Http.PatchAsync($"/api/v1/oauth/clients/{app.Id}", bad, Cancel);
        using var changed = await olga.Http.PatchAsync($"/api/v1/oauth/clients/{app.Id}", content, Cancel);
        using var old = await visitor.GetAsync("/oauth/authorize?" + app.Request());
        using var current = await visitor.GetAsync(
            "/oauth/authorize?" + app.Request(("redirect_uri", "https://new.example.com/callback"))
        );

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("Case files", (await changed.ReadAsync()).Text("name"));
        Assert.Equal(HttpStatusCode.BadRequest, old.StatusCode);
        Assert.Equal(HttpStatusCode.OK, current.StatusCode);
    }

    [Fact]
    public async Task A_token_or_a_key_answers_no_question()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();

        using var response = await olga.Http.GetAsync("/oauth/authorize?" + app.Request(), Cancel);

        Assert.StartsWith("/login?", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_comes_as_a_form_of_the_application_is_asked_to_come_as_an_address()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        using var form = new FormUrlEncodedContent([new("client_id", app.Id.ToString()), new("response_type", "code")]);

        using var response = await client.PostAsync("/oauth/authorize", form, Cancel);

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal(
            $"/oauth/authorize?client_id={app.Id}&response_type=code",
            response.Headers.Location!.OriginalString
        );
    }

    [Fact]
    public async Task A_name_that_is_markup_stays_text()
    {
        var olga = await chancery.SignUpAsync();
        var made = await (
            await olga.Http.PostAsync(
                "/api/v1/oauth/clients",
                new
                {
                    name = "<script>alert(1)</script>",
                    type = "public",
                    redirect_uris = new[] { App.Callback },
                }
            )
        ).ReadAsync(HttpStatusCode.Created);
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var page = await visitor.GetAsync(
            "/oauth/authorize?" + new App(made.GetProperty("id").GetGuid(), null).Request()
        );

        var html = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
    }
}
