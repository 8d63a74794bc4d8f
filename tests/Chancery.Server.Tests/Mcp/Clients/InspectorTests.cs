using System.Text.Json;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp.Clients;

/// <summary>The command line of the protocol's inspector, with a token that our authorization server gave for <c>/mcp</c>.</summary>
public sealed class InspectorTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_inspector_lists_tools_and_resources_calls_and_reads()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.ReadyTextAsync("The oystercatcher opens mussels.", "oystercatcher.txt")).Id();
        var app = await olga.RegisterAsync(scopes: ["documents:read", "chat:ask", "contracts:read"]);
        var tokens = await chancery.TokensAsync(
            olga,
            app,
            ("scope", "documents:read chat:ask contracts:read"),
            ("resource", "http://localhost:8000/mcp")
        );
        var token = OAuthApi.Text(tokens, "access_token");

        var tools = await InspectAsync(token, "tools/list");
        var found = await InspectAsync(
            token,
            "tools/call",
            "--tool-name",
            "search",
            "--tool-arg",
            "query=oystercatcher",
            "limit=3"
        );
        var answer = await InspectAsync(
            token,
            "tools/call",
            "--tool-name",
            "ask",
            "--tool-arg",
            "question=What does the oystercatcher open?",
            "model=extractive"
        );
        var wrong = await InspectAsync(
            token,
            "tools/call",
            "--tool-name",
            "search",
            "--tool-arg",
            "query=oystercatcher",
            "limit=1000"
        );
        var contracts = await InspectAsync(
            token,
            "tools/call",
            "--tool-name",
            "list_contracts",
            "--tool-arg",
            "status=draft",
            "limit=3"
        );
        var clauses = await InspectAsync(
            token,
            "tools/call",
            "--tool-name",
            "search_clauses",
            "--tool-arg",
            "query=fees",
            "limit=3"
        );
        var resources = await InspectAsync(token, "resources/list");
        var read = await InspectAsync(token, "resources/read", "--uri", $"chancery://documents/{id}");

        Assert.Contains("search", tools.Names());
        Assert.Equal(id, Assert.Single(found.Structured().Results()).GetProperty("document_id").GetGuid());
        Assert.NotEqual(0, answer.Structured().GetProperty("citations").GetArrayLength());
        Assert.True(wrong.IsError());
        // The inspector holds each answer against the schema that the tool declares.
        Assert.Equal(0, contracts.Structured().GetProperty("contracts").GetArrayLength());
        Assert.Empty(clauses.Structured().Results());
        Assert.Equal(
            $"chancery://documents/{id}",
            Assert.Single(resources.GetProperty("resources").EnumerateArray()).GetProperty("uri").GetString()
        );
        Assert.Contains(
            "opens mussels",
            read.GetProperty("contents")[0].GetProperty("text").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_inspector_without_a_token_is_sent_to_sign_in()
    {
        var (code, output, errors) = await McpClients.RunAsync(
            McpClients.Inspector,
            ["--cli", new Uri(chancery.Address, "/mcp").ToString(), "--transport", "http", "--method", "tools/list"]
        );

        Assert.NotEqual(0, code);
        Assert.Contains("unauthenticated", output + errors, StringComparison.Ordinal);
    }

    private async Task<JsonElement> InspectAsync(string token, string method, params string[] more)
    {
        var (code, output, errors) = await McpClients.RunAsync(
            McpClients.Inspector,
            [
                "--cli",
                new Uri(chancery.Address, "/mcp").ToString(),
                "--transport",
                "http",
                "--header",
                $"Authorization: Bearer {token}",
                "--method",
                method,
                .. more,
            ]
        );
        Assert.True(code == 0, $"{output}\n{errors}");
        return JsonSerializer.Deserialize<JsonElement>(output);
    }
}
