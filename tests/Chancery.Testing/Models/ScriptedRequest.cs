using System.Text.Json;

namespace Chancery.Testing.Models;

/// <summary>One message of a chat request, its content as text.</summary>
public sealed record ScriptedMessage(string Role, string Content);

/// <summary>A request that reached the scripted model.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Model">As asked for.</param>
/// <param name="ApiKey">The bearer token, if any.</param>
/// <param name="IsStreamed">Whether SSE was asked for.</param>
/// <param name="Messages">Of a chat request, else empty.</param>
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
    /// <summary>All messages, one after the other, as <c>role: content</c>.</summary>
    public string Prompt => string.Join('\n', Messages.Select(message => $"{message.Role}: {message.Content}"));

    public string LastUserMessage => Messages.LastOrDefault(message => message.Role == "user")?.Content ?? "";

    internal static ScriptedRequest From(string path, string? apiKey, JsonElement body)
    {
        var messages = body.TryGetProperty("messages", out var list)
            ? list.EnumerateArray()
                .Select(message => new ScriptedMessage(
                    message.GetProperty("role").GetString()!,
                    message.GetProperty("content").ToString()
                ))
                .ToList()
            : [];
        var inputs =
            !body.TryGetProperty("input", out var input) ? []
            : input.ValueKind is JsonValueKind.Array ? input.EnumerateArray().Select(text => text.GetString()!).ToList()
            : [input.GetString()!];
        return new ScriptedRequest(
            path,
            body.TryGetProperty("model", out var model) ? model.GetString()! : "",
            apiKey,
            body.TryGetProperty("stream", out var stream) && stream.ValueKind is JsonValueKind.True,
            messages,
            inputs,
            body
        );
    }
}
