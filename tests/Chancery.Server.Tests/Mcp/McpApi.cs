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
        params (string Name, string Value)[] headers
    )
    {
        using var client = chancery.Anonymous();
        using var request = Request(token, revision, method, parameters, headers);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    public static HttpRequestMessage Request(
        string? token,
        string revision,
        string method,
        JsonObject? parameters = null,
        params (string Name, string Value)[] headers
    )
    {
        parameters ??= [];
        if (revision == Newest)
        {
            var meta = parameters["_meta"] as JsonObject ?? [];
            meta["io.modelcontextprotocol/protocolVersion"] = revision;
            meta["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" };
            meta["io.modelcontextprotocol/clientCapabilities"] = new JsonObject();
            parameters["_meta"] = meta.Parent is null ? meta : meta.DeepClone();
            var name = (parameters["name"] ?? parameters["uri"])?.GetValue<string>();
            headers = [.. headers, ("Mcp-Method", method), .. name is null ? [] : new[] { ("Mcp-Name", name) }];
        }

        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 1,
            ["method"] = method,
            ["params"] = parameters,
        };
        return Raw(token, body.ToJsonString(), [("MCP-Protocol-Version", revision), .. headers]);
    }

    /// <summary>Any bytes at all, as a client of the protocol sends its own.</summary>
    public static HttpRequestMessage Raw(string? token, string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return request;
    }

    /// <summary>What the server says in answer to a request: progress, and at last the result or the error.</summary>
    public static async Task<IReadOnlyList<JsonElement>> MessagesAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var messages = text.StartsWith('{')
            ? [text]
            : text.Split('\n')
                .Where(line => line.StartsWith("data:", StringComparison.Ordinal))
                .Select(line => line[5..]);
        return [.. messages.Select(message => JsonSerializer.Deserialize<JsonElement>(message))];
    }

    /// <summary>The answer to the request: its result or its error.</summary>
    public static async Task<JsonElement> AnswerAsync(this HttpResponseMessage response) =>
        (await response.MessagesAsync()).Single(message => message.TryGetProperty("id", out _));

    /// <summary>The result of a request that is none of a tool.</summary>
    public static async Task<JsonElement> ResultAsync(
        this ChanceryFixture chancery,
        string token,
        string method,
        JsonObject? parameters = null,
        string revision = Newest
    )
    {
        using var response = await chancery.SendAsync(token, revision, method, parameters);
        var answer = await response.AnswerAsync();
        Assert.True(answer.TryGetProperty("result", out var result), answer.ToString());
        return result;
    }

    /// <summary>Code and message of a request that the protocol refuses.</summary>
    public static async Task<(int Code, string Message)> RefusalAsync(
        this ChanceryFixture chancery,
        string token,
        string method,
        JsonObject? parameters = null,
        string revision = Newest
    )
    {
        using var response = await chancery.SendAsync(token, revision, method, parameters);
        var error = (await response.AnswerAsync()).GetProperty("error");
        return (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!);
    }

    public static Task<JsonElement> ToolAsync(
        this ChanceryFixture chancery,
        string token,
        string tool,
        JsonObject arguments,
        string revision = Newest
    ) =>
        chancery.ResultAsync(
            token,
            "tools/call",
            new JsonObject { ["name"] = tool, ["arguments"] = arguments },
            revision
        );

    public static bool IsError(this JsonElement result) =>
        result.TryGetProperty("isError", out var isError) && isError.GetBoolean();

    /// <summary>What a model reads that reads no structure.</summary>
    public static string Words(this JsonElement result) =>
        result.GetProperty("content")[0].GetProperty("text").GetString()!;

    /// <summary>What a program reads.</summary>
    public static JsonElement Structured(this JsonElement result)
    {
        Assert.False(result.IsError(), result.ToString());
        return result.GetProperty("structuredContent");
    }

    public static IEnumerable<string> Names(this JsonElement listed) =>
        listed.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()!);
}
