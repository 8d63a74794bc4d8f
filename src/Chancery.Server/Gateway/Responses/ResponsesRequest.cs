using System.Text.Json;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Responses;

/// <summary>Reads a request of OpenAI's Responses API as what any model can be asked.</summary>
/// <remarks>Nothing is stored: what would need an earlier response is refused, and <c>store</c> left out counts as false.</remarks>
internal sealed class ResponsesRequest
{
    private const string NothingStored =
        "is not supported: nothing is stored here. Send all of the conversation as input";

    private readonly RequestJson _root;
    private readonly float? _topP;
    private readonly ChatToolMode? _toolMode;
    private readonly ChatResponseFormat? _format;
    private readonly ReasoningEffort? _effort;
    private readonly bool? _parallelTools;
    private readonly List<AITool> _tools;

    private ResponsesRequest(RequestJson root)
    {
        _root = root;
        RefuseWhatIsNotSupported(root);
        Model = root.Text("model") ?? "";
        IsStreamed = root.Flag("stream");
        MostTokens = root.Count("max_output_tokens");
        Temperature = root.Number("temperature", 0, 2);
        _topP = root.Number("top_p", 0, 1);
        _tools = [.. root.Objects("tools").Select(ToolOf)];
        _toolMode = ToolModeOf(root);
        _parallelTools = root.Has("parallel_tool_calls") ? root.Flag("parallel_tool_calls") : null;
        _format = FormatOf(root.Object("text")?.Object("format"));
        _effort = EffortOf(root.Object("reasoning"));
        Messages = ResponsesReader.Read(root);
    }

    public string Model { get; }

    public bool IsStreamed { get; }

    public long? MostTokens { get; }

    public float? Temperature { get; }

    public List<ChatMessage> Messages { get; }

    public TranslatedRequest Translated =>
        new(Model, IsStreamed, Messages, OptionsFor)
        {
            MostTokens = MostTokens,
            Temperature = Temperature,
            IsReasoned = _effort is not (null or ReasoningEffort.None),
            Tools = _tools,
        };

    /// <summary>Null and why where it is no request.</summary>
    public static (ResponsesRequest? Request, OpenAIError? Error) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return (new ResponsesRequest(RequestJson.Parse(body)), null);
        }
        catch (RequestFault fault)
        {
            return (null, fault.Error);
        }
    }

    /// <summary>What the answer repeats of the request, as OpenAI's does.</summary>
    public void WriteEcho(Utf8JsonWriter json)
    {
        Repeat("instructions");
        Repeat("max_output_tokens");
        Repeat("metadata", "{}");
        Repeat("parallel_tool_calls", "true");
        json.WriteNull("previous_response_id");
        Repeat("reasoning", """{"effort":null,"summary":null}""");
        json.WriteBoolean("store", false);
        Repeat("temperature");
        Repeat("text", """{"format":{"type":"text"}}""");
        Repeat("tool_choice", "\"auto\"");
        Repeat("tools", "[]");
        Repeat("top_p");
        json.WriteString("truncation", "disabled");

        void Repeat(string name, string otherwise = "null")
        {
            json.WritePropertyName(name);
            if (_root.Find(name) is { } given)
            {
                given.WriteTo(json);
            }
            else
            {
                json.WriteRawValue(otherwise);
            }
        }
    }

    private ChatOptions OptionsFor(ChatModel model) =>
        new()
        {
            MaxOutputTokens = (int?)OutputLimit.For(MostTokens, model),
            Temperature = Temperature,
            TopP = _topP,
            Tools = _tools.Count > 0 ? _tools : null,
            ToolMode = _toolMode,
            AllowMultipleToolCalls = _tools.Count > 0 ? _parallelTools : null,
            ResponseFormat = _format,
            Reasoning =
                _effort is { } effort && model.Abilities.Reasoning is not false
                    ? new ReasoningOptions { Effort = effort }
                    : null,
        };

    private static void RefuseWhatIsNotSupported(RequestJson root)
    {
        if (root.Flag("store"))
        {
            throw root.Wrong("store", "must be false: nothing is stored here");
        }

        foreach (var name in (ReadOnlySpan<string>)["previous_response_id", "conversation", "prompt"])
        {
            if (root.Has(name))
            {
                throw root.Wrong(name, NothingStored);
            }
        }

        if (root.Flag("background"))
        {
            throw root.Wrong("background", "must be false: answers are given to whoever waits for them");
        }

        if (root.Text("truncation") is { } truncation and not "disabled")
        {
            throw root.Wrong("truncation", $"cannot be {truncation}: what is sent is asked, or refused as too long");
        }
    }

    private static ClientTool ToolOf(RequestJson tool) =>
        tool.NeededText("type") is "function"
            ? new ClientTool(tool.NeededText("name"), tool.Text("description"), tool.Object("parameters")?.Json)
            : throw tool.Wrong(
                "type",
                $"is {tool.Text("type")}, which runs at OpenAI; only functions, which the client runs, are supported"
            );

    private static ChatToolMode? ToolModeOf(RequestJson root)
    {
        switch (root.Find("tool_choice"))
        {
            case null:
                return null;
            case { ValueKind: JsonValueKind.String }:
                return root.Text("tool_choice") switch
                {
                    "auto" => ChatToolMode.Auto,
                    "none" => ChatToolMode.None,
                    "required" => ChatToolMode.RequireAny,
                    _ => throw root.Wrong("tool_choice", "must be auto, none, required, or name a function"),
                };
            default:
                var choice = root.Object("tool_choice")!.Value;
                return choice.NeededText("type") is "function"
                    ? ChatToolMode.RequireSpecific(choice.NeededText("name"))
                    : throw choice.Wrong("type", "must be function");
        }
    }

    private static ChatResponseFormatJson? FormatOf(RequestJson? given) =>
        given is not { } format
            ? null
            : format.NeededText("type") switch
            {
                "text" => null,
                "json_object" => ChatResponseFormat.Json,
                "json_schema" => ChatResponseFormat.ForJsonSchema(
                    (format.Object("schema") ?? throw format.Wrong("schema", "is missing")).Json,
                    format.NeededText("name"),
                    format.Text("description")
                ),
                _ => throw format.Wrong("type", "must be text, json_object or json_schema"),
            };

    private static ReasoningEffort? EffortOf(RequestJson? reasoning) =>
        reasoning?.Text("effort") switch
        {
            null => null,
            "none" => ReasoningEffort.None,
            "minimal" or "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            _ => ReasoningEffort.ExtraHigh,
        };
}
