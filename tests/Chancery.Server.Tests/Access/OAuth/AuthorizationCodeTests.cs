using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>A person lets an application in, and what the application gets.</summary>
public sealed class AuthorizationCodeTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_who_is_signed_in_is_asked_and_the_application_gets_tokens_for_exactly_that()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        var returned = await visitor.AllowAsync(
            app.Request(("nonce", "n-0S6"), ("scope", "openid email documents:read"))
        );
        using var response = await chancery.ExchangeAsync(app, returned.Code);

        Assert.Equal(App.Callback, returned.Address);
        Assert.Equal("some state", returned.Answer["state"]);
        Assert.Equal("http://localhost:8000", returned.Answer["iss"]);
        Assert.True(response.Headers.CacheControl?.NoStore);
        var tokens = await response.ReadAsync();
        Assert.Equal("Bearer", tokens.Text("token_type"));
        Assert.Equal("documents:read email openid", tokens.Text("scope"));
        Assert.Equal(900, tokens.GetProperty("expires_in").GetInt32());
        var access = OAuthApi.Claims(tokens.Text("access_token"));
        Assert.Equal(app.Id.ToString(), access.Text("client_id"));
        Assert.Equal(olga.TenantId.ToString(), access.Text("tenant_id"));
        Assert.Equal(
            ["documents:read"],
            access.GetProperty("permissions").EnumerateArray().Select(one => one.GetString())
        );
        var identity = OAuthApi.Claims(tokens.Text("id_token"));
        Assert.Equal(
            (app.Id.ToString(), olga.UserId.ToString(), "n-0S6", olga.Email),
            (identity.Text("aud"), identity.Text("sub"), identity.Text("nonce"), identity.Text("email"))
        );
        Assert.InRange(
            identity.GetProperty("auth_time").GetInt64(),
            TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 120,
            TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()
        );
        using var client = chancery.With(tokens.Text("access_token"));
        var info = await client.GetFromJsonAsync<JsonElement>("/oauth/userinfo", Cancel);
        Assert.Equal((olga.UserId.ToString(), olga.Email), (info.Text("sub"), info.Text("email")));
        Assert.False(info.TryGetProperty("name", out _));
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_signs_in_first_and_comes_back_to_the_question()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = new Visitor(chancery.Anonymous());

        using var first = await visitor.GetAsync("/oauth/authorize?" + app.Request(("login_hint", olga.Email)));
        var login = first.Headers.Location!.OriginalString;
        using var page = await visitor.GetAsync(login);
        using var answer = await visitor.SubmitAsync(
            page,
            "/login",
            ("email", olga.Email),
            ("password", olga.Password)
        );
        using var question = await visitor.GetAsync(answer.Headers.Location!.OriginalString);

        Assert.StartsWith("/login?return_url=", login, StringComparison.Ordinal);
        Assert.EndsWith($"&email={olga.Email}", login, StringComparison.Ordinal);
        Assert.Contains(
            "Let Case files in?",
            await question.Content.ReadAsStringAsync(Cancel),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Scopes_take_away_and_never_give_what_the_role_does_not_hold()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var app = await olga.RegisterAsync(scopes: ["documents:read", "documents:write", "members:manage"]);

        var owner = (await chancery.TokensAsync(olga, app, ("scope", "documents:read"))).Text("access_token");
        var viewer = (await chancery.TokensAsync(vera, app, ("scope", "documents:read members:manage"))).Text(
            "access_token"
        );

        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(owner, "/api/v1/docs"));
        Assert.Equal(HttpStatusCode.Forbidden, await chancery.GetStatusAsync(owner, "/api/v1/members"));
        Assert.Equal(HttpStatusCode.Forbidden, await chancery.GetStatusAsync(owner, "/api/v1/invitations"));
        Assert.Equal(HttpStatusCode.Forbidden, await chancery.GetStatusAsync(viewer, "/api/v1/invitations"));
        using var client = chancery.With(owner);
        using var refused = await client.GetAsync("/api/v1/members", Cancel);
        Assert.Contains("insufficient_scope", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/api/v1/auth/switch")]
    [InlineData("POST", "/api/v1/auth/logout/everywhere")]
    [InlineData("DELETE", "/api/v1/me/sessions")]
    [InlineData("POST", "/api/v1/keys")]
    [InlineData("POST", "/api/v1/oauth/clients")]
    public async Task An_application_makes_no_other_way_in_and_touches_no_sign_in_of_the_person(
        string method,
        string path
    )
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(scopes: ["documents:read", "keys:manage", "members:manage"]);
        var token = (await chancery.TokensAsync(olga, app, ("scope", "keys:manage members:manage"))).Text(
            "access_token"
        );
        using var client = chancery.With(token);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = JsonContent.Create(
                new
                {
                    tenant_id = olga.TenantId,
                    name = "x",
                    role = "viewer",
                    type = "public",
                }
            );
        }

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal("person-only", await response.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Its_sign_in_stands_in_the_persons_list_and_ends_there()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        var token = (await chancery.TokensAsync(olga, app)).Text("access_token");
        var list = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/me/sessions", Cancel);
        var session = list.GetProperty("items").EnumerateArray().Single(one => one.Text("device") == "Case files");

        using var ended = await olga.Http.DeleteAsync($"/api/v1/me/sessions/{session.Text("id")}", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, token));
    }

    [Fact]
    public async Task An_application_of_another_organisation_is_shown_to_be_one_and_gets_nobody()
    {
        var olga = await chancery.SignUpAsync();
        var greta = await chancery.SignUpAsync("Globex");
        var app = await greta.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var foreign = await visitor.GetAsync("/oauth/authorize?" + app.Request());

        Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
        Assert.Contains(
            "another organisation",
            await foreign.Content.ReadAsStringAsync(Cancel),
            StringComparison.Ordinal
        );
        Assert.Null(foreign.Headers.Location);
    }

    [Fact]
    public async Task A_person_of_two_organisations_lets_an_application_into_its_own_wherever_they_are_signed_in()
    {
        var olga = await chancery.SignUpAsync();
        var greta = await chancery.SignUpAsync("Globex");
        await chancery.JoinAsync(greta, olga);
        var app = await greta.RegisterAsync();

        var tokens = await chancery.TokensAsync(olga, app);

        var claims = OAuthApi.Claims(tokens.Text("access_token"));
        Assert.Equal((greta.TenantId.ToString(), "viewer"), (claims.Text("tenant_id"), claims.Text("role")));
    }

    [Fact]
    public async Task Saying_no_is_told_to_the_application()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        var returned = await visitor.AllowAsync(app.Request(), decision: "deny");

        Assert.Equal(("access_denied", "some state"), (returned.Answer["error"], returned.Answer["state"]));
        Assert.Equal("http://localhost:8000", returned.Answer["iss"]);
        Assert.False(returned.Answer.ContainsKey("code"));
    }

    [Fact]
    public async Task Without_a_state_none_comes_back()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        var returned = await visitor.AllowAsync(app.Request(("state", "")));

        Assert.Equal(["code", "iss"], returned.Answer.Keys.Order());
    }

    [Theory]
    [InlineData("none", "consent_required")]
    [InlineData("none login", "invalid_request")]
    [InlineData("dance", "invalid_request")]
    public async Task A_prompt_that_cannot_be_followed_is_told_to_the_application(string prompt, string error)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + app.Request(("prompt", prompt)));

        Assert.Equal(error, Returned.To(response).Answer["error"]);
    }

    [Fact]
    public async Task Signing_in_anew_can_be_asked_for_and_is_not_asked_for_twice()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var first = await visitor.GetAsync("/oauth/authorize?" + app.Request(("prompt", "login")));
        using var page = await visitor.GetAsync(first.Headers.Location!.OriginalString);
        using var answer = await visitor.SubmitAsync(
            page,
            "/login",
            ("email", olga.Email),
            ("password", olga.Password)
        );
        using var question = await visitor.GetAsync(answer.Headers.Location!.OriginalString);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal(HttpStatusCode.OK, question.StatusCode);
    }

    [Fact]
    public async Task The_two_documents_about_the_server_say_the_same_and_every_address_in_them_answers()
    {
        using var client = chancery.Anonymous();

        var one = await client.GetStringAsync("/.well-known/oauth-authorization-server", Cancel);
        var other = await client.GetStringAsync("/.well-known/openid-configuration", Cancel);

        Assert.Equal(one, other);
        var metadata = JsonSerializer.Deserialize<JsonElement>(one);
        Assert.Equal(
            ["S256"],
            metadata.GetProperty("code_challenge_methods_supported").EnumerateArray().Select(x => x.GetString())
        );
        foreach (
            var member in metadata
                .EnumerateObject()
                .Where(x => x.Name.EndsWith("_endpoint", StringComparison.Ordinal) || x.Name == "jwks_uri")
        )
        {
            var path = member.Value.GetString()!["http://localhost:8000".Length..];
            using var answer = member.Name is "authorization_endpoint" or "jwks_uri" or "userinfo_endpoint"
                ? await client.GetAsync(path, Cancel)
                : await client.PostAsync(path, content: null, Cancel);
            Assert.NotEqual(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.NotEqual(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        }
    }

    [Fact]
    public async Task The_older_path_of_the_token_endpoint_is_the_same_endpoint()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var returned = await visitor.AllowAsync(app.Request());

        using var response = await chancery.CallAsync(
            app,
            "/auth/token",
            ("grant_type", "authorization_code"),
            ("code", returned.Code),
            ("code_verifier", App.Verifier)
        );

        Assert.Equal(
            HttpStatusCode.OK,
            await AccessApi.StatusAsync(chancery.Address, (await response.ReadAsync()).Text("access_token"))
        );
    }
}
