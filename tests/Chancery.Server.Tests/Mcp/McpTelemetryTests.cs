using System.Diagnostics;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Telemetry;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp;

/// <summary>Spans and figures of requests of the protocol, as the conventions of OpenTelemetry name them.</summary>
[Collection("Spans")]
public sealed class McpTelemetryTests(TracedServerTests.Fixture chancery) : IClassFixture<TracedServerTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tool_is_a_span_below_the_request_and_above_its_route()
    {
        var olga = await chancery.SignUpAsync();

        var spans = await SpansAsync(
            olga,
            "tools/call",
            new JsonObject
            {
                ["name"] = "search",
                ["arguments"] = new JsonObject { ["query"] = "unspeakable-words" },
            }
        );

        var tool = spans.Single(span => span.Name == "tools/call search");
        Assert.Equal(2, tool.Kind);
        Assert.Equal("tools/call", tool.Tags["mcp.method.name"]);
        Assert.Equal("search", tool.Tags["gen_ai.tool.name"]);
        Assert.Equal("execute_tool", tool.Tags["gen_ai.operation.name"]);
        Assert.Equal(McpApi.Newest, tool.Tags["mcp.protocol.version"]);
        Assert.Equal("1", tool.Tags["jsonrpc.request.id"]);
        Assert.DoesNotContain("error.type", tool.Tags.Keys);
        var request = spans.Single(span => span.SpanId == tool.ParentId);
        Assert.Equal("POST /mcp", request.Name.TrimEnd('/'));
        Assert.DoesNotContain("unspeakable-words", chancery.Collector.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tools/call", """{"name": "search", "arguments": {"query": ""}}""", "tools/call search", "tool_error")]
    [InlineData("tools/call", """{"name": "named-by-a-stranger", "arguments": {}}""", "tools/call", "-32602")]
    [InlineData("resources/read", """{"uri": "chancery://documents/5"}""", "resources/read", "-32602")]
    [InlineData("made-up-by-a-stranger", """{}""", "_OTHER", "-32601")]
    public async Task What_fails_says_how_and_no_name_of_a_callers_gets_in(
        string method,
        string parameters,
        string name,
        string error
    )
    {
        var olga = await chancery.SignUpAsync();

        var spans = await SpansAsync(olga, method, JsonNode.Parse(parameters)!.AsObject());

        var span = spans.Single(span => span.Tags.ContainsKey("mcp.method.name"));
        Assert.Equal(name, span.Name);
        Assert.Equal(error, span.Tags["error.type"]);
        Assert.Equal(2, span.Status);
        Assert.Equal(
            name.StartsWith("tools/call ", StringComparison.Ordinal),
            span.Tags.ContainsKey("gen_ai.operation.name")
        );
        Assert.DoesNotContain("stranger", string.Join(' ', spans.Select(one => one.Name)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_duration_is_a_figure_by_method_and_tool()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.ToolAsync(olga.AccessToken, "search", new JsonObject { ["query"] = "anything" });

        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", TracedServerTests.Fixture.Token);
        var text = await client.GetStringAsync("/metrics", Cancel);

        Assert.Matches(
            "mcp_server_operation_duration_seconds_count\\{[^}]*gen_ai_tool_name=\"search\"[^}]*mcp_method_name=\"tools/call\"",
            text
        );
        // Without sessions there is no length of one.
        Assert.DoesNotContain("mcp_server_session_duration", text, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<OtlpSpan>> SpansAsync(TestUser user, string method, JsonObject parameters)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using (
            var response = await chancery.SendAsync(
                user.AccessToken,
                McpApi.Newest,
                method,
                parameters,
                ("traceparent", $"00-{trace}-00f067aa0ba902b7-01")
            )
        )
        {
            await response.Content.ReadAsStringAsync(Cancel);
        }

        return await ScriptedCollector.EventuallyAsync(() =>
            chancery.Collector.Spans.Where(span => span.TraceId == trace).ToList() is { } spans
            && spans.Exists(span => span.ParentId == "00f067aa0ba902b7")
            && spans.Exists(span => span.Tags.ContainsKey("mcp.method.name"))
                ? spans
                : null
        );
    }
}
