using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>Reads a chat completion of OpenAI's as what any model can be asked.</summary>
internal static class ChatRequestReader
{
    /// <exception cref="ModelException">It holds what cannot be told to a model of another protocol.</exception>
    public static (IReadOnlyList<ChatMessage> Messages, ChatOptions Options) Read(ChatRequestBody body, ChatModel model)
    {
        try
        {
            var root = body.Root;
            return ([.. root.GetProperty("messages").EnumerateArray().Select(MessageOf)], OptionsOf(root, body, model));
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or KeyNotFoundException or FormatException or JsonException)
        {
            throw new ModelException(ModelFailure.Client, null, null, model.Id, exception);
        }
    }

    private static ChatMessage MessageOf(JsonElement message)
    {
        var role = message.GetProperty("role").GetString();
        var contents = message.TryGetProperty("content", out var content) ? ContentsOf(content) : [];
        switch (role)
        {
            case "tool":
                return new ChatMessage(
                    ChatRole.Tool,
                    [new FunctionResultContent(message.GetProperty("tool_call_id").GetString()!, TextOf(contents))]
                );
            case "assistant"
                when message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind is JsonValueKind.Array:
                contents.AddRange(calls.EnumerateArray().Select(CallOf));
                return new ChatMessage(ChatRole.Assistant, contents);
            case "assistant":
                return new ChatMessage(ChatRole.Assistant, contents);
            case "system" or "developer":
                return new ChatMessage(ChatRole.System, contents);
            default:
                return new ChatMessage(ChatRole.User, contents);
        }
    }

    private static List<AIContent> ContentsOf(JsonElement content) =>
        content.ValueKind switch
        {
            JsonValueKind.String => [new TextContent(content.GetString())],
            JsonValueKind.Array => [.. content.EnumerateArray().Select(PartOf)],
            _ => [],
        };

    private static AIContent PartOf(JsonElement part)
    {
        switch (part.GetProperty("type").GetString())
        {
            case "text":
                return new TextContent(part.GetProperty("text").GetString());
            case "refusal":
                return new TextContent(part.GetProperty("refusal").GetString());
            case "image_url":
                var url = part.GetProperty("image_url").GetProperty("url").GetString()!;
                return url.StartsWith("data:", StringComparison.Ordinal)
                    ? new DataContent(url)
                    : new UriContent(new Uri(url), "image/*");
            default:
                throw new FormatException("This kind of content is not told to models of other protocols.");
        }
    }

    private static string TextOf(List<AIContent> contents) =>
        string.Concat(contents.OfType<TextContent>().Select(text => text.Text));

    private static FunctionCallContent CallOf(JsonElement call)
    {
        var function = call.GetProperty("function");
        var arguments = function.GetProperty("arguments").GetString();
        return new FunctionCallContent(
            call.GetProperty("id").GetString()!,
            function.GetProperty("name").GetString()!,
            string.IsNullOrWhiteSpace(arguments)
                ? new Dictionary<string, object?>()
                : JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments)
        );
    }

    private static ChatOptions OptionsOf(JsonElement root, ChatRequestBody body, ChatModel model) =>
        new()
        {
            MaxOutputTokens = (int?)body.LimitFor(model),
            Temperature = body.Temperature,
            TopP = Number(root, "top_p"),
            FrequencyPenalty = Number(root, "frequency_penalty"),
            PresencePenalty = Number(root, "presence_penalty"),
            Seed = root.TryGetProperty("seed", out var seed) && seed.TryGetInt64(out var number) ? number : null,
            StopSequences = StopsOf(root),
            ResponseFormat = FormatOf(root),
            Tools = ToolsOf(root),
            ToolMode = ToolModeOf(root),
        };

    private static float? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number ? value.GetSingle() : null;

    private static List<string>? StopsOf(JsonElement root) =>
        !root.TryGetProperty("stop", out var stop) ? null
        : stop.ValueKind is JsonValueKind.String ? [stop.GetString()!]
        : stop.ValueKind is JsonValueKind.Array ? [.. stop.EnumerateArray().Select(text => text.GetString()!)]
        : null;

    private static ChatResponseFormatJson? FormatOf(JsonElement root)
    {
        if (
            !root.TryGetProperty("response_format", out var format)
            || format.ValueKind is not JsonValueKind.Object
            || !format.TryGetProperty("type", out var type)
        )
        {
            return null;
        }

        return type.GetString() switch
        {
            "json_schema" => ChatResponseFormat.ForJsonSchema(
                format.GetProperty("json_schema").GetProperty("schema").Clone(),
                format.GetProperty("json_schema").TryGetProperty("name", out var name) ? name.GetString() : null
            ),
            "json_object" => ChatResponseFormat.Json,
            _ => null,
        };
    }

    private static List<AITool>? ToolsOf(JsonElement root) =>
        root.TryGetProperty("tools", out var tools) && tools.ValueKind is JsonValueKind.Array
            ? [.. tools.EnumerateArray().Select(tool => new DeclaredTool(tool.GetProperty("function").Clone()))]
            : null;

    private static ChatToolMode? ToolModeOf(JsonElement root)
    {
        if (!root.TryGetProperty("tool_choice", out var choice))
        {
            return null;
        }

        return choice.ValueKind switch
        {
            JsonValueKind.String when choice.ValueEquals("none") => ChatToolMode.None,
            JsonValueKind.String when choice.ValueEquals("required") => ChatToolMode.RequireAny,
            JsonValueKind.Object => ChatToolMode.RequireSpecific(
                choice.GetProperty("function").GetProperty("name").GetString()!
            ),
            _ => ChatToolMode.Auto,
        };
    }

    /// <summary>A tool of the client's, which the client runs.</summary>
    private sealed class DeclaredTool(JsonElement function) : AIFunctionDeclaration
    {
        private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

        public override string Name => function.GetProperty("name").GetString()!;

        public override string Description =>
            function.TryGetProperty("description", out var text) ? text.GetString() ?? "" : "";

        public override JsonElement JsonSchema =>
            function.TryGetProperty("parameters", out var schema) && schema.ValueKind is JsonValueKind.Object
                ? schema
                : NoParameters;
    }
}
