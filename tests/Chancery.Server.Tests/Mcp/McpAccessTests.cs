using System.Net;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Mcp;

/// <summary>Who gets in at <c>/mcp</c>, with what, from where, and what they may do there.</summary>
public sealed class McpAccessTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Resource = "http://localhost:8000/mcp";
    private const string Metadata =
        "resource_metadata=\"http://localhost:8000/.well-known/oauth-protected-resource/mcp\"";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(McpApi.Newest)]
    [InlineData(McpApi.Before)]
    public async Task Without_a_credential_the_challenge_names_where_to_get_one(string revision)
    {
        using var response = await chancery.SendAsync(null, revision, "tools/list");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        var challenge = Assert.Single(response.Headers.WwwAuthenticate);
        Assert.Equal("Bearer", challenge.Scheme);
        Assert.Equal($"{Metadata}, scope=\"documents:read chat:ask contracts:read\"", challenge.Parameter);
    }

    [Fact]
    public async Task A_client_finds_the_authorization_server_by_itself()
    {
        using var client = chancery.Anonymous();

        var resource = await (await client.GetAsync("/.well-known/oauth-protected-resource/mcp", Cancel)).ReadAsync();
        var server = await (await client.GetAsync("/.well-known/oauth-authorization-server", Cancel)).ReadAsync();

        Assert.Equal(Resource, OAuthApi.Text(resource, "resource"));
        Assert.Equal(OAuthApi.Text(server, "issuer"), resource.GetProperty("authorization_servers")[0].GetString());
    }

    [Fact]
    public async Task Credentials_that_do_not_count_are_refused_and_told_where_to_get_another()
    {
        var clock = new MovedClock { Ahead = TimeSpan.FromHours(-1) };
        var olga = await chancery.SignUpAsync();
        var before = await chancery.StartReplicaAsync(services => services.AddSingleton<TimeProvider>(clock));
        using var past = ChanceryFixture.Client(before);
        var expired = await (
            await past.PostAsync("/api/v1/auth/login", new { email = olga.Email, password = olga.Password })
        ).ReadAsync();
        await using var elsewhere = new ChanceryFixture();
        await elsewhere.InitializeAsync();
        var stranger = await elsewhere.SignUpAsync();
        var app = await olga.RegisterAsync(scopes: ["documents:read"]);
        var api = await chancery.TokensAsync(
            olga,
            app,
            ("scope", "documents:read"),
            ("resource", "http://localhost:8000/api/v1")
        );

        foreach (
            var (what, token) in new[]
            {
                ("no token at all", "abc"),
                ("an expired one", OAuthApi.Text(expired, "access_token")),
                ("one of another installation", stranger.AccessToken),
                ("a refresh token", olga.RefreshToken),
                ("one for another part", OAuthApi.Text(api, "access_token")),
            }
        )
        {
            using var response = await chancery.SendAsync(token, McpApi.Newest, "tools/list");

            Assert.True(HttpStatusCode.Unauthorized == response.StatusCode, what);
            var challenge = response.Headers.WwwAuthenticate.ToString();
            Assert.StartsWith("Bearer error=\"invalid_token\", ", challenge, StringComparison.Ordinal);
            Assert.Contains(Metadata, challenge, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_token_for_the_resource_counts_there_only_and_its_tools_work()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The ruff displays in spring.", "ruff.txt");
        var app = await olga.RegisterAsync(scopes: ["documents:read", "chat:ask"]);
        var tokens = await chancery.TokensAsync(
            olga,
            app,
            ("scope", "documents:read chat:ask"),
            ("resource", Resource)
        );
        var token = OAuthApi.Text(tokens, "access_token");

        var found = await chancery.ToolAsync(token, "search", new JsonObject { ["query"] = "ruff" });
        var listed = await chancery.ResultAsync(token, "resources/list");

        Assert.Single(found.Structured().Results());
        Assert.Single(listed.GetProperty("resources").EnumerateArray());
        Assert.Equal(HttpStatusCode.Unauthorized, await chancery.GetStatusAsync(token, "/api/v1/docs"));
    }

    [Fact]
    public async Task The_cookie_of_the_pages_does_not_count()
    {
        var olga = await chancery.SignUpAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        using var request = McpApi.Request(null, McpApi.Newest, "tools/list");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");

        using var response = await visitor.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_token_without_the_scope_is_told_which_one_it_lacks()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The sanderling runs.", "sanderling.txt");
        var app = await olga.RegisterAsync(
            grants: ["client_credentials"],
            scopes: ["documents:read", "chat:ask"],
            role: "viewer"
        );
        using var given = await chancery.CallAsync(
            app,
            "/oauth/token",
            ("grant_type", "client_credentials"),
            ("scope", "chat:ask")
        );
        var token = OAuthApi.Text(await given.ReadAsync(), "access_token");
        var search = new JsonObject
        {
            ["name"] = "search",
            ["arguments"] = new JsonObject { ["query"] = "sanderling" },
        };

        using var refused = await chancery.SendAsync(token, McpApi.Newest, "tools/call", search.DeepClone().AsObject());
        var older = await chancery.ResultAsync(token, "tools/call", search.DeepClone().AsObject(), McpApi.Before);
        var resources = await chancery.RefusalAsync(token, "resources/list");
        var listed = await chancery.ResultAsync(token, "tools/list");

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(
            $"Bearer error=\"insufficient_scope\", scope=\"documents:read\", {Metadata}",
            refused.Headers.WwwAuthenticate.ToString()
        );
        Assert.True(older.IsError());
        Assert.DoesNotContain("runs", older.ToString(), StringComparison.Ordinal);
        Assert.Contains("documents:read", older.Words(), StringComparison.Ordinal);
        Assert.Contains("documents:read", resources.Message, StringComparison.Ordinal);
        // It may ask its person for more; what the role cannot do it is not shown.
        Assert.Contains("search", listed.Names());
        Assert.DoesNotContain("draft_contract", listed.Names());
    }

    [Fact]
    public async Task A_header_that_names_another_tool_does_not_lead_past_the_scopes()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(
            grants: ["client_credentials"],
            scopes: ["documents:read", "chat:ask"],
            role: "viewer"
        );
        using var given = await chancery.CallAsync(
            app,
            "/oauth/token",
            ("grant_type", "client_credentials"),
            ("scope", "chat:ask")
        );
        var token = OAuthApi.Text(await given.ReadAsync(), "access_token");
        using var request = McpApi.Request(
            token,
            McpApi.Newest,
            "tools/call",
            new JsonObject
            {
                ["name"] = "search",
                ["arguments"] = new JsonObject { ["query"] = "anything" },
            }
        );
        request.Headers.Remove("Mcp-Name");
        request.Headers.Add("Mcp-Name", "ask");
        using var client = chancery.Anonymous();

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_key_that_only_reads_cannot_draft()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync("viewer");
        var wish = new JsonObject { ["instruction"] = ContractApi.Wish, ["model"] = "extractive" };

        var listed = await chancery.ResultAsync(key, "tools/list");
        var drafted = await chancery.ToolAsync(key, "draft_contract", wish.DeepClone().AsObject());
        var older = await chancery.ToolAsync(key, "draft_contract", wish, McpApi.Before);

        Assert.DoesNotContain("draft_contract", listed.Names());
        Assert.DoesNotContain("revise_contract", listed.Names());
        Assert.True(drafted.IsError());
        Assert.True(older.IsError());
        Assert.Contains("contracts:write", drafted.Words(), StringComparison.Ordinal);
        Assert.Empty((await olga.GetAsync("/api/v1/contracts")).Items());
    }

    [Theory]
    [InlineData("http://evil.example.com", false)]
    [InlineData("http://localhost.evil.example.com", false)]
    [InlineData("https://localhost:8000@evil.example.com", false)]
    [InlineData("null", false)]
    [InlineData("http://localhost:8000", true)]
    [InlineData("http://127.0.0.1:6274", true)]
    [InlineData("http://[::1]:6274", true)]
    public async Task A_browser_gets_in_from_this_server_and_this_machine_only(string origin, bool isLetIn)
    {
        var olga = await chancery.SignUpAsync();

        using var response = await chancery.SendAsync(
            olga.AccessToken,
            McpApi.Newest,
            "tools/list",
            headers: ("Origin", origin)
        );

        Assert.Equal(isLetIn ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_name_that_a_stranger_made_point_here_is_refused_with_the_page_that_used_it()
    {
        var olga = await chancery.SignUpAsync();

        using var response = await chancery.SendAsync(
            olga.AccessToken,
            McpApi.Newest,
            "tools/list",
            null,
            ("Host", "evil.example.com"),
            ("Origin", "http://evil.example.com")
        );

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }
}
