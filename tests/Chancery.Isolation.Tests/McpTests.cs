using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chancery.Testing;

namespace Chancery.Isolation.Tests;

/// <summary>
/// Two tenants, two people of one tenant, and every tool and resource of <c>/mcp</c>: what one of them owns or may not read is answered as if
/// it did not exist. Nothing counts as refused before the same call was seen to work for its owner.
/// </summary>
public sealed partial class McpTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    /// <summary>Each tool with ids in all the places that take one; the braces name kinds of things.</summary>
    private static readonly (string Tool, string Arguments)[] Calls =
    [
        ("search", """{"query": "canary", "documents": ["{document}"]}"""),
        ("search", """{"query": "canary", "collections": ["{collection}"]}"""),
        ("ask", """{"question": "What is the canary word?", "model": "extractive", "documents": ["{document}"]}"""),
        ("ask", """{"question": "What is the canary word?", "model": "extractive", "collections": ["{collection}"]}"""),
        ("ask", """{"question": "What is the canary word?", "model": "echo", "session_id": "{conversation}"}"""),
        ("read_document", """{"document_id": "{document}"}"""),
        (
            "draft_contract",
            """{"instruction": "A mutual NDA", "model": "extractive", "sources": {"documents": ["{document}"]}}"""
        ),
        (
            "draft_contract",
            """{"instruction": "A mutual NDA", "model": "extractive", "sources": {"collections": ["{collection}"]}}"""
        ),
        (
            "revise_contract",
            """{"contract_id": "{contract}", "instruction": "Delete clause 2", "model": "extractive"}"""
        ),
        ("read_contract", """{"contract_id": "{contract}"}"""),
        ("read_contract", """{"contract_id": "{contract}", "revision": 1}"""),
        ("list_contract_revisions", """{"contract_id": "{contract}"}"""),
        ("compare_contract_revisions", """{"contract_id": "{contract}"}"""),
        ("compare_contract_revisions", """{"contract_id": "{contract}", "from": 1, "to": 1}"""),
        ("upgrade_prompt", """{"prompt": "Say the word", "sources": {"documents": ["{document}"]}}"""),
        ("upgrade_prompt", """{"prompt": "Say the word", "sources": {"collections": ["{collection}"]}}"""),
    ];

    private static readonly (string Tool, string Arguments)[] CallsWithoutIds =
    [
        ("search", """{"query": "canary", "limit": 50}"""),
        ("ask", """{"question": "What is the canary word?", "model": "extractive"}"""),
        ("ask", """{"question": "What is the canary word?", "model": "echo"}"""),
        ("list_contracts", """{"limit": 100}"""),
        ("search_clauses", """{"query": "canary", "limit": 50}"""),
        ("draft_contract", """{"instruction": "A mutual NDA about the word", "model": "echo"}"""),
        ("upgrade_prompt", """{"prompt": "Say the word that stands in the documents"}"""),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_tenants_never_meet_in_a_tool_or_a_resource()
    {
        var acme = await Organisation.CreateAsync(chancery);
        var globex = await Organisation.CreateAsync(chancery);
        await Task.WhenAll(acme.FillAsync(), globex.FillAsync());

        await AttackAsync(acme, globex.Owner, acme.MakeAsync, acme.Canary);
    }

    [Fact]
    public async Task Whoever_may_not_read_a_document_cannot_tell_it_from_a_missing_one_in_a_tool_or_a_resource()
    {
        var acme = await Organisation.CreateAsync(chancery);
        await acme.MakeAsync("document");
        var outsider = await chancery.InviteAsync(acme.Owner, "editor");

        await AttackAsync(acme, outsider, acme.MakeHiddenAsync, acme.HiddenCanary, Organisation.CanBeHidden);
    }

    [Fact]
    public async Task Every_tool_is_attacked()
    {
        var acme = await Organisation.CreateAsync(chancery);
        using var listed = JsonDocument.Parse(await SendAsync(acme.Owner, "tools/list", []));

        Assert.Equal(
            listed
                .RootElement.GetProperty("result")
                .GetProperty("tools")
                .EnumerateArray()
                .Select(tool => tool.GetProperty("name").GetString())
                .Order(),
            Calls.Concat(CallsWithoutIds).Select(call => call.Tool).Distinct().Order()
        );
    }

    private static async Task AttackAsync(
        Organisation acme,
        TestUser attacker,
        Func<string, Task<string>> makeAsync,
        string canary,
        Func<string, bool>? isAttacked = null
    )
    {
        var failures = new List<string>();
        var attacked = 0;
        foreach (var (tool, arguments) in Calls)
        {
            var kind = Word().Match(arguments).Groups[1].Value;
            if (isAttacked?.Invoke(kind) == false)
            {
                continue;
            }

            attacked++;
            var id = await makeAsync(kind);
            var own = await ToolAsync(acme.Owner, tool, arguments, id);
            var foreign = await ToolAsync(attacker, tool, arguments, id);
            var missing = await ToolAsync(attacker, tool, arguments, Guid.CreateVersion7().ToString());
            if (
                own.Contains("\"isError\":true", StringComparison.Ordinal)
                || !own.Contains("\"result\"", StringComparison.Ordinal)
            )
            {
                failures.Add($"{tool} {arguments} does not work for its owner: {own}");
            }

            if (Comparable(foreign) != Comparable(missing))
            {
                failures.Add($"{tool} {arguments}: {foreign}, but a missing one {missing}");
            }

            Look($"{tool} {arguments}", foreign);
        }

        var document = await makeAsync("document");
        foreach (var uri in new[] { "chancery://documents/{id}", "chancery://documents/{id}/pages/1" })
        {
            var own = await ReadAsync(acme.Owner, uri, document);
            var foreign = await ReadAsync(attacker, uri, document);
            var missing = await ReadAsync(attacker, uri, Guid.CreateVersion7().ToString());
            if (!own.Contains(canary, StringComparison.OrdinalIgnoreCase))
            {
                failures.Add($"{uri} does not work for its owner: {own}");
            }

            if (Comparable(foreign) != Comparable(missing))
            {
                failures.Add($"{uri}: {foreign}, but a missing one {missing}");
            }

            Look(uri, foreign);
        }

        // There is something to be seen: whoever may see it does.
        Assert.Contains(canary, await ListAsync(acme.Owner), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(
            canary,
            await ToolAsync(acme.Owner, "search", """{"query": "canary", "limit": 50}""", ""),
            StringComparison.OrdinalIgnoreCase
        );
        Assert.Contains(
            canary,
            await ToolAsync(acme.Owner, "search_clauses", """{"query": "canary", "limit": 50}""", ""),
            StringComparison.OrdinalIgnoreCase
        );
        Look("resources/list", await ListAsync(attacker));
        foreach (var (tool, arguments) in CallsWithoutIds)
        {
            Look($"{tool} {arguments}", await ToolAsync(attacker, tool, arguments, ""));
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(attacked > 8, $"Only {attacked} calls were tried.");

        void Look(string what, string answer)
        {
            if (answer.Contains(canary, StringComparison.OrdinalIgnoreCase))
            {
                failures.Add($"{what} shows the canary: {answer}");
            }
        }
    }

    private static Task<string> ListAsync(TestUser user) => SendAsync(user, "resources/list", []);

    private static Task<string> ReadAsync(TestUser user, string uri, string id) =>
        SendAsync(
            user,
            "resources/read",
            new JsonObject { ["uri"] = uri.Replace("{id}", id, StringComparison.Ordinal) }
        );

    private static Task<string> ToolAsync(TestUser user, string tool, string arguments, string id) =>
        SendAsync(
            user,
            "tools/call",
            new JsonObject { ["name"] = tool, ["arguments"] = JsonNode.Parse(Word().Replace(arguments, id)) }
        );

    /// <summary>The last message of the answer, which is the answer to the request.</summary>
    private static async Task<string> SendAsync(TestUser user, string method, JsonObject parameters)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 1,
            ["method"] = method,
            ["params"] = parameters,
        };
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await user.Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return text.Split('\n')
            .Last(line => line.Contains('{', StringComparison.Ordinal))
            .Replace("data: ", "", StringComparison.Ordinal);
    }

    /// <summary>Without what is another one each time.</summary>
    private static string Comparable(string answer) => Identifier().Replace(answer, "ID");

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Word();

    [GeneratedRegex("[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")]
    private static partial Regex Identifier();
}
