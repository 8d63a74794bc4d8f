using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp;

/// <summary>What is no request of the protocol is answered by the protocol, and does no harm.</summary>
public sealed class McpBadInputTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": {}, "method": "tools/list"}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": 7}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": "search"}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": [1]}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7}}""")]
    [InlineData(
        """{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search", "arguments": [1]}}"""
    )]
    [InlineData("""[{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]""")]
    public async Task What_is_no_request_is_refused_and_the_next_one_works(string body)
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        using var request = McpApi.Raw(olga.AccessToken, body, ("MCP-Protocol-Version", McpApi.Before));

        using var response = await client.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var listed = await chancery.ResultAsync(olga.AccessToken, "tools/list");

        Assert.True((int)response.StatusCode is 200 or (>= 400 and < 500), $"{response.StatusCode}: {text}");
        Assert.DoesNotContain("\"result\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" at Chancery", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.NotEmpty(listed.Names());
    }

    [Theory]
    [InlineData("tools/call", """{"name": "no_such_tool", "arguments": {}}""", -32602)]
    [InlineData("tools/call", """{"name": "Search", "arguments": {"query": "x"}}""", -32602)]
    [InlineData("no/such/method", """{}""", -32601)]
    [InlineData("prompts/list", """{}""", -32601)]
    [InlineData("resources/read", """{"uri": "file:///etc/passwd"}""", -32602)]
    [InlineData("resources/read", """{"uri": "chancery://documents/../docs"}""", -32602)]
    [InlineData("resources/read", """{"uri": "chancery://documents/00000000-0000-0000-0000-000000000000"}""", -32602)]
    [InlineData(
        "resources/read",
        """{"uri": "chancery://documents/00000000-0000-0000-0000-000000000000/pages/0"}""",
        -32602
    )]
    [InlineData("resources/list", """{"cursor": "no cursor of ours"}""", -32602)]
    public async Task What_there_is_not_is_refused_by_the_protocol(string method, string parameters, int code)
    {
        var olga = await chancery.SignUpAsync();

        var newest = await chancery.RefusalAsync(olga.AccessToken, method, JsonNode.Parse(parameters)!.AsObject());
        var before = await chancery.RefusalAsync(
            olga.AccessToken,
            method,
            JsonNode.Parse(parameters)!.AsObject(),
            McpApi.Before
        );

        Assert.Equal(code, newest.Code);
        // Earlier revisions have a code of its own for a resource that is not there.
        Assert.Equal(method == "resources/read" ? -32002 : code, before.Code);
    }

    [Fact]
    public async Task A_revision_that_there_is_not_is_refused_with_those_that_there_are()
    {
        var olga = await chancery.SignUpAsync();

        using var response = await chancery.SendAsync(olga.AccessToken, "2031-01-01", "tools/list");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(McpApi.Newest, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_and_one_below_it_is_a_matter_of_the_tool()
    {
        var olga = await chancery.SignUpAsync();
        var longest = new JsonObject { ["query"] = new string('a', 900_000) };
        var deep = JsonNode.Parse($$"""{"query": {{new string('[', 60)}}{{new string(']', 60)}}}""")!.AsObject();

        using var refused = await chancery.SendAsync(
            olga.AccessToken,
            McpApi.Newest,
            "tools/call",
            new JsonObject
            {
                ["name"] = "search",
                ["arguments"] = new JsonObject { ["query"] = new string('a', 2_000_000) },
            }
        );
        var tooLong = await chancery.ToolAsync(olga.AccessToken, "search", longest);
        var tooDeep = await chancery.ToolAsync(olga.AccessToken, "search", deep);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.True(tooLong.IsError());
        Assert.True(tooLong.Words().Length < 1_000, "What was too long comes back.");
        Assert.True(tooDeep.IsError());
    }

    [Theory]
    [InlineData("text/plain", "application/json, text/event-stream", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", "text/html", HttpStatusCode.NotAcceptable)]
    public async Task What_no_client_of_the_protocol_sends_or_takes_is_refused(
        string sent,
        string taken,
        HttpStatusCode expected
    )
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        using var request = McpApi.Request(olga.AccessToken, McpApi.Newest, "tools/list");
        var body = await request.Content!.ReadAsStringAsync(Cancel);
        request.Content = new StringContent(body, Encoding.UTF8, sent);
        request.Headers.Accept.Clear();
        request.Headers.Accept.ParseAdd(taken);

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task There_are_no_sessions_to_listen_to_or_to_end(string method)
    {
        var olga = await chancery.SignUpAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/mcp");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await olga.Http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }
}
