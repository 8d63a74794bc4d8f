using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary>What tools answer with.</summary>
internal static class ToolAnswer
{
    /// <param name="text">For a model that reads no structure.</param>
    public static CallToolResult Of(JsonObject structured, string text) =>
        new()
        {
            Content = [new TextContentBlock { Text = text }],
            StructuredContent = JsonSerializer.SerializeToElement(structured),
        };

    /// <summary>Something that the caller can mend, said to the model and not to the protocol.</summary>
    public static CallToolResult Error(string text) =>
        new() { Content = [new TextContentBlock { Text = text }], IsError = true };

    /// <summary>The problem that a route answered with.</summary>
    public static CallToolResult Error(RouteAnswer refused) => Error(Describe(refused));

    /// <summary>Title, detail and wrong members of a problem, and when to try again.</summary>
    public static string Describe(RouteAnswer refused)
    {
        if (refused.Body is not { ValueKind: JsonValueKind.Object } problem)
        {
            return refused.Status == StatusCodes.Status401Unauthorized
                ? "The sign-in ended while this ran."
                : string.Create(CultureInfo.InvariantCulture, $"It failed ({refused.Status}).");
        }

        var text = new StringBuilder(problem.Text("title") ?? "It failed").Append('.');
        if (problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in errors.EnumerateObject())
            {
                text.AppendLine().Append("- ").Append(member.Name).Append(": ");
                text.AppendJoin(' ', member.Value.EnumerateArray().Select(message => message.GetString()));
            }
        }
        else if (problem.Text("detail") is { } detail)
        {
            text.Append(' ').Append(detail);
        }

        if (refused.Headers.RetryAfter.ToString() is { Length: > 0 } seconds)
        {
            text.AppendLine().Append("Try again in ").Append(seconds).Append(" s.");
        }

        if (problem.Text("traceId") is { } trace && refused.Status >= 500)
        {
            text.AppendLine().Append("For the operator: ").Append(trace);
        }

        return text.ToString();
    }

    /// <summary>The text of a member; null where it is missing or no text.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>The members of that name as they are, without those that are missing or null.</summary>
    public static JsonObject Only(this JsonElement element, params ReadOnlySpan<string> names)
    {
        var kept = new JsonObject();
        foreach (var name in names)
        {
            if (element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                kept[name] = JsonSerializer.SerializeToNode(value);
            }
        }

        return kept;
    }
}
