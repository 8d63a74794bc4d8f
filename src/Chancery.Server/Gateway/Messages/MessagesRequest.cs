using Chancery.Models;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Messages;

/// <summary>Reads a request of Anthropic's Messages API as what any model can be asked.</summary>
internal sealed class MessagesRequest
{
    private static readonly string[] NotSupported = ["container", "mcp_servers", "context_management"];

    // What only Anthropic's own models know what to do with.
    private static readonly string[] ForAnthropic =
    [
        "thinking",
        "output_config",
        "metadata",
        "service_tier",
        "cache_control",
        "speed",
    ];

    private readonly RequestJson _root;
    private readonly List<AITool> _tools;
    private readonly float? _temperature;
    private readonly float? _topP;
    private readonly long? _topK;
    private readonly List<string>? _stops;
    private readonly ChatToolMode? _toolMode;
    private readonly bool? _parallelTools;
    private readonly ChatResponseFormat? _format;
    private readonly ReasoningEffort? _effort;
    private readonly long? _most;

    private MessagesRequest(RequestJson root)
    {
        _root = root;
        foreach (var name in NotSupported)
        {
            if (root.Has(name))
            {
                throw root.Wrong(name, "is not supported here");
            }
        }

        _most = root.Count("max_tokens");
        _temperature = root.Number("temperature", 0, 2);
        _topP = root.Number("top_p", 0, 1);
        _topK = root.Count("top_k");
        _stops = root.Texts("stop_sequences");
        _tools = [.. root.Objects("tools").Select(ToolOf)];
        (_toolMode, _parallelTools) = ChoiceOf(root.Object("tool_choice"));
        _format = FormatOf(root.Object("output_config"));
        _effort = EffortOf(root);
    }

    /// <summary>Null and why where it is no request.</summary>
    /// <param name="needsLimit">Whether <c>max_tokens</c> must be there, as it must where an answer is wanted.</param>
    public static (TranslatedRequest? Request, OpenAIError? Error) Read(ReadOnlyMemory<byte> body, bool needsLimit)
    {
        try
        {
            var root = RequestJson.Parse(body);
            var model = root.NeededText("model");
            var request = new MessagesRequest(root);
            if (needsLimit && request._most is null)
            {
                throw root.Wrong("max_tokens", "is missing");
            }

            var messages = MessagesReader.Read(root);
            return (
                new TranslatedRequest(model, root.Flag("stream"), messages, request.OptionsFor)
                {
                    MostTokens = request._most,
                    Temperature = request._temperature,
                    IsReasoned = request._effort is not (null or ReasoningEffort.None),
                    Tools = request._tools,
                },
                null
            );
        }
        catch (RequestFault fault)
        {
            return (null, fault.Error);
        }
    }

    private ChatOptions OptionsFor(ChatModel model)
    {
        var isAnthropic = model.Endpoint!.Protocol is ModelProtocol.Anthropic;
        return new ChatOptions
        {
            MaxOutputTokens = (int?)OutputLimit.For(_most, model),
            Temperature = _temperature,
            TopP = _topP,
            TopK = model.Endpoint.Protocol is ModelProtocol.OpenAI ? null : (int?)_topK,
            StopSequences = _stops,
            Tools = _tools.Count > 0 ? _tools : null,
            ToolMode = _toolMode,
            AllowMultipleToolCalls = _parallelTools,
            ResponseFormat = isAnthropic ? null : _format,
            // A model that is not known to reason may refuse to be told how much.
            Reasoning =
                !isAnthropic && _effort is { } effort && model.Abilities.Reasoning is true
                    ? new ReasoningOptions { Effort = effort }
                    : null,
            AdditionalProperties = isAnthropic ? Extras() : null,
        };
    }

    private AdditionalPropertiesDictionary Extras()
    {
        var extras = new AdditionalPropertiesDictionary();
        foreach (var name in ForAnthropic)
        {
            if (_root.Find(name) is { } value)
            {
                extras[name] = value;
            }
        }

        return extras;
    }

    private static ClientTool ToolOf(RequestJson tool)
    {
        if (tool.Text("type") is { } type and not "custom")
        {
            throw tool.Wrong(
                "type",
                $"is {type}, which runs at Anthropic; only tools that the client runs are supported"
            );
        }

        return new ClientTool(
            tool.NeededText("name"),
            tool.Text("description"),
            (tool.Object("input_schema") ?? throw tool.Wrong("input_schema", "is missing")).Json
        );
    }

    private static (ChatToolMode? Mode, bool? Parallel) ChoiceOf(RequestJson? given)
    {
        if (given is not { } choice)
        {
            return (null, null);
        }

        ChatToolMode mode = choice.NeededText("type") switch
        {
            "auto" => ChatToolMode.Auto,
            "none" => ChatToolMode.None,
            "any" => ChatToolMode.RequireAny,
            "tool" => ChatToolMode.RequireSpecific(choice.NeededText("name")),
            _ => throw choice.Wrong("type", "must be auto, any, tool or none"),
        };
        return (mode, choice.Flag("disable_parallel_tool_use") ? false : null);
    }

    private static ChatResponseFormatJson? FormatOf(RequestJson? output) =>
        output?.Object("format") is { } format
            ? ChatResponseFormat.ForJsonSchema(
                (format.Object("schema") ?? throw format.Wrong("schema", "is missing")).Json
            )
            : null;

    /// <summary>For models of other protocols, which think by effort and not by a budget.</summary>
    private static ReasoningEffort? EffortOf(RequestJson root)
    {
        var thinking = root.Object("thinking");
        var effort = root.Object("output_config")?.Text("effort") switch
        {
            null => (ReasoningEffort?)null,
            "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            _ => ReasoningEffort.ExtraHigh,
        };
        return thinking?.NeededText("type") switch
        {
            null or "adaptive" => effort,
            "disabled" => null,
            "enabled" => effort ?? EffortOf(thinking.Value.Count("budget_tokens")),
            _ => throw thinking.Value.Wrong("type", "must be enabled, adaptive or disabled"),
        };
    }

    private static ReasoningEffort EffortOf(long? budget) =>
        budget switch
        {
            <= 2_048 => ReasoningEffort.Low,
            <= 8_192 or null => ReasoningEffort.Medium,
            _ => ReasoningEffort.High,
        };
}
