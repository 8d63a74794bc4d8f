using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Chancery.Testing.Models;

/// <summary>One message of a chat request, its content as text.</summary>
public sealed record ScriptedMessage(string Role, string Content);

/// <summary>A request that reached the scripted model, on any of its wires.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Model">As asked for.</param>
/// <param name="ApiKey">The bearer token, <c>x-api-key</c> or <c>x-goog-api-key</c>, if any.</param>
/// <param name="IsStreamed">Whether SSE was asked for.</param>
/// <param name="Messages">Of a chat request, the system's words first; else empty.</param>
/// <param name="Inputs">Of an embedding request, else empty.</param>
/// <param name="Body">All of the JSON.</param>
public sealed record ScriptedRequest(
    string Path,
    string Model,
    string? ApiKey,
    bool IsStreamed,
    IReadOnlyList<ScriptedMessage> Messages,
    IReadOnlyList<string> Inputs,
    JsonElement Body
)
{
    /// <summary>With the question mark, else empty.</summary>
    public string Query { get; init; } = "";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What it cost; fills while it is answered.</summary>
    public ScriptedBill Bill { get; } = new();

    /// <summary>All messages, one after the other, as <c>role: content</c>.</summary>
    public string Prompt => string.Join('\n', Messages.Select(message => $"{message.Role}: {message.Content}"));

    public string LastUserMessage => Messages.LastOrDefault(message => message.Role == "user")?.Content ?? "";

    internal static ScriptedRequest From(HttpRequest request, JsonElement body)
    {
        var path = request.Path.Value ?? "";
        var inputs =
            !body.TryGetProperty("input", out var input) ? []
            : input.ValueKind is JsonValueKind.Array ? input.EnumerateArray().Select(text => text.GetString()!).ToList()
            : [input.GetString()!];
        return new ScriptedRequest(
            path,
            body.TryGetProperty("model", out var model) ? model.GetString()!
                : path.Split('/')[^1] is var last && last.Contains(':', StringComparison.Ordinal) ? last.Split(':')[0]
                : "",
            Key(request),
            path.EndsWith(":streamGenerateContent", StringComparison.Ordinal)
                || (body.TryGetProperty("stream", out var stream) && stream.ValueKind is JsonValueKind.True),
            [.. MessagesOf(body)],
            inputs,
            body
        )
        {
            Query = request.QueryString.Value ?? "",
            Headers = request.Headers.ToDictionary(
                header => header.Key,
                header => header.Value.ToString(),
                StringComparer.OrdinalIgnoreCase
            ),
        };
    }

    private static string? Key(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.Ordinal))
            return authorization[7..];
        foreach (var name in (ReadOnlySpan<string>)["x-api-key", "x-goog-api-key"])
        {
            if (request.Headers.TryGetValue(name, out var key))
                return key.ToString();
        }

        return null;
    }

    private static IEnumerable<ScriptedMessage> MessagesOf(JsonElement body)
    {
        if (body.TryGetProperty("system", out var system))
            yield return new ScriptedMessage("system", Text(system));
        if (body.TryGetProperty("systemInstruction", out var instruction))
            yield return new ScriptedMessage("system", Text(instruction.GetProperty("parts")));
        if (body.TryGetProperty("messages", out var messages))
        {
            foreach (var message in messages.EnumerateArray())
                yield return new ScriptedMessage(
                    message.GetProperty("role").GetString()!,
                    message.TryGetProperty("content", out var content) ? Text(content) : ""
                );
        }

        if (body.TryGetProperty("contents", out var contents))
        {
            foreach (var content in contents.EnumerateArray())
                yield return new ScriptedMessage(
                    content.GetProperty("role").GetString() is "model" ? "assistant" : "user",
                    Text(content.GetProperty("parts"))
                );
        }
    }

    /// <summary>A string, or the texts of a list of parts.</summary>
    private static string Text(JsonElement content) =>
        content.ValueKind is JsonValueKind.Array
            ? string.Concat(
                content
                    .EnumerateArray()
                    .Select(part => part.TryGetProperty("text", out var text) ? text.GetString() : "")
            )
            : content.ToString();
}
