using System.Net;
using System.Text;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

/// <summary>The page's forms and its cookie.</summary>
public sealed class PageSignInTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signing_in_by_form_sets_a_cookie_that_scripts_and_other_sites_cannot_use()
    {
        var olga = await chancery.SignUpAsync();

        using var response = await PostFormAsync("/login", ("email", olga.Email), ("password", olga.Password));

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("/", response.Headers.Location!.OriginalString);
        var cookie = SignInOf(response);
        foreach (var attribute in new[] { "path=/", "secure", "httponly", "samesite=lax" })
        {
            Assert.Contains(attribute, cookie.Split("; "));
        }

        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        using var client = WithCookie(ValueOf(cookie));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/me", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("/documents?tag=a", "/documents?tag=a")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/\r\nX: y", "/")]
    public async Task After_signing_in_the_page_goes_on_only_to_paths_of_its_own(string returnUrl, string expected)
    {
        var olga = await chancery.SignUpAsync();

        using var response = await PostFormAsync(
            "/login",
            ("email", olga.Email),
            ("password", olga.Password),
            ("return_url", returnUrl)
        );

        Assert.Equal(expected, response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_wrong_password_leads_back_to_the_form_with_a_code_and_the_e_mail()
    {
        var olga = await chancery.SignUpAsync();

        using var response = await PostFormAsync("/login", ("email", olga.Email), ("password", "wrong password"));

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal($"/login?error=invalid-credentials&email={olga.Email}", response.Headers.Location!.OriginalString);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("/login")]
    [InlineData("/signup")]
    [InlineData("/invite")]
    [InlineData("/logout")]
    public async Task A_form_without_its_antiforgery_token_is_not_taken(string path)
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([
            new("email", olga.Email),
            new("password", olga.Password),
            new("organization", "x"),
            new("token", "x"),
        ]);

        using var response = await client.PostAsync(path, form, Cancel);

        Assert.EndsWith("error=form-expired", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("/login", "Sec-Fetch-Site", "cross-site")]
    [InlineData("/login", "Sec-Fetch-Site", "same-site")]
    [InlineData("/login", "Origin", "http://evil.example")]
    [InlineData("/signup", "Origin", "null")]
    [InlineData("/invite", "Sec-Fetch-Site", "cross-site")]
    [InlineData("/logout", "Sec-Fetch-Site", "cross-site")]
    public async Task Another_sites_form_is_not_taken_though_it_has_a_token(string path, string header, string value)
    {
        var olga = await chancery.SignUpAsync();

        using var response = await PostFormAsync(
            path,
            client => client.DefaultRequestHeaders.Add(header, value),
            ("email", olga.Email),
            ("password", olga.Password)
        );

        Assert.Equal("cross-site", await response.CodeAsync(HttpStatusCode.Forbidden));
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task A_form_that_no_browser_sends_is_taken_with_its_token()
    {
        var olga = await chancery.SignUpAsync();

        using var response = await PostFormAsync(
            "/login",
            _ => { },
            ("email", olga.Email),
            ("password", olga.Password)
        );

        Assert.Equal("/", response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task The_forms_cookie_is_of_this_host_alone_also_over_plain_HTTP()
    {
        using var client = chancery.Anonymous();

        using var page = await client.GetAsync("/login", Cancel);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var cookie = Assert.Single(page.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-chancery-form=", cookie, StringComparison.Ordinal);
        foreach (var attribute in new[] { "path=/", "secure", "httponly", "samesite=strict" })
        {
            Assert.Contains(attribute, cookie.Split("; "));
        }
    }

    [Fact]
    public async Task Signing_up_and_accepting_an_invitation_by_form_sign_in()
    {
        var email = $"form-{Guid.CreateVersion7():n}@example.com";
        using var signedUp = await PostFormAsync(
            "/signup",
            ("email", email),
            ("password", "long enough password"),
            ("name", "Fiona"),
            ("organization", "Forms Ltd")
        );
        Assert.Equal("/", signedUp.Headers.Location!.OriginalString);
        using var fiona = WithCookie(ValueOf(signedUp.Headers.GetValues("Set-Cookie").Single()));
        fiona.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        var invitation = await (
            await fiona.PostAsync(
                "/api/v1/invitations",
                new { email = $"guest-{Guid.CreateVersion7():n}@example.com", role = "viewer" }
            )
        ).ReadAsync(HttpStatusCode.Created);

        using var joined = await PostFormAsync(
            "/invite",
            ("token", invitation.GetProperty("token").GetString()!),
            ("password", "long enough password"),
            ("name", "Gus")
        );

        Assert.Equal("/", joined.Headers.Location!.OriginalString);
        using var gus = WithCookie(ValueOf(joined.Headers.GetValues("Set-Cookie").Single()));
        var me = await (await gus.GetAsync("/api/v1/me", Cancel)).ReadAsync();
        Assert.Equal("Gus", me.GetProperty("user").GetProperty("name").GetString());
        Assert.Equal("viewer", me.GetProperty("user").GetProperty("role").GetString());
    }

    [Fact]
    public async Task A_sign_up_that_cannot_be_taken_leads_back_with_what_was_typed_except_the_password()
    {
        using var response = await PostFormAsync(
            "/signup",
            ("email", "short@example.com"),
            ("password", "short"),
            ("name", "Sho"),
            ("organization", "Short & Co")
        );

        Assert.Equal(
            "/signup?error=invalid-password&email=short@example.com&name=Sho&organization=Short%20%26%20Co",
            response.Headers.Location!.OriginalString
        );
    }

    [Fact]
    public async Task Signing_out_by_form_ends_the_session_and_clears_the_cookie()
    {
        var olga = await chancery.SignUpAsync();
        var cookie = await CookieOfAsync(olga);
        var me = (await (await WithCookie(cookie).GetAsync("/api/v1/me", Cancel)).ReadAsync()).GetProperty("user");

        using var response = await PostFormAsync("/logout", cookie, me.GetProperty("id").GetString());

        Assert.Equal("/login", response.Headers.Location!.OriginalString);
        Assert.Contains(
            response.Headers.GetValues("Set-Cookie"),
            set => set.StartsWith("__Host-chancery=;", StringComparison.Ordinal)
        );
        using var client = WithCookie(cookie);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/me", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("cross-site", null, HttpStatusCode.Forbidden)]
    [InlineData("same-site", null, HttpStatusCode.Forbidden)]
    [InlineData("none", null, HttpStatusCode.Forbidden)]
    [InlineData(null, null, HttpStatusCode.Forbidden)]
    [InlineData(null, "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData(null, "null", HttpStatusCode.Forbidden)]
    [InlineData("cross-site", "own", HttpStatusCode.Forbidden)]
    [InlineData(null, "own", HttpStatusCode.OK)]
    [InlineData("same-origin", null, HttpStatusCode.OK)]
    public async Task A_change_by_cookie_comes_from_the_page_itself_or_not_at_all(
        string? fetchSite,
        string? origin,
        HttpStatusCode expected
    )
    {
        var olga = await chancery.SignUpAsync();
        using var client = WithCookie(await CookieOfAsync(olga));
        if (fetchSite is not null)
        {
            client.DefaultRequestHeaders.Add("Sec-Fetch-Site", fetchSite);
        }

        if (origin is not null)
        {
            var own = chancery.Address.GetLeftPart(UriPartial.Authority);
            client.DefaultRequestHeaders.Add("Origin", origin == "own" ? own : origin);
        }

        using var change = new StringContent("""{"name": "New"}""", Encoding.UTF8, "application/json");
        var response = await client.PatchAsync("/api/v1/me", change, Cancel);

        var body = await response.ReadAsync(expected);
        Assert.Equal(
            expected == HttpStatusCode.OK ? null : "cross-site",
            body.TryGetProperty("code", out var code) ? code.GetString() : null
        );
    }

    [Fact]
    public async Task Tokens_and_keys_need_no_origin()
    {
        var olga = await chancery.SignUpAsync();
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/me")
        {
            Content = new StringContent("""{"name": "New"}""", Encoding.UTF8, "application/json"),
            Headers = { { "Sec-Fetch-Site", "cross-site" }, { "Origin", "http://elsewhere.example" } },
        };

        using var response = await olga.Http.SendAsync(request, Cancel);

        var me = await response.ReadAsync();
        Assert.Equal("New", me.GetProperty("user").GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_cookie_with_another_secret_or_of_a_token_session_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var cookie = await CookieOfAsync(olga);
        var sessionOfToken = JsonSerializer
            .Deserialize<JsonElement>(System.Buffers.Text.Base64Url.DecodeFromChars(olga.AccessToken.Split('.')[1]))
            .GetProperty("sid")
            .GetGuid();

        foreach (
            var value in new[]
            {
                cookie[..33] + new string('A', 43),
                cookie[..33],
                $"{sessionOfToken:N}.{cookie[33..]}",
                $"{Guid.CreateVersion7():N}.{cookie[33..]}",
                "x",
            }
        )
        {
            using var client = WithCookie(value);
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/me", Cancel)).StatusCode);
        }
    }

    [Fact]
    public async Task Switching_by_cookie_answers_a_new_cookie_and_no_tokens()
    {
        var olga = await chancery.SignUpAsync();
        var cookie = await CookieOfAsync(olga);
        using var client = WithCookie(cookie);
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");

        var response = await client.PostAsync("/api/v1/auth/switch", new { tenant_id = olga.TenantId });

        var body = await response.ReadAsync();
        Assert.False(body.TryGetProperty("access_token", out _));
        Assert.False(body.TryGetProperty("refresh_token", out _));
        var next = response.Headers.GetValues("Set-Cookie").Select(ValueOf).Last();
        Assert.Equal(HttpStatusCode.OK, (await WithCookie(next).GetAsync("/api/v1/me", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/me", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Data_protection_keys_are_in_the_database_and_not_readable_there()
    {
        AntiforgeryOf(null);

        await using var command = chancery.Owner.CreateCommand(
            "SELECT convert_from(wrapped, 'UTF8') FROM installation_keys WHERE purpose = 'data-protection'"
        );
        var xml = (string?)await command.ExecuteScalarAsync(Cancel);

        Assert.Contains("KeyRingDecryptor", xml, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", xml, StringComparison.Ordinal);
    }

    private async Task<string> CookieOfAsync(TestUser user)
    {
        using var response = await PostFormAsync("/login", ("email", user.Email), ("password", user.Password));
        return ValueOf(SignInOf(response));
    }

    private static string SignInOf(HttpResponseMessage response) =>
        Assert.Single(
            response.Headers.GetValues("Set-Cookie"),
            cookie => cookie.StartsWith("__Host-chancery=", StringComparison.Ordinal)
        );

    private HttpClient WithCookie(string value)
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("Cookie", $"__Host-chancery={value}");
        return client;
    }

    private static string ValueOf(string setCookie) => setCookie.Split(';')[0].Split('=', 2)[1];

    private Task<HttpResponseMessage> PostFormAsync(string path, params (string Name, string Value)[] fields) =>
        PostFormAsync(path, cookie: null, principalId: null, fields);

    private async Task<HttpResponseMessage> PostFormAsync(
        string path,
        Action<HttpClient> change,
        params (string Name, string Value)[] fields
    )
    {
        using var client = chancery.Anonymous();
        change(client);
        return await PostFormAsync(client, path, cookie: null, principalId: null, fields);
    }

    private async Task<HttpResponseMessage> PostFormAsync(
        string path,
        string? cookie,
        string? principalId,
        params (string Name, string Value)[] fields
    )
    {
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        return await PostFormAsync(client, path, cookie, principalId, fields);
    }

    private async Task<HttpResponseMessage> PostFormAsync(
        HttpClient client,
        string path,
        string? cookie,
        string? principalId,
        params (string Name, string Value)[] fields
    )
    {
        var (token, antiforgeryCookie) = AntiforgeryOf(principalId);
        client.DefaultRequestHeaders.Add(
            "Cookie",
            cookie is null ? antiforgeryCookie : $"{antiforgeryCookie}; __Host-chancery={cookie}"
        );
        using var form = new FormUrlEncodedContent([
            .. fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value)),
            new("__RequestVerificationToken", token),
        ]);
        return await client.PostAsync(path, form, Cancel);
    }

    /// <summary>What a page would put into its form and its cookie.</summary>
    private (string Token, string Cookie) AntiforgeryOf(string? principalId)
    {
        using var scope = chancery.Services.CreateScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        if (principalId is not null)
        {
            context.User = new System.Security.Claims.ClaimsPrincipal(
                new System.Security.Claims.ClaimsIdentity(
                    [new System.Security.Claims.Claim("sub", principalId)],
                    "chancery"
                )
            );
        }

        var tokens = scope.ServiceProvider.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        return (tokens.RequestToken!, context.Response.Headers.SetCookie.ToString().Split(';')[0]);
    }
}
