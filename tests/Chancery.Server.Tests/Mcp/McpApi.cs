using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp;

/// <summary>Requests of the protocol, written by hand.</summary>
internal static class McpApi
{
    public const string Newest = "2026-07-28";
    public const string Before = "2025-11-25";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<HttpResponseMessage> SendAsync(
        this ChanceryFixture chancery,
        string? token,
        string revision,
        string method,
        JsonObject? parameters = null,
        string? origin = null
    )
    {
        parameters ??= [];
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", revision);
        if (revision == Newest)
        {
            parameters["_meta"] = new JsonObject
            {
                ["io.modelcontextprotocol/protocolVersion"] = revision,
                ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
                ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
            };
            request.Headers.Add("Mcp-Method", method);
            if ((parameters["name"] ?? parameters["uri"])?.GetValue<string>() is { } name)
            {
                request.Headers.Add("Mcp-Name", name);
            }
        }

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 1,
            ["method"] = method,
            ["params"] = parameters,
        };
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return await client.SendAsync(request, Cancel);
    }

    /// <summary>The answer to the request: its result or its error.</summary>
    public static async Task<JsonElement> AnswerAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        var messages = text.StartsWith('{')
            ? [text]
            : text.Split('\n').Where(line => line.StartsWith("data:", StringComparison.Ordinal)).Select(line => line[5..]);
        return messages
            .Select(message => JsonSerializer.Deserialize<JsonElement>(message))
            .Single(message => message.TryGetProperty("id", out _));
    }

    public static async Task<JsonElement> CallAsync(
        this ChanceryFixture chancery,
        string token,
        string tool,
        JsonObject arguments,
        string revision = Newest
    )
    {
        using var response = await chancery.SendAsync(
            token,
            revision,
            "tools/call",
            new JsonObject { ["name"] = tool, ["arguments"] = arguments }
        );
        return (await response.AnswerAsync()).GetProperty("result");
    }

    public static bool IsError(this JsonElement result) =>
        result.TryGetProperty("isError", out var isError) && isError.GetBoolean();

    public static string Words(this JsonElement result) => result.GetProperty("content")[0].GetProperty("text").GetString()!;
}
