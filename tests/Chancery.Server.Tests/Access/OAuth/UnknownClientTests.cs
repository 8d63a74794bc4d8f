using System.Net;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Web;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>Applications that nobody here registered: by a document at their address, or by themselves.</summary>
public sealed class UnknownClientTests(UnknownClientTests.Fixture chancery) : IClassFixture<UnknownClientTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_is_who_its_address_says_it_is()
    {
        var olga = await chancery.SignUpAsync();
        var id = Publish("/good.json");
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var page = await visitor.GetAsync("/oauth/authorize?" + Request(id));
        var html = await page.Content.ReadAsStringAsync(Cancel);
        using var answer = await visitor.SubmitAsync(page, "/oauth/consent", ("decision", "allow"));
        var tokens = await RedeemAsync(id, Returned.To(answer).Code);

        Assert.Contains("calls itself Reader", html, StringComparison.Ordinal);
        Assert.Contains("Nobody here checked", html, StringComparison.Ordinal);
        Assert.Equal(id, OAuthApi.Claims(tokens.Text("access_token")).Text("client_id"));
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(tokens.Text("access_token"), "/api/v1/docs"));
        Assert.Single(chancery.Web.Requests, request => request.Path == "/good.json");
    }

    [Fact]
    public async Task For_whoever_is_not_signed_in_nothing_is_fetched()
    {
        var id = Publish("/unseen.json");
        using var visitor = new Visitor(chancery.Anonymous());

        using var response = await visitor.GetAsync("/oauth/authorize?" + Request(id));
        using var client = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([
            new("client_id", id),
            new("grant_type", "authorization_code"),
            new("code", "x"),
        ]);
        using var token = await client.PostAsync("/oauth/token", form, Cancel);

        Assert.StartsWith("/login?", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("invalid_grant", await token.ErrorAsync());
        Assert.DoesNotContain(chancery.Web.Requests, request => request.Path == "/unseen.json");
    }

    [Theory]
    [InlineData(
        "/named-otherwise.json",
        """{"client_id":"https://other.example/","redirect_uris":["https://app.example.com/callback"]}"""
    )]
    [InlineData("/no-name.json", """{"redirect_uris":["https://app.example.com/callback"]}""")]
    [InlineData(
        "/secret.json",
        """{"client_id":"{id}","client_secret":"x","redirect_uris":["https://app.example.com/callback"]}"""
    )]
    [InlineData(
        "/by-secret.json",
        """{"client_id":"{id}","token_endpoint_auth_method":"client_secret_basic","redirect_uris":["https://app.example.com/callback"]}"""
    )]
    [InlineData(
        "/twice.json",
        """{"client_id":"{id}","client_id":"{id}","redirect_uris":["https://app.example.com/callback"]}"""
    )]
    [InlineData("/script.json", """{"client_id":"{id}","redirect_uris":["javascript:alert(1)"]}""")]
    [InlineData("/no-json.json", "<html>")]
    [InlineData("/list.json", "[]")]
    [InlineData("/empty.json", "")]
    public async Task A_document_that_does_not_hold_lets_nobody_in(string path, string text)
    {
        var olga = await chancery.SignUpAsync();
        var id = chancery.Web.AddressOf(path);
        chancery.Web.Serves(path, new WebReply(text.Replace("{id}", id, StringComparison.Ordinal)));
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + Request(id));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/client.json")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("https://127.0.0.1/client.json")]
    [InlineData("https://localhost/client.json")]
    [InlineData("https://example.com")]
    [InlineData("https://user:x@example.com/client.json")]
    [InlineData("https://example.com/../client.json")]
    [InlineData("https://example.com/client.json#x")]
    [InlineData("file:///etc/passwd")]
    public async Task An_address_that_no_name_can_be_is_not_followed(string id)
    {
        var olga = await chancery.SignUpAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + Request(id));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    [Fact]
    public async Task An_application_that_nobody_registered_manages_nothing()
    {
        var olga = await chancery.SignUpAsync();
        var id = Publish("/greedy.json");
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var response = await visitor.GetAsync("/oauth/authorize?" + Request(id, "documents:read members:manage"));

        Assert.Equal("invalid_scope", Returned.To(response).Answer["error"]);
    }

    [Fact]
    public async Task An_application_registers_itself_and_is_let_in()
    {
        var olga = await chancery.SignUpAsync();
        var client = await RegisterAsync(
            """{"client_name":"Helper","redirect_uris":["https://app.example.com/callback"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none"}""",
            HttpStatusCode.Created
        );
        var id = client.Text("client_id");
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var page = await visitor.GetAsync("/oauth/authorize?" + Request(id));
        using var answer = await visitor.SubmitAsync(page, "/oauth/consent", ("decision", "allow"));
        var tokens = await RedeemAsync(id, Returned.To(answer).Code);

        Assert.Equal("none", client.Text("token_endpoint_auth_method"));
        Assert.False(client.TryGetProperty("client_secret", out _));
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(tokens.Text("access_token"), "/api/v1/docs"));
    }

    [Theory]
    [InlineData("""{"redirect_uris":["http://app.example.com/callback"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":[]}""", "invalid_redirect_uri")]
    [InlineData("""{"client_name":"x"}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":"https://app.example.com/"}""", "invalid_client_metadata")]
    [InlineData(
        """{"redirect_uris":["https://app.example.com/"],"grant_types":["client_credentials"]}""",
        "invalid_client_metadata"
    )]
    [InlineData(
        """{"redirect_uris":["https://app.example.com/"],"response_types":["token"]}""",
        "invalid_client_metadata"
    )]
    [InlineData(
        """{"redirect_uris":["https://app.example.com/"],"token_endpoint_auth_method":"private_key_jwt"}""",
        "invalid_client_metadata"
    )]
    [InlineData("nonsense", "invalid_client_metadata")]
    public async Task What_no_application_can_be_is_not_registered(string json, string error)
    {
        var refused = await RegisterAsync(json, HttpStatusCode.BadRequest);

        Assert.Equal(error, refused.Text("error"));
    }

    private string Publish(string path)
    {
        var id = chancery.Web.AddressOf(path);
        chancery.Web.Serves(
            path,
            new WebReply(
                $$"""{"client_id":"{{id}}","client_name":"Reader","redirect_uris":["{{App.Callback}}"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none"}"""
            )
        );
        return id;
    }

    private static string Request(string id, string scope = "documents:read") =>
        new App(Guid.Empty, null).Request(("client_id", id), ("scope", scope));

    private async Task<JsonElement> RedeemAsync(string id, string code)
    {
        using var client = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([
            new("client_id", id),
            new("grant_type", "authorization_code"),
            new("code", code),
            new("code_verifier", App.Verifier),
        ]);
        using var response = await client.PostAsync("/oauth/token", form, Cancel);
        return await response.ReadAsync();
    }

    private async Task<JsonElement> RegisterAsync(string json, HttpStatusCode expected)
    {
        using var client = chancery.Anonymous();
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/oauth/register", body, Cancel);
        return await response.ReadAsync(expected);
    }

    public sealed class Fixture : ChanceryFixture
    {
        public Fixture()
        {
            Settings["GUARDED_HTTP_ALLOW"] = Web.HostAndPort;
            Settings["OAUTH_REGISTRATION"] = "true";
        }

        public ScriptedWebServer Web { get; } = ScriptedWebServer.Start();

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Web.DisposeAsync();
        }
    }
}
