using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>What OAuth 2.1 and RFC 9700 forbid or ask for and no other test here tries; docs/security/oauth.md lists them all.</summary>
public sealed class BestPracticeTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Issuer = "http://localhost:8000";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("response_type", "token")]
    [InlineData("scope", "everything")]
    [InlineData("code_challenge_method", "plain")]
    public async Task A_faulty_link_leads_nobody_away_before_they_signed_in(string name, string value)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = new Visitor(chancery.Anonymous());
        var request = app.Request((name, value), ("login_hint", olga.Email));

        using var first = await visitor.GetAsync("/oauth/authorize?" + request);
        var login = first.Headers.Location!.OriginalString;
        using var page = await visitor.GetAsync(login);
        using var answer = await visitor.SubmitAsync(
            page,
            "/login",
            ("email", olga.Email),
            ("password", olga.Password)
        );
        using var told = await visitor.GetAsync(answer.Headers.Location!.OriginalString);

        Assert.StartsWith("/login?return_url=", login, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal(App.Callback, Returned.To(told).Address);
        Assert.True(Returned.To(told).Answer.ContainsKey("error"));
    }

    [Theory]
    [InlineData("scope", "openid", "login_required")]
    [InlineData("scope", "everything", "invalid_scope")]
    public async Task Whoever_asks_for_no_question_is_told_at_once(string name, string value, string error)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = new Visitor(chancery.Anonymous());

        using var response = await visitor.GetAsync(
            "/oauth/authorize?" + app.Request((name, value), ("prompt", "none"))
        );

        Assert.Equal(error, Returned.To(response).Answer["error"]);
    }

    [Fact]
    public async Task An_application_of_several_addresses_says_which_and_of_one_need_not()
    {
        var olga = await chancery.SignUpAsync();
        var two = await olga.RegisterAsync(addresses: [App.Callback, "https://app.example.com/other"]);
        var one = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var refused = await visitor.GetAsync("/oauth/authorize?" + two.Request(("redirect_uri", "")));
        var returned = await visitor.AllowAsync(one.Request(("redirect_uri", "")));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Null(refused.Headers.Location);
        Assert.Equal(App.Callback, returned.Address);
    }

    [Fact]
    public async Task A_query_of_the_registered_address_stays_and_a_hostile_state_comes_back_to_the_letter()
    {
        const string state = "x&code=evil&iss=https://evil.example#\"><script>%0d%0aSet-Cookie: a=b";
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(addresses: [App.Callback + "?unit=7"]);
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        var returned = await visitor.AllowAsync(
            app.Request(("redirect_uri", App.Callback + "?unit=7"), ("state", state))
        );

        Assert.Equal(["code", "iss", "state", "unit"], returned.Answer.Keys.Order());
        Assert.Equal(("7", state, Issuer), (returned.Answer["unit"], returned.Answer["state"], returned.Answer["iss"]));
        Assert.StartsWith("cc_", returned.Code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_knows_is_overlooked_as_the_protocol_asks()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        var returned = await visitor.AllowAsync(app.Request(("frobnicate", "1"), ("acr_values", "2")));
        using var response = await chancery.CallAsync(
            app,
            "/oauth/token",
            ("grant_type", "authorization_code"),
            ("code", returned.Code),
            ("code_verifier", App.Verifier),
            ("frobnicate", "1"),
            ("scope", "")
        );

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(42, 'a')]
    [InlineData(129, 'a')]
    [InlineData(50, '+')]
    [InlineData(50, '=')]
    public async Task A_verifier_that_PKCE_does_not_allow_proves_nothing_though_it_fits(int length, char letter)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync("public");
        var verifier = new string(letter, length);
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var returned = await visitor.AllowAsync(app.Request(("code_challenge", challenge)));

        using var response = await chancery.ExchangeAsync(app, returned.Code, verifier);

        Assert.Equal("invalid_grant", await response.ErrorAsync());
    }

    [Theory]
    [InlineData(43)]
    [InlineData(128)]
    public async Task The_shortest_and_the_longest_verifier_are_good(int length)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync("public");
        var verifier = new string('~', length);
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var returned = await visitor.AllowAsync(app.Request(("code_challenge", challenge)));

        using var response = await chancery.ExchangeAsync(app, returned.Code, verifier);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task An_application_with_a_secret_is_nobody_without_it_whatever_it_brings()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        var tokens = await chancery.TokensAsync(olga, app);
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var code = (await visitor.AllowAsync(app.Request())).Code;

        foreach (var secret in new[] { null, "" })
        {
            using var exchange = await chancery.ExchangeAsync(app with { Secret = secret }, code);
            using var refresh = await chancery.RefreshAsync(app with { Secret = secret }, tokens.Text("refresh_token"));
            Assert.Equal("invalid_client", await exchange.ErrorAsync(HttpStatusCode.Unauthorized));
            Assert.Equal("invalid_client", await refresh.ErrorAsync(HttpStatusCode.Unauthorized));
        }

        // Whoever could not say who they are used nothing up.
        using var right = await chancery.ExchangeAsync(app, code);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Fact]
    public async Task What_stands_in_an_address_is_no_credential()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(grants: ["client_credentials"], scopes: ["documents:read"], role: "viewer");
        using var client = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        using var carried = new FormUrlEncodedContent([new("access_token", olga.AccessToken)]);

        using var query = await client.GetAsync("/api/v1/me?access_token=" + olga.AccessToken, Cancel);
        using var info = await client.PostAsync("/oauth/userinfo", carried, Cancel);
        using var token = await client.PostAsync(
            $"/oauth/token?client_id={app.Id}&client_secret={app.Secret}",
            form,
            Cancel
        );

        Assert.Equal(HttpStatusCode.Unauthorized, query.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
        Assert.Equal("invalid_client", await token.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task The_pages_cookie_is_nothing_to_the_endpoints_of_programs()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var code = (await visitor.AllowAsync(app.Request())).Code;

        using var token = await visitor.PostAsync(
            "/oauth/token",
            ("grant_type", "authorization_code"),
            ("client_id", app.Id.ToString()),
            ("code", code),
            ("code_verifier", App.Verifier)
        );
        using var info = await visitor.GetAsync("/oauth/userinfo");

        Assert.Equal("invalid_client", await token.ErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
    }

    [Theory]
    [InlineData("/oauth/token", "grant_type=refresh_token&refresh_token=a&refresh_token=b")]
    [InlineData("/oauth/token", "grant_type=authorization_code&code=a&client_id=a&client_id=b")]
    [InlineData("/oauth/revoke", "token=a&token=b")]
    [InlineData("/oauth/introspect", "token=a&token=b")]
    [InlineData("/oauth/device_authorization", "client_id=chancery-cli&client_id=chancery-cli")]
    [InlineData("/auth/token", "grant_type=a&scope=a&scope=b")]
    public async Task No_endpoint_takes_a_parameter_twice(string path, string body)
    {
        using var client = chancery.Anonymous();
        using var form = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");

        using var response = await client.PostAsync(path, form, Cancel);

        Assert.Equal("invalid_request", await response.ErrorAsync());
    }

    [Theory]
    [InlineData("Authorization_Code")]
    [InlineData("authorization_code ")]
    [InlineData("authorization_code refresh_token")]
    [InlineData("urn:ietf:params:oauth:grant-type:token-exchange")]
    [InlineData("urn:ietf:params:oauth:grant-type:saml2-bearer")]
    public async Task A_grant_is_its_name_to_the_letter(string grant)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();

        using var response = await chancery.CallAsync(app, "/oauth/token", ("grant_type", grant), ("code", "x"));

        Assert.Equal("unsupported_grant_type", await response.ErrorAsync());
    }

    [Fact]
    public async Task One_token_is_for_one_resource()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        (string, string)[] both = [("resource", Issuer + "/api"), ("resource", Issuer)];
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var code = (await visitor.AllowAsync(app.Request())).Code;

        using var asked = await visitor.GetAsync(
            $"/oauth/authorize?{app.Request(("resource", Issuer + "/api"))}&resource={Uri.EscapeDataString(Issuer)}"
        );
        using var exchanged = await chancery.CallAsync(
            app,
            "/oauth/token",
            [("grant_type", "authorization_code"), ("code", code), ("code_verifier", App.Verifier), .. both]
        );

        Assert.Equal("invalid_target", Returned.To(asked).Answer["error"]);
        Assert.Equal("invalid_target", await exchanged.ErrorAsync());
    }

    [Fact]
    public async Task A_scope_that_was_taken_from_the_application_is_in_no_token_that_it_refreshes()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(scopes: ["documents:read", "members:read"]);
        var tokens = await chancery.TokensAsync(olga, app, ("scope", "documents:read members:read"));
        using var less = JsonContent.Create(new { scopes = new[] { "documents:read" } });
        using var changed = await olga.Http.PatchAsync($"/api/v1/oauth/clients/{app.Id}", less, Cancel);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);

        using var refreshed = await chancery.RefreshAsync(app, tokens.Text("refresh_token"));

        var renewed = await refreshed.ReadAsync();
        Assert.Equal("documents:read", renewed.Text("scope"));
        Assert.Equal(
            HttpStatusCode.Forbidden,
            await chancery.GetStatusAsync(renewed.Text("access_token"), "/api/v1/members")
        );
    }

    [Fact]
    public async Task Of_many_refreshes_at_the_same_moment_at_most_one_succeeds_and_the_sign_in_ends()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync("public");
        var tokens = await chancery.TokensAsync(olga, app);

        var all = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => chancery.RefreshAsync(app, tokens.Text("refresh_token")))
        );

        Assert.True(all.Count(one => one.StatusCode == HttpStatusCode.OK) <= 1);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token"))
        );
        foreach (var won in all.Where(one => one.StatusCode == HttpStatusCode.OK))
        {
            using var next = await chancery.RefreshAsync(app, (await won.ReadAsync()).Text("refresh_token"));
            Assert.Equal("invalid_grant", await next.ErrorAsync());
        }
    }

    [Fact]
    public async Task An_application_as_itself_is_taken_for_no_person()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(grants: ["client_credentials"], scopes: ["documents:read"], role: "admin");
        using var response = await chancery.CallAsync(app, "/oauth/token", ("grant_type", "client_credentials"));
        var token = (await response.ReadAsync()).Text("access_token");

        Assert.NotEqual(olga.UserId.ToString(), OAuthApi.Claims(token).Text("sub"));
        Assert.False(OAuthApi.Claims(token).TryGetProperty("email", out _));
        Assert.Equal(HttpStatusCode.Unauthorized, await chancery.GetStatusAsync(token, "/oauth/userinfo"));
        Assert.Equal(HttpStatusCode.Forbidden, await chancery.GetStatusAsync(token, "/api/v1/me/sessions"));
    }

    [Fact]
    public async Task Neither_the_way_to_the_question_nor_what_follows_it_is_kept_framed_or_told_on()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        using var stranger = new Visitor(chancery.Anonymous());

        using var question = await visitor.GetAsync("/oauth/authorize?" + app.Request());
        using var code = await visitor.SubmitAsync(question, "/oauth/consent", ("decision", "allow"));
        using var error = await visitor.GetAsync("/oauth/authorize?" + app.Request(("scope", "everything")));
        using var shown = await visitor.GetAsync("/oauth/authorize?" + app.Request(("client_id", "nobody")));
        using var away = await stranger.GetAsync("/oauth/authorize?" + app.Request());
        using var login = await stranger.GetAsync(away.Headers.Location!.OriginalString);
        using var device = await visitor.GetAsync("/device");

        Assert.Equal(HttpStatusCode.SeeOther, code.StatusCode);
        Assert.Equal(HttpStatusCode.Found, error.StatusCode);
        foreach (var response in new[] { question, code, error, shown, away, login, device })
        {
            Assert.True(response.Headers.CacheControl?.NoStore, $"Kept: {response.RequestMessage!.RequestUri}");
            Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
            Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
            Assert.Contains(
                "frame-ancestors 'none'",
                response.Headers.GetValues("Content-Security-Policy").Single(),
                StringComparison.Ordinal
            );
            Assert.False(response.Headers.Location?.OriginalString.Contains('#', StringComparison.Ordinal) == true);
        }
    }

    [Fact]
    public async Task Pages_of_other_origins_read_no_answer_of_the_authorization_endpoint()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("Origin", "https://spa.example");
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/oauth/authorize?" + app.Request());
        preflight.Headers.Add("Access-Control-Request-Method", "GET");

        using var get = await client.GetAsync("/oauth/authorize?" + app.Request(), Cancel);
        using var asked = await client.SendAsync(preflight, Cancel);

        Assert.False(get.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(asked.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/oauth/token", "grant_type=client_credentials")]
    [InlineData("/oauth/revoke", "token=x")]
    [InlineData("/oauth/introspect", "token=x")]
    [InlineData("/oauth/device_authorization", "client_id=chancery-cli")]
    public async Task By_a_public_name_without_TLS_nothing_is_given(string path, string body)
    {
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Host = "chancery.example.com";
        using var form = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");

        using var response = await client.PostAsync(path, form, Cancel);
        using var page = await client.GetAsync("/oauth/authorize?client_id=chancery-cli", Cancel);

        Assert.Equal("invalid_request", await response.ErrorAsync());
        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        Assert.Null(page.Headers.Location);
    }

    [Fact]
    public async Task The_metadata_name_their_issuer_and_nothing_that_is_refused()
    {
        using var client = chancery.Anonymous();

        var metadata = await client.GetFromJsonAsync<JsonElement>("/.well-known/oauth-authorization-server", Cancel);
        var resource = await client.GetFromJsonAsync<JsonElement>("/.well-known/oauth-protected-resource", Cancel);

        Assert.Equal(Issuer, metadata.Text("issuer"));
        Assert.All(
            metadata.EnumerateObject().Where(one => one.Name.EndsWith("_endpoint", StringComparison.Ordinal)),
            one => Assert.StartsWith(Issuer + "/", one.Value.GetString(), StringComparison.Ordinal)
        );
        Assert.Equal(["code"], Values(metadata, "response_types_supported"));
        Assert.Equal(["query"], Values(metadata, "response_modes_supported"));
        Assert.Equal(
            [
                "authorization_code",
                "client_credentials",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            Values(metadata, "grant_types_supported").Order()
        );
        Assert.Equal(["ES256"], Values(metadata, "id_token_signing_alg_values_supported"));
        Assert.True(metadata.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        Assert.DoesNotContain("none", Values(metadata, "introspection_endpoint_auth_methods_supported"));
        Assert.Equal([Issuer], Values(resource, "authorization_servers"));
        Assert.Equal(["header"], Values(resource, "bearer_methods_supported"));
        Assert.Subset(
            Values(metadata, "scopes_supported").ToHashSet(),
            Values(resource, "scopes_supported").ToHashSet()
        );
    }

    [Fact]
    public async Task A_resource_says_what_is_wrong_with_a_token_and_of_none_only_how_to_bring_one()
    {
        var olga = await chancery.SignUpAsync();
        using var anonymous = chancery.Anonymous();
        using var wrong = chancery.With(olga.AccessToken[..^4] + "AAAA");
        using var schemeless = chancery.Anonymous();
        schemeless.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("MAC", olga.AccessToken);

        using var none = await anonymous.GetAsync("/api/v1/me", Cancel);
        using var bad = await wrong.GetAsync("/api/v1/me", Cancel);
        using var other = await schemeless.GetAsync("/api/v1/me", Cancel);

        foreach (var response in new[] { none, bad, other })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.First().Scheme);
            Assert.True(response.Headers.CacheControl?.NoStore);
        }

        Assert.DoesNotContain("error", none.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Contains("invalid_token", bad.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_code_is_its_clients_alone_and_no_authorization_code()
    {
        var olga = await chancery.SignUpAsync();
        var other = await olga.RegisterAsync(
            "public",
            grants: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]
        );
        using var client = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([new("client_id", "chancery-cli"), new("scope", "documents:read")]);
        using var begun = await client.PostAsync("/oauth/device_authorization", form, Cancel);
        var code = (await begun.ReadAsync()).Text("device_code");

        using var foreign = await chancery.CallAsync(
            other,
            "/oauth/token",
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code)
        );
        using var swapped = await chancery.ExchangeAsync(other, code);

        Assert.True(begun.Headers.CacheControl?.NoStore);
        Assert.Equal("invalid_grant", await foreign.ErrorAsync());
        Assert.Equal("invalid_grant", await swapped.ErrorAsync());
    }

    private static List<string?> Values(JsonElement from, string name) =>
        [.. from.GetProperty(name).EnumerateArray().Select(one => one.GetString())];
}
