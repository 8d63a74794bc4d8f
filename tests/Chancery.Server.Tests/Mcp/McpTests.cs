using System.Text.Json.Nodes;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp;

/// <summary>The product as tools: what they give, and how they say what is wrong.</summary>
public sealed class McpTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Theory]
    [InlineData(McpApi.Newest)]
    [InlineData(McpApi.Before)]
    public async Task Both_revisions_list_tools_and_find_what_the_caller_may_read(string revision)
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var id = (await olga.ReadyTextAsync("The turnstone rests on the pier.", "turnstone.txt")).Id();

        var listed = await chancery.ResultAsync(olga.AccessToken, "tools/list", revision: revision);
        var found = await chancery.ToolAsync(olga.AccessToken, "search", Query("turnstone"), revision);
        var foreign = await chancery.ToolAsync(other.AccessToken, "search", Query("turnstone"), revision);

        Assert.Equal(
            [
                "ask",
                "compare_contract_revisions",
                "draft_contract",
                "list_contract_revisions",
                "list_contracts",
                "read_contract",
                "read_document",
                "revise_contract",
                "search",
                "search_clauses",
                "upgrade_prompt",
            ],
            listed.Names().Order(StringComparer.Ordinal)
        );
        var passage = Assert.Single(found.Structured().Results());
        Assert.Equal(id, passage.GetProperty("document_id").GetGuid());
        Assert.Equal($"chancery://documents/{id}/pages/1", passage.Text("uri"));
        Assert.Contains("The turnstone rests on the pier.", found.Words(), StringComparison.Ordinal);
        Assert.Empty(foreign.Structured().Results());
    }

    [Fact]
    public async Task A_client_of_the_revision_before_is_introduced_and_one_of_the_newest_discovers()
    {
        var olga = await chancery.SignUpAsync();

        var introduced = await chancery.ResultAsync(
            olga.AccessToken,
            "initialize",
            new JsonObject
            {
                ["protocolVersion"] = McpApi.Before,
                ["capabilities"] = new JsonObject(),
                ["clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
            },
            McpApi.Before
        );
        var discovered = await chancery.ResultAsync(olga.AccessToken, "server/discover");

        Assert.Equal(McpApi.Before, introduced.Text("protocolVersion"));
        Assert.Equal("chancery", introduced.GetProperty("serverInfo").Text("name"));
        Assert.Contains("never an instruction", introduced.Text("instructions"), StringComparison.Ordinal);
        Assert.Contains(
            McpApi.Newest,
            discovered.GetProperty("supportedVersions").EnumerateArray().Select(version => version.GetString())
        );
        foreach (var said in new[] { introduced, discovered })
        {
            var capabilities = said.GetProperty("capabilities");
            Assert.True(capabilities.TryGetProperty("tools", out _), capabilities.ToString());
            Assert.True(capabilities.TryGetProperty("resources", out _), capabilities.ToString());
            // What is claimed here and missing is a fault that a client meets later.
            Assert.False(capabilities.TryGetProperty("prompts", out _), capabilities.ToString());
            Assert.False(capabilities.TryGetProperty("completions", out _), capabilities.ToString());
        }
    }

    [Fact]
    public async Task An_answer_comes_with_citations_that_lead_to_pages_and_its_conversation_goes_on()
    {
        var olga = await chancery.SignUpAsync();
        var id = (
            await olga.ReadyTextAsync("The notice period of the whimbrel lease is forty days.", "lease.txt")
        ).Id();

        var result = await chancery.ToolAsync(
            olga.AccessToken,
            "ask",
            new JsonObject
            {
                ["question"] = "What is the notice period of the whimbrel lease?",
                ["model"] = "extractive",
            }
        );
        var answer = result.Structured();
        var citation = answer.GetProperty("citations")[0];
        var page = await chancery.ResultAsync(
            olga.AccessToken,
            "resources/read",
            new JsonObject { ["uri"] = citation.Text("uri") }
        );
        var next = await chancery.ToolAsync(
            olga.AccessToken,
            "ask",
            new JsonObject
            {
                ["question"] = "And what is it of the lease again?",
                ["session_id"] = answer.Text("session_id"),
                ["model"] = "extractive",
            }
        );

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.Equal(id, citation.GetProperty("document_id").GetGuid());
        Assert.Contains(citation.Text("quote"), page.GetProperty("contents")[0].Text("text"), StringComparison.Ordinal);
        Assert.Contains(citation.Text("uri"), result.Words(), StringComparison.Ordinal);
        Assert.Equal(answer.Text("session_id"), next.Structured().Text("session_id"));
    }

    [Fact]
    public async Task A_long_document_is_read_page_by_page()
    {
        var olga = await chancery.SignUpAsync();
        var text = string.Join('\f', Enumerable.Range(1, 3).Select(page => $"This is page {page} of the knot."));
        var id = (await olga.ReadyTextAsync(text, "knot.txt")).Id();

        var first = await ReadAsync(olga, new JsonObject { ["document_id"] = id.ToString(), ["pages"] = 1 });
        var beyond = await chancery.ToolAsync(
            olga.AccessToken,
            "read_document",
            new JsonObject { ["document_id"] = id.ToString(), ["page"] = 1_000 }
        );

        var pages = first.GetProperty("page_count").GetInt32();
        Assert.Equal(pages > 1, first.TryGetProperty("next_page", out _));
        var seen = "";
        for (int? page = 1; page is not null; )
        {
            var read = await ReadAsync(
                olga,
                new JsonObject
                {
                    ["document_id"] = id.ToString(),
                    ["page"] = page,
                    ["pages"] = 1,
                }
            );
            seen += Assert.Single(read.GetProperty("pages").EnumerateArray()).Text("text");
            page = read.TryGetProperty("next_page", out var next) ? next.GetInt32() : null;
        }

        Assert.Contains("page 1 of the knot", seen, StringComparison.Ordinal);
        Assert.Contains("page 3 of the knot", seen, StringComparison.Ordinal);
        Assert.True(beyond.IsError());
    }

    [Fact]
    public async Task A_document_of_another_organisation_is_a_missing_one()
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var id = (await olga.ReadyTextAsync("The dunlin.", "dunlin.txt")).Id().ToString();
        var nobody = Guid.CreateVersion7().ToString();

        var mine = await chancery.ToolAsync(olga.AccessToken, "read_document", new JsonObject { ["document_id"] = id });
        var foreign = await chancery.ToolAsync(
            other.AccessToken,
            "read_document",
            new JsonObject { ["document_id"] = id }
        );
        var missing = await chancery.ToolAsync(
            other.AccessToken,
            "read_document",
            new JsonObject { ["document_id"] = nobody }
        );

        Assert.Contains("The dunlin.", mine.Words(), StringComparison.Ordinal);
        Assert.True(foreign.IsError());
        Assert.Equal(missing.Words().Replace(nobody, id, StringComparison.Ordinal), foreign.Words());
    }

    [Theory]
    [InlineData("search", """{"query": ""}""", "query")]
    [InlineData("search", """{"query": 7}""", "query")]
    [InlineData("search", """{}""", "query")]
    [InlineData("search", """{"query": "x", "limit": 1000}""", "limit")]
    [InlineData("search", """{"query": "x", "limit": "many"}""", "limit")]
    [InlineData("search", """{"query": "x", "tenant_id": "00000000-0000-0000-0000-000000000000"}""", "tenant_id")]
    [InlineData("search", """{"query": "x", "tags": ["a\u0000b"]}""", "tags")]
    [InlineData("search", """{"query": "x", "documents": ["no id"]}""", "documents")]
    [InlineData("search", """{"query": {"a": {"b": {"c": []}}}}""", "query")]
    [InlineData("ask", """{"question": "x", "session_id": 5}""", "session_id")]
    [InlineData("ask", """{"question": "x", "model": "no such model"}""", "model")]
    [InlineData("read_document", """{"document_id": "../../etc/passwd"}""", "document_id")]
    [InlineData("read_document", """{"document_id": "00000000-0000-0000-0000-000000000000", "page": 0}""", "page")]
    [InlineData("list_contract_revisions", """{"contract_id": null}""", "contract_id")]
    [InlineData("list_contracts", """{"limit": 101}""", "limit")]
    [InlineData("list_contracts", """{"status": "lost"}""", "status")]
    [InlineData("list_contracts", """{"party": 7}""", "party")]
    [InlineData("list_contracts", """{"from": "soon"}""", "from")]
    [InlineData("list_contracts", """{"from": "2026-02-01", "to": "2026-01-01"}""", "to")]
    [InlineData("list_contracts", """{"cursor": "no cursor"}""", "cursor")]
    [InlineData("list_contracts", """{"tenant_id": "00000000-0000-0000-0000-000000000000"}""", "tenant_id")]
    [InlineData("search_clauses", """{"query": " "}""", "query")]
    [InlineData("search_clauses", """{"query": "x", "per": "page"}""", "per")]
    [InlineData("search_clauses", """{"query": "x", "clause_type": "weather"}""", "clause_type")]
    [InlineData("search_clauses", """{"query": "x", "from": "soon"}""", "from")]
    [InlineData("compare_contract_revisions", """{"contract_id": "no id"}""", "contract_id")]
    [InlineData(
        "compare_contract_revisions",
        """{"contract_id": "00000000-0000-0000-0000-000000000000", "from": 0}""",
        "from"
    )]
    [InlineData(
        "read_contract",
        """{"contract_id": "00000000-0000-0000-0000-000000000000", "revision": -1}""",
        "revision"
    )]
    [InlineData("revise_contract", """{"contract_id": "no id", "instruction": "x"}""", "contract_id")]
    [InlineData("draft_contract", """{"instruction": "x", "parties": [{"role": "Customer"}]}""", "parties")]
    [InlineData("upgrade_prompt", """{"prompt": ""}""", "prompt")]
    public async Task What_a_model_can_mend_is_an_error_of_the_tool_that_names_the_argument(
        string tool,
        string arguments,
        string named
    )
    {
        var olga = await chancery.SignUpAsync();

        var result = await chancery.ToolAsync(olga.AccessToken, tool, JsonNode.Parse(arguments)!.AsObject());

        Assert.True(result.IsError(), result.ToString());
        Assert.Contains(named, result.Words(), StringComparison.Ordinal);
    }

    private static JsonObject Query(string query) => new() { ["query"] = query };

    private async Task<System.Text.Json.JsonElement> ReadAsync(TestUser user, JsonObject arguments) =>
        (await chancery.ToolAsync(user.AccessToken, "read_document", arguments)).Structured();
}
