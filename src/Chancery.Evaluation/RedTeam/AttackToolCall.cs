using System.Text.Json;

namespace Chancery.Evaluation.RedTeam;

/// <summary>A call of one of the server's tools, as the text of a case has it: <c>{"tool": "search", "arguments": {"query": "x"}}</c>.</summary>
/// <param name="Tool">One of <see cref="Tools"/>.</param>
/// <param name="Arguments">An object; nothing says that they are arguments which the tool takes.</param>
public sealed record AttackToolCall(string Tool, JsonElement Arguments)
{
    public const string Search = "search";
    public const string ReadDocument = "read_document";
    public const string Ask = "ask";

    /// <summary>Those that give out texts of documents.</summary>
    public static IReadOnlyList<string> Tools { get; } = [Search, ReadDocument, Ask];

    /// <summary>Null where it is no such call.</summary>
    public static AttackToolCall? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("tool", out var tool)
                && tool.ValueKind == JsonValueKind.String
                && Tools.Contains(tool.GetString())
                && document.RootElement.TryGetProperty("arguments", out var arguments)
                && arguments.ValueKind == JsonValueKind.Object
                ? new AttackToolCall(tool.GetString()!, arguments.Clone())
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
