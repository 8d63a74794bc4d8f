using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>The token endpoint: what it gives for what, and everything that it does not.</summary>
public sealed class TokenEndpointTests(TokenEndpointTests.Clocked chancery) : IClassFixture<TokenEndpointTests.Clocked>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_code_works_once_and_a_second_use_ends_what_came_of_the_first()
    {
        var (app, code) = await AllowedAsync();
        using var first = await chancery.ExchangeAsync(app, code);
        var tokens = await first.ReadAsync();

        using var second = await chancery.ExchangeAsync(app, code);

        Assert.Equal("invalid_grant", await second.ErrorAsync());
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token"))
        );
        using var refresh = await chancery.RefreshAsync(app, tokens.Text("refresh_token"));
        Assert.Equal("invalid_grant", await refresh.ErrorAsync());
    }

    [Fact]
    public async Task Of_two_uses_at_the_same_moment_nothing_is_left()
    {
        var (app, code) = await AllowedAsync();

        var both = await Task.WhenAll(chancery.ExchangeAsync(app, code), chancery.ExchangeAsync(app, code));

        var won = Assert.Single(both, one => one.StatusCode == HttpStatusCode.OK);
        var token = (await won.ReadAsync()).Text("access_token");
        await AccessApi.EventuallyAsync(
            async () => await AccessApi.StatusAsync(chancery.Address, token) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(5)
        );
    }

    [Fact]
    public async Task A_code_of_another_client_is_no_code()
    {
        var olga = await chancery.SignUpAsync();
        var (app, other) = (await olga.RegisterAsync(), await olga.RegisterAsync());
        var code = await CodeOfAsync(olga, app);

        using var injected = await chancery.ExchangeAsync(other, code);
        using var own = await chancery.ExchangeAsync(app, code);

        Assert.Equal("invalid_grant", await injected.ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong-verifier-wrong-verifier-wrong-verifier-wrong")]
    [InlineData("short")]
    [InlineData("challenge")]
    public async Task Without_the_verifier_a_code_is_nothing_and_the_attempt_uses_it_up(string? verifier)
    {
        var (app, code) = await AllowedAsync();

        using var wrong = await chancery.ExchangeAsync(app, code, verifier == "challenge" ? App.Challenge : verifier);
        using var right = await chancery.ExchangeAsync(app, code);

        Assert.Equal("invalid_grant", await wrong.ErrorAsync());
        Assert.Equal("invalid_grant", await right.ErrorAsync());
    }

    [Fact]
    public async Task The_address_of_the_exchange_is_the_one_of_the_request_or_is_left_out()
    {
        var (app, code) = await AllowedAsync();
        var (other, second) = await AllowedAsync();

        using var wrong = await chancery.ExchangeAsync(app, code, redirect: App.Callback + "/");
        using var none = await chancery.ExchangeAsync(other, second, redirect: null);

        Assert.Equal("invalid_grant", await wrong.ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, none.StatusCode);
    }

    [Fact]
    public async Task After_a_minute_a_code_is_over()
    {
        var (app, code) = await AllowedAsync();

        chancery.Clock.Ahead += TimeSpan.FromSeconds(61);
        using var late = await chancery.ExchangeAsync(app, code);

        Assert.Equal("invalid_grant", await late.ErrorAsync());
    }

    [Fact]
    public async Task Signing_out_of_the_page_takes_back_a_code_that_was_not_fetched()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        var code = await CodeOfAsync(olga, app);

        using var everywhere = await olga.Http.PostAsync("/api/v1/auth/logout/everywhere", content: null, Cancel);
        using var late = await chancery.ExchangeAsync(app, code);

        Assert.Equal("invalid_grant", await late.ErrorAsync());
    }

    [Fact]
    public async Task Somebody_who_was_removed_lets_nobody_in_any_more()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var app = await olga.RegisterAsync();
        var tokens = await chancery.TokensAsync(vera, app);

        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{vera.UserId}", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token"))
        );
        using var refresh = await chancery.RefreshAsync(app, tokens.Text("refresh_token"));
        Assert.Equal("invalid_grant", await refresh.ErrorAsync());
    }

    [Theory]
    [InlineData("password", "unsupported_grant_type")]
    [InlineData("implicit", "unsupported_grant_type")]
    [InlineData("urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type")]
    [InlineData("client_credentials", "unauthorized_client")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code", "unauthorized_client")]
    [InlineData("", "invalid_request")]
    public async Task A_grant_that_is_not_there_or_not_registered_gives_nothing(string grant, string error)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();

        using var response = await chancery.CallAsync(
            app,
            "/oauth/token",
            ("grant_type", grant),
            ("username", olga.Email),
            ("password", olga.Password)
        );

        Assert.Equal(error, await response.ErrorAsync());
    }

    [Fact]
    public async Task A_client_proves_itself_in_one_way_and_rightly()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(grants: ["client_credentials"], scopes: ["documents:read"], role: "viewer");
        var open = await olga.RegisterAsync("public");
        (string, string) grant = ("grant_type", "client_credentials");

        using var wrong = await chancery.CallAsync(app with { Secret = new string('0', 64) }, "/oauth/token", grant);
        using var none = await chancery.CallAsync(app with { Secret = null }, "/oauth/token", grant);
        using var inForm = await chancery.CallAsync(
            app with
            {
                Secret = null,
            },
            "/oauth/token",
            grant,
            ("client_secret", app.Secret!)
        );
        using var twice = await chancery.CallAsync(app, "/oauth/token", grant, ("client_secret", app.Secret!));
        using var other = await chancery.CallAsync(app, "/oauth/token", grant, ("client_id", open.Id.ToString()));
        using var needless = await chancery.CallAsync(open, "/oauth/token", grant, ("client_secret", "x"));
        using var bearer = await BearerAsync(olga.AccessToken);

        Assert.Equal("invalid_client", await wrong.ErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("Basic", Assert.Single(wrong.Headers.WwwAuthenticate).Scheme);
        Assert.Equal("invalid_client", await none.ErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Empty(none.Headers.WwwAuthenticate);
        Assert.Equal(HttpStatusCode.OK, inForm.StatusCode);
        Assert.Equal("invalid_request", await twice.ErrorAsync());
        Assert.Equal("invalid_client", await other.ErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid_client", await needless.ErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid_client", await bearer.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task What_is_no_form_or_says_something_twice_is_refused_in_the_words_of_the_protocol()
    {
        using var client = chancery.Anonymous();
        using var json = new StringContent(
            """{"grant_type":"client_credentials"}""",
            Encoding.UTF8,
            "application/json"
        );
        using var twice = new StringContent(
            "grant_type=x&grant_type=y",
            Encoding.UTF8,
            "application/x-www-form-urlencoded"
        );
        using var zero = new StringContent("grant_type=x%00", Encoding.UTF8, "application/x-www-form-urlencoded");
        using var nothing = new StringContent("", Encoding.UTF8, "application/x-www-form-urlencoded");

        foreach (var content in new[] { json, twice, zero, nothing })
        {
            using var response = await client.PostAsync("/oauth/token", content, Cancel);
            Assert.Equal("invalid_request", await response.ErrorAsync());
        }

        using var get = await client.GetAsync("/oauth/token?grant_type=client_credentials", Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Fact]
    public async Task A_client_as_itself_may_what_its_role_its_maker_and_its_scopes_all_allow()
    {
        var olga = await chancery.SignUpAsync();
        var ada = await chancery.InviteAsync(olga, "admin");
        var app = await ada.RegisterAsync(
            grants: ["client_credentials"],
            scopes: ["documents:read", "members:manage"],
            role: "admin"
        );

        using var response = await chancery.CallAsync(app, "/oauth/token", ("grant_type", "client_credentials"));
        var tokens = await response.ReadAsync();
        var token = tokens.Text("access_token");

        Assert.False(tokens.TryGetProperty("refresh_token", out _));
        Assert.Equal("documents:read members:manage", tokens.Text("scope"));
        Assert.Equal(app.Id.ToString(), OAuthApi.Claims(token).Text("sub"));
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(token, "/api/v1/docs"));
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(token, "/api/v1/invitations"));
        Assert.Equal(HttpStatusCode.Forbidden, await chancery.GetStatusAsync(token, "/api/v1/members"));

        using var demoted = await olga.Http.PatchAsync(
            $"/api/v1/members/{ada.UserId}",
            new StringContent("""{"role":"viewer"}""", Encoding.UTF8, "application/json"),
            Cancel
        );
        Assert.True(demoted.IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await chancery.GetStatusAsync(token, "/api/v1/invitations"));

        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{ada.UserId}", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, await chancery.GetStatusAsync(token, "/api/v1/docs"));
        using var after = await chancery.CallAsync(app, "/oauth/token", ("grant_type", "client_credentials"));
        Assert.Equal("unauthorized_client", await after.ErrorAsync());
    }

    [Theory]
    [InlineData("openid")]
    [InlineData("documents:write")]
    [InlineData("nothing")]
    public async Task A_client_as_itself_gets_no_scope_that_is_not_its_own(string scope)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(
            grants: ["client_credentials"],
            scopes: ["openid", "documents:read"],
            role: "viewer"
        );

        using var response = await chancery.CallAsync(
            app,
            "/oauth/token",
            ("grant_type", "client_credentials"),
            ("scope", scope)
        );

        Assert.Equal("invalid_scope", await response.ErrorAsync());
    }

    [Fact]
    public async Task A_refresh_token_works_once_and_a_second_use_ends_the_family()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync("public");
        var first = await chancery.TokensAsync(olga, app);
        using var rotated = await chancery.RefreshAsync(app, first.Text("refresh_token"));
        var second = await rotated.ReadAsync();
        Assert.NotEqual(first.Text("refresh_token"), second.Text("refresh_token"));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, second.Text("access_token")));

        using var replay = await chancery.RefreshAsync(app, first.Text("refresh_token"));

        Assert.Equal("invalid_grant", await replay.ErrorAsync());
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, second.Text("access_token"))
        );
        using var newest = await chancery.RefreshAsync(app, second.Text("refresh_token"));
        Assert.Equal("invalid_grant", await newest.ErrorAsync());
    }

    [Fact]
    public async Task A_refresh_narrows_what_one_token_may_and_never_widens_it()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(scopes: ["documents:read", "members:read", "chat:ask"]);
        var first = await chancery.TokensAsync(olga, app, ("scope", "documents:read members:read"));

        using var wider = await chancery.RefreshAsync(
            app,
            first.Text("refresh_token"),
            ("scope", "documents:read chat:ask")
        );
        using var narrower = await chancery.RefreshAsync(app, first.Text("refresh_token"), ("scope", "members:read"));
        var narrow = await narrower.ReadAsync();
        using var again = await chancery.RefreshAsync(app, narrow.Text("refresh_token"));

        Assert.Equal("invalid_scope", await wider.ErrorAsync());
        Assert.Equal("members:read", narrow.Text("scope"));
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(narrow.Text("access_token"), "/api/v1/members"));
        Assert.Equal(
            HttpStatusCode.Forbidden,
            await chancery.GetStatusAsync(narrow.Text("access_token"), "/api/v1/docs")
        );
        Assert.Equal("documents:read members:read", (await again.ReadAsync()).Text("scope"));
    }

    [Fact]
    public async Task A_refresh_token_of_another_client_or_by_the_persons_own_way_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var (app, other) = (await olga.RegisterAsync(), await olga.RegisterAsync("public"));
        var tokens = await chancery.TokensAsync(olga, app);
        using var client = chancery.Anonymous();

        using var foreign = await chancery.RefreshAsync(other, tokens.Text("refresh_token"));
        using var byTheApi = await client.PostAsync(
            "/api/v1/auth/refresh",
            new { refresh_token = tokens.Text("refresh_token") }
        );
        using var withAccess = chancery.With(tokens.Text("access_token"));
        using var legacy = await withAccess.PostAsync("/api/auth/refresh", content: null, Cancel);
        using var own = await chancery.RefreshAsync(app, olga.RefreshToken);
        using var right = await chancery.RefreshAsync(app, tokens.Text("refresh_token"));

        Assert.Equal("invalid_grant", await foreign.ErrorAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, byTheApi.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, legacy.StatusCode);
        Assert.Equal("invalid_grant", await own.ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Fact]
    public async Task A_client_without_refresh_tokens_gets_none_and_its_sign_in_ends_with_its_token()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(grants: ["authorization_code"]);

        var tokens = await chancery.TokensAsync(olga, app);

        Assert.False(tokens.TryGetProperty("refresh_token", out _));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token")));
    }

    [Fact]
    public async Task A_token_for_a_part_of_the_server_counts_on_that_part_only()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        const string part = "http://localhost:8000/api/v1";
        var tokens = await chancery.TokensAsync(olga, app, ("resource", part));
        var token = tokens.Text("access_token");

        Assert.Equal(part, OAuthApi.Claims(token).Text("aud"));
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(token, "/api/v1/me"));
        Assert.Equal(HttpStatusCode.Unauthorized, await chancery.GetStatusAsync(token, "/oauth/userinfo"));
        using var wider = await chancery.RefreshAsync(
            app,
            tokens.Text("refresh_token"),
            ("resource", "http://localhost:8000")
        );
        Assert.Equal("invalid_target", await wider.ErrorAsync());
        using var same = await chancery.RefreshAsync(app, tokens.Text("refresh_token"), ("resource", part));
        Assert.Equal(part, OAuthApi.Claims((await same.ReadAsync()).Text("access_token")).Text("aud"));
    }

    [Fact]
    public async Task A_new_secret_works_at_once_and_the_old_one_for_as_long_as_was_said()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(grants: ["client_credentials"], scopes: ["documents:read"], role: "viewer");
        using var rotated = await olga.Http.PostAsync(
            $"/api/v1/oauth/clients/{app.Id}/secret",
            new { overlap_seconds = 60 }
        );
        var renewed = app with { Secret = (await rotated.ReadAsync()).Text("secret") };
        (string, string) grant = ("grant_type", "client_credentials");

        using var old = await chancery.CallAsync(app, "/oauth/token", grant);
        using var current = await chancery.CallAsync(renewed, "/oauth/token", grant);
        chancery.Clock.Ahead += TimeSpan.FromSeconds(90);
        using var late = await chancery.CallAsync(app, "/oauth/token", grant);

        Assert.Equal(64, renewed.Secret!.Length);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (old.StatusCode, current.StatusCode));
        Assert.Equal("invalid_client", await late.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Removing_a_client_ends_all_that_it_got_at_once()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(
            grants: ["authorization_code", "refresh_token", "client_credentials"],
            role: "viewer"
        );
        var tokens = await chancery.TokensAsync(olga, app);
        using var itself = await chancery.CallAsync(app, "/oauth/token", ("grant_type", "client_credentials"));
        var own = (await itself.ReadAsync()).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, own));

        using var removed = await olga.Http.DeleteAsync($"/api/v1/oauth/clients/{app.Id}", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, own));
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token"))
        );
        using var refresh = await chancery.RefreshAsync(app, tokens.Text("refresh_token"));
        Assert.Equal("invalid_client", await refresh.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Secrets_and_codes_stand_in_no_table()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        var code = await CodeOfAsync(olga, app);

        await using var command = chancery.Owner.CreateCommand(
            "SELECT (SELECT string_agg(c::text, ' ') FROM oauth_clients AS c) || (SELECT string_agg(c::text, ' ') FROM oauth_codes AS c)"
        );
        var text = (string)(await command.ExecuteScalarAsync(Cancel))!;

        Assert.Contains(app.Id.ToString(), text, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Secret!, text, StringComparison.Ordinal);
        Assert.DoesNotContain(code, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_in_browsers_fetch_tokens_from_other_origins_and_nothing_of_the_page_goes_along()
    {
        using var client = chancery.Anonymous();
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/oauth/token");
        preflight.Headers.Add("Origin", "https://spa.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");

        using var response = await client.SendAsync(preflight, Cancel);

        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    private async Task<(App App, string Code)> AllowedAsync()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        return (app, await CodeOfAsync(olga, app));
    }

    private async Task<string> CodeOfAsync(TestUser person, App app)
    {
        using var visitor = await Visitor.SignInAsync(chancery, person);
        return (await visitor.AllowAsync(app.Request())).Code;
    }

    private async Task<HttpResponseMessage> BearerAsync(string token)
    {
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        return await client.PostAsync("/oauth/token", form, Cancel);
    }

    public sealed class Clocked : ChanceryFixture
    {
        public Clocked() => ConfigureServices = services => services.AddSingleton<TimeProvider>(Clock);

        internal MovedClock Clock { get; } = new();
    }
}
