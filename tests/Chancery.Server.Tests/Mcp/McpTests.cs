using System.Net;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp;

/// <summary>The product as tools and resources: what they give, to whom, and what they refuse.</summary>
public sealed class McpTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Theory]
    [InlineData(McpApi.Newest)]
    [InlineData(McpApi.Before)]
    public async Task Both_revisions_list_tools_and_find_what_the_caller_may_read(string revision)
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var id = (await olga.ReadyAsync("The turnstone rests on the pier."u8.ToArray(), "turnstone.txt")).Id();

        using var listed = await chancery.SendAsync(olga.AccessToken, revision, "tools/list");
        var tools = (await listed.AnswerAsync()).GetProperty("result").GetProperty("tools");
        var query = new JsonObject { ["query"] = "turnstone" };
        var found = await chancery.CallAsync(olga.AccessToken, "search", query, revision);
        var foreign = await chancery.CallAsync(
            other.AccessToken,
            "search",
            new JsonObject { ["query"] = "turnstone" },
            revision
        );

        Assert.Equal(7, tools.GetArrayLength());
        Assert.False(found.IsError(), found.ToString());
        Assert.Equal(id, Assert.Single(found.GetProperty("structuredContent").Results()).GetProperty("document_id").GetGuid());
        Assert.Empty(foreign.GetProperty("structuredContent").Results());
    }

    [Fact]
    public async Task A_document_of_another_organisation_is_a_missing_one()
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var id = (await olga.ReadyAsync("The dunlin."u8.ToArray(), "dunlin.txt")).Id().ToString();

        var mine = await chancery.CallAsync(
            olga.AccessToken,
            "read_document",
            new JsonObject { ["document_id"] = id }
        );
        var foreign = await chancery.CallAsync(
            other.AccessToken,
            "read_document",
            new JsonObject { ["document_id"] = id }
        );

        Assert.Contains("The dunlin.", mine.Words(), StringComparison.Ordinal);
        Assert.True(foreign.IsError());
        Assert.DoesNotContain("dunlin", foreign.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_credential_the_challenge_names_where_to_get_one()
    {
        using var response = await chancery.SendAsync(null, McpApi.Newest, "tools/list");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains(
            "/.well-known/oauth-protected-resource/mcp",
            response.Headers.WwwAuthenticate.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_page_of_a_stranger_is_refused()
    {
        var olga = await chancery.SignUpAsync();

        using var response = await chancery.SendAsync(
            olga.AccessToken,
            McpApi.Newest,
            "tools/list",
            origin: "http://evil.example.com"
        );

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_token_without_the_scope_is_told_which_one_it_lacks()
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

        using var refused = await chancery.SendAsync(
            token,
            McpApi.Newest,
            "tools/call",
            new JsonObject
            {
                ["name"] = "search",
                ["arguments"] = new JsonObject { ["query"] = "anything" },
            }
        );
        var older = await chancery.CallAsync(
            token,
            "search",
            new JsonObject { ["query"] = "anything" },
            McpApi.Before
        );

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("documents:read", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.True(older.IsError());
    }

    [Fact]
    public async Task What_a_model_can_mend_is_an_error_of_the_tool()
    {
        var olga = await chancery.SignUpAsync();

        foreach (
            var arguments in (JsonObject[])
                [
                    new JsonObject { ["query"] = "" },
                    new JsonObject { ["query"] = 7 },
                    new JsonObject { ["query"] = "x", ["limit"] = 1000 },
                    new JsonObject { ["query"] = "x", ["tenant_id"] = Guid.Empty.ToString() },
                    new JsonObject { ["query"] = "x", ["tags"] = new JsonArray("a\0b") },
                ]
        )
        {
            Assert.True((await chancery.CallAsync(olga.AccessToken, "search", arguments)).IsError());
        }
    }
}
