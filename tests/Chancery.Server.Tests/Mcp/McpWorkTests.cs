using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Limits;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Audit;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Limits;
using Chancery.Testing;
using static Chancery.Server.Tests.Contracts.ContractModelFixture;

namespace Chancery.Server.Tests.Mcp;

/// <summary>Tools that have a model write: what they tell on the way, what comes of it, and what does not when the client leaves.</summary>
public sealed class McpWorkTests(ContractModelFixture chancery) : IClassFixture<ContractModelFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_contract_is_drafted_and_revised_with_progress_and_its_revisions_are_listed()
    {
        const string wish = "A services agreement, asked for by an assistant";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[wish] = request => Drafts(request, "Scope", "Fees");

        var messages = await StreamAsync(olga, "draft_contract", new JsonObject { ["instruction"] = wish });
        var drafted = messages[^1].GetProperty("result");
        var contract = drafted.Structured().Text("contract_id");
        var revised = await chancery.ToolAsync(
            olga.AccessToken,
            "revise_contract",
            new JsonObject
            {
                ["contract_id"] = contract,
                ["instruction"] = "Delete clause 2",
                ["model"] = "extractive",
            }
        );
        var latest = await chancery.ToolAsync(
            olga.AccessToken,
            "read_contract",
            new JsonObject { ["contract_id"] = contract }
        );
        var first = await chancery.ToolAsync(
            olga.AccessToken,
            "read_contract",
            new JsonObject { ["contract_id"] = contract, ["revision"] = 1 }
        );
        var listed = await chancery.ToolAsync(
            olga.AccessToken,
            "list_contract_revisions",
            new JsonObject { ["contract_id"] = contract }
        );

        var progress = messages.SkipLast(1).Select(message => message.GetProperty("params")).ToArray();
        Assert.All(progress, told => Assert.Equal("draft-1", told.Text("progressToken")));
        var told = progress.Select(one => one.Text("message")).ToArray();
        Assert.Contains("Outline: Scripted Services Agreement", told);
        Assert.Contains("Clause: Scope", told);
        Assert.Contains("Clause: Fees", told);
        var steps = progress.Select(one => one.GetProperty("progress").GetDouble()).ToArray();
        Assert.Equal(steps.Distinct().Order(), steps);
        Assert.Equal(["Scope", "Fees"], drafted.Structured().Clauses().Select(clause => clause.Text("heading")));
        Assert.Contains("The parties agree on Fees", drafted.Words(), StringComparison.Ordinal);
        var change = Assert.Single(revised.Structured().GetProperty("changes").EnumerateArray());
        Assert.Equal(("deleted", "2. Fees"), (change.Text("kind"), change.Text("what")));
        Assert.Contains("The parties agree on Fees", change.Text("before"), StringComparison.Ordinal);
        Assert.Contains("2. Fees (deleted)", revised.Words(), StringComparison.Ordinal);
        Assert.Equal(["Scope"], latest.Structured().Clauses().Select(clause => clause.Text("heading")));
        Assert.Equal(drafted.Structured().GetRawText(), first.Structured().GetRawText());
        var revisions = listed.Structured().GetProperty("revisions");
        Assert.Equal(wish, revisions[revisions.GetArrayLength() - 1].Text("instruction"));
        Assert.Equal(
            revised.Structured().GetProperty("revision").GetInt32(),
            revisions[0].GetProperty("number").GetInt32()
        );
    }

    [Fact]
    public async Task A_contract_is_found_by_its_name_and_by_its_words_and_its_revisions_are_compared()
    {
        const string wish = "A services agreement, looked for by an assistant";
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        chancery.Scripts[wish] = request => Drafts(request, "Scope", "Fees");
        var drafted = await ToolAsync(olga, "draft_contract", new JsonObject { ["instruction"] = wish });
        var second = await ToolAsync(olga, "draft_contract", new JsonObject { ["instruction"] = wish });

        var firstPage = await ToolAsync(olga, "list_contracts", new JsonObject { ["limit"] = 1, ["q"] = "Scripted" });
        var lastPage = await ToolAsync(
            olga,
            "list_contracts",
            new JsonObject
            {
                ["limit"] = 1,
                ["q"] = "Scripted",
                ["cursor"] = firstPage.Structured().Text("next_cursor"),
            }
        );
        var agreed = await ToolAsync(olga, "list_contracts", new JsonObject { ["status"] = "agreed" });
        var foreign = await ToolAsync(other, "list_contracts", []);
        var found = await ToolAsync(
            olga,
            "search_clauses",
            new JsonObject { ["query"] = "\"agree on Fees\"", ["per"] = "contract" }
        );
        var foreignFound = await ToolAsync(other, "search_clauses", new JsonObject { ["query"] = "agree on Fees" });
        var id = firstPage.Structured().GetProperty("contracts")[0].Text("contract_id");
        var revised = await ToolAsync(
            olga,
            "revise_contract",
            new JsonObject
            {
                ["contract_id"] = id,
                ["instruction"] = "Delete clause 2",
                ["model"] = "extractive",
            }
        );
        var compared = await ToolAsync(olga, "compare_contract_revisions", new JsonObject { ["contract_id"] = id });
        var back = await ToolAsync(
            olga,
            "compare_contract_revisions",
            new JsonObject
            {
                ["contract_id"] = id,
                ["from"] = revised.Structured().GetProperty("revision").GetInt32(),
                ["to"] = 1,
            }
        );

        Assert.Equal(
            new[] { second, drafted }.Select(one => one.Structured().Text("contract_id")),
            new[] { firstPage, lastPage }.Select(page =>
                Assert.Single(page.Structured().GetProperty("contracts").EnumerateArray()).Text("contract_id")
            )
        );
        Assert.False(lastPage.Structured().TryGetProperty("next_cursor", out _));
        Assert.Contains(id!, firstPage.Words(), StringComparison.Ordinal);
        Assert.Contains("Scripted Services Agreement", firstPage.Words(), StringComparison.Ordinal);
        Assert.Empty(agreed.Structured().GetProperty("contracts").EnumerateArray());
        Assert.Empty(foreign.Structured().GetProperty("contracts").EnumerateArray());
        Assert.Equal(
            new[] { drafted, second }.Select(one => one.Structured().Text("contract_id")).Order(),
            found.Structured().Results().Select(one => one.Text("contract_id")).Order()
        );
        Assert.All(found.Structured().Results(), one => Assert.Equal("Fees", one.Text("heading")));
        Assert.Contains("The parties agree on Fees", found.Words(), StringComparison.Ordinal);
        Assert.Empty(foreignFound.Structured().Results());
        Assert.Equal(
            revised.Structured().GetProperty("changes").GetRawText(),
            compared.Structured().GetProperty("changes").GetRawText()
        );
        Assert.Equal(1, compared.Structured().GetProperty("from").GetInt32());
        Assert.Equal(1, compared.Structured().GetProperty("deleted").GetInt32());
        Assert.Contains("2. Fees (deleted)", compared.Words(), StringComparison.Ordinal);
        Assert.Equal(1, back.Structured().GetProperty("inserted").GetInt32());
        Assert.Contains("2. Fees (inserted)", back.Words(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_is_upgraded()
    {
        const string wish = "Ask the knot for its season";
        var olga = await chancery.SignUpAsync();
        chancery.Scripts[wish] = _ => new Chancery.Testing.Models.ScriptedReply(
            JsonSerializer.Serialize(
                new
                {
                    prompt = "Ask the knot politely in which season it comes.",
                    changes = new[] { new { what = "It says how.", why = "Politeness." } },
                }
            )
        );

        var result = await chancery.ToolAsync(olga.AccessToken, "upgrade_prompt", new JsonObject { ["prompt"] = wish });

        Assert.Equal("upgraded", result.Structured().Text("outcome"));
        Assert.Equal("Ask the knot politely in which season it comes.", result.Words());
    }

    [Fact]
    public async Task A_draft_whose_client_leaves_ends_and_nothing_is_stored()
    {
        const string wish = "A services agreement, left by an assistant";
        var olga = await chancery.SignUpAsync();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        chancery.Scripts[wish] = request =>
        {
            var isSecond = !IsPlan(request) && NumberIn(request) == 2;
            if (isSecond)
            {
                asked.TrySetResult();
            }

            return Drafts(request, "Scope", "Fees") with
            {
                Held = isSecond ? held.Task : Task.CompletedTask,
            };
        };
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var call = chancery.Anonymous();
        using var request = McpApi.Request(
            olga.AccessToken,
            McpApi.Newest,
            "tools/call",
            new JsonObject
            {
                ["name"] = "draft_contract",
                ["arguments"] = new JsonObject { ["instruction"] = wish },
                ["_meta"] = new JsonObject { ["progressToken"] = 7 },
            }
        );
        var running = ReadToEndAsync(call, request, leaving.Token);
        await asked.Task.WaitAsync(Patience, Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        await AccessApi.EventuallyAsync(
            async () =>
                (await olga.GetAsync("/api/v1/contract-operations")).Items().Single().Text("state") == "cancelled",
            Patience
        );
        held.SetResult();
        Assert.Empty((await olga.GetAsync("/api/v1/contracts")).Items());
        call.Dispose();
    }

    [Fact]
    public async Task A_model_that_fails_is_an_error_of_the_tool_with_what_to_do()
    {
        const string wish = "A services agreement that no model writes";
        var olga = await chancery.SignUpAsync();

        var result = await chancery.ToolAsync(
            olga.AccessToken,
            "draft_contract",
            new JsonObject { ["instruction"] = wish }
        );

        Assert.True(result.IsError());
        Assert.NotEmpty(result.Words());
        Assert.DoesNotContain("I do not know", result.Words(), StringComparison.Ordinal);
        Assert.Empty((await olga.GetAsync("/api/v1/contracts")).Items());
    }

    [Fact]
    public async Task A_tool_is_in_the_record_as_its_route_with_who_called_and_from_where()
    {
        var olga = await chancery.SignUpAsync();
        var (key, id) = await olga.CreateKeyAsync();

        var drafted = await chancery.ToolAsync(
            key,
            "draft_contract",
            new JsonObject { ["instruction"] = ContractApi.Wish, ["model"] = "extractive" }
        );

        Assert.False(drafted.IsError(), drafted.ToString());
        var entry = Assert.Single(
            await chancery.RecordOfAsync(olga.TenantId),
            row => row.Action.StartsWith("contract.", StringComparison.Ordinal)
        );
        Assert.Equal("succeeded", entry.Outcome);
        Assert.Equal(id.ToString(), entry.CredentialId);
        Assert.Equal("127.0.0.1", entry.Address);
    }

    [Fact]
    public async Task A_call_of_a_tool_is_one_request_and_costs_what_its_route_does()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(olga.TenantId, (LimitNames.Requests, 1_000), (LimitNames.RequestsPerHour, 1_000));

        await chancery.ToolAsync(olga.AccessToken, "search", new JsonObject { ["query"] = "anything" });
        await chancery.ToolAsync(
            olga.AccessToken,
            "read_document",
            new JsonObject { ["document_id"] = Guid.CreateVersion7().ToString() }
        );

        // Asking for it counts as nothing, and what was answered is remembered for a second.
        await AccessApi.EventuallyAsync(async () => await UsedAsync(olga, "requests") == 2, Patience);
        Assert.Equal(1, await UsedAsync(olga, "requests_per_hour"));
    }

    private static async Task<long> UsedAsync(TestUser user, string limit) =>
        (await user.GetAsync("/api/v1/rate-limit/status"))
            .GetProperty("limits")
            .EnumerateArray()
            .Single(one => one.Text("name") == limit)
            .GetProperty("used")
            .GetInt64();

    private Task<JsonElement> ToolAsync(TestUser user, string tool, JsonObject arguments) =>
        chancery.ToolAsync(user.AccessToken, tool, arguments);

    private async Task<IReadOnlyList<JsonElement>> StreamAsync(TestUser user, string tool, JsonObject arguments)
    {
        using var response = await chancery.SendAsync(
            user.AccessToken,
            McpApi.Newest,
            "tools/call",
            new JsonObject
            {
                ["name"] = tool,
                ["arguments"] = arguments,
                ["_meta"] = new JsonObject { ["progressToken"] = "draft-1" },
            }
        );
        return await response.MessagesAsync();
    }

    private static async Task ReadToEndAsync(
        HttpClient client,
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        using var response = await client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        await response.Content.ReadAsStringAsync(cancellationToken);
    }
}
