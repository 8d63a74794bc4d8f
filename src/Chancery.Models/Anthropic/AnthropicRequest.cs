using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Writes the body of <c>POST messages</c>.</summary>
internal static class AnthropicRequest
{
    /// <summary>What no extra parameter may say, and what this protocol has no word for.</summary>
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(
        "model",
        "messages",
        "system",
        "stream",
        "maxtokens",
        "maxoutputtokens",
        "tools",
        "n",
        "seed",
        "frequencypenalty",
        "presencepenalty",
        "logitbias",
        "logprobs",
        "toplogprobs",
        "paralleltoolcalls",
        "reasoningeffort"
    );

    public static void Write(
        Utf8JsonWriter json,
        ModelEndpoint endpoint,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        string model,
        bool isStreamed
    )
    {
        var parameters = new ParameterWriter(json, options?.AdditionalProperties);
        json.WriteStartObject();
        parameters.Write("model", model);
        parameters.Write("max_tokens", options?.MaxOutputTokens ?? endpoint.DefaultOutputTokens);
        AnthropicMessages.WriteSystem(json, messages, options);
        parameters.Name("messages");
        AnthropicMessages.Write(json, messages);
        if (isStreamed)
            parameters.Write("stream", true);

        if (options is not null)
        {
            parameters.Write("temperature", options.Temperature);
            parameters.Write("top_p", options.TopP);
            parameters.Write("top_k", options.TopK);
            parameters.Write("stop_sequences", options.StopSequences);
            WriteThinking(json, parameters, options);
            WriteTools(json, parameters, options);
            parameters.Rest(name => !Reserved.Contains(name));
        }

        json.WriteEndObject();
    }

    /// <summary>
    /// How much to think, and the schema of the answer. Models from before adaptive thinking want a budget, which a caller gives
    /// as an extra parameter <c>thinking</c>.
    /// </summary>
    private static void WriteThinking(Utf8JsonWriter json, ParameterWriter parameters, ChatOptions options)
    {
        var effort = options.Reasoning?.Effort switch
        {
            null or ReasoningEffort.None => null,
            ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            ReasoningEffort.High => "high",
            _ => "max",
        };
        if (effort is not null && !parameters.HasExtra("thinking"))
        {
            parameters.Name("thinking");
            json.WriteStartObject();
            json.WriteString("type", "adaptive");
            json.WriteEndObject();
        }

        var schema = (options.ResponseFormat as ChatResponseFormatJson)?.Schema;
        if ((effort is null && schema is null) || parameters.HasExtra("output_config"))
            return;
        parameters.Name("output_config");
        json.WriteStartObject();
        if (effort is not null)
            json.WriteString("effort", effort);
        if (schema is { } shape)
        {
            json.WriteStartObject("format");
            json.WriteString("type", "json_schema");
            json.WritePropertyName("schema");
            shape.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ParameterWriter parameters, ChatOptions options)
    {
        var functions = ToolText.Functions(options);
        if (functions.Count == 0)
            return;

        parameters.Name("tools");
        json.WriteStartArray();
        foreach (var function in functions)
        {
            json.WriteStartObject();
            json.WriteString("name", function.Name);
            if (function.Description.Length > 0)
                json.WriteString("description", function.Description);
            json.WritePropertyName("input_schema");
            function.JsonSchema.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();

        if (options.ToolMode is null && options.AllowMultipleToolCalls is null)
            return;
        parameters.Name("tool_choice");
        json.WriteStartObject();
        json.WriteString(
            "type",
            options.ToolMode switch
            {
                NoneChatToolMode => "none",
                RequiredChatToolMode { RequiredFunctionName: not null } => "tool",
                RequiredChatToolMode => "any",
                _ => "auto",
            }
        );
        if (options.ToolMode is RequiredChatToolMode { RequiredFunctionName: { } name })
            json.WriteString("name", name);
        if (options.AllowMultipleToolCalls is false && options.ToolMode is not NoneChatToolMode)
            json.WriteBoolean("disable_parallel_tool_use", true);
        json.WriteEndObject();
    }
}
