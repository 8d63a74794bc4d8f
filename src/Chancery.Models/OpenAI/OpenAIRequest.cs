using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Writes the body of <c>POST chat/completions</c>.</summary>
internal static class OpenAIRequest
{
    /// <summary>
    /// What no extra parameter may say: it would change what is asked of whom, how the answer comes, or how much it can cost.
    /// </summary>
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(
        "model",
        "messages",
        "stream",
        "streamoptions",
        "maxtokens",
        "maxcompletiontokens",
        "maxoutputtokens",
        "n",
        "bestof",
        "tools",
        "functions"
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
        parameters.Name("messages");
        OpenAIMessages.Write(json, messages, options?.Instructions, endpoint.TakesReasoningBack);

        if (isStreamed)
        {
            parameters.Write("stream", true);
            if (endpoint.AsksForUsage)
            {
                parameters.Name("stream_options");
                json.WriteStartObject();
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }
        }

        if (options is not null)
        {
            parameters.Write("temperature", options.Temperature);
            parameters.Write("top_p", options.TopP);
            // No parameter of OpenAI's, but most of those who are compatible know it.
            parameters.Write("top_k", options.TopK);
            parameters.Write(
                endpoint.TakesMaxCompletionTokens ? "max_completion_tokens" : "max_tokens",
                options.MaxOutputTokens
            );
            parameters.Write("frequency_penalty", options.FrequencyPenalty);
            parameters.Write("presence_penalty", options.PresencePenalty);
            parameters.Write("seed", options.Seed);
            parameters.Write("stop", options.StopSequences);
            parameters.Write("reasoning_effort", Effort(options.Reasoning?.Effort));
            WriteFormat(json, parameters, options.ResponseFormat);
            WriteTools(json, parameters, options);
            parameters.Rest(name => !Reserved.Contains(name));
        }

        json.WriteEndObject();
    }

    private static string? Effort(ReasoningEffort? effort) =>
        effort switch
        {
            null => null,
            ReasoningEffort.None => "none",
            ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            ReasoningEffort.High => "high",
            _ => "xhigh",
        };

    private static void WriteFormat(Utf8JsonWriter json, ParameterWriter parameters, ChatResponseFormat? format)
    {
        if (format is not ChatResponseFormatJson answer)
            return;

        parameters.Name("response_format");
        json.WriteStartObject();
        json.WriteString("type", answer.Schema is null ? "json_object" : "json_schema");
        if (answer.Schema is { } schema)
        {
            json.WriteStartObject("json_schema");
            json.WriteString("name", answer.SchemaName ?? "answer");
            json.WritePropertyName("schema");
            schema.WriteTo(json);
            if (answer.SchemaDescription is not null)
                json.WriteString("description", answer.SchemaDescription);
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
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", function.Name);
            if (function.Description.Length > 0)
                json.WriteString("description", function.Description);
            json.WritePropertyName("parameters");
            function.JsonSchema.WriteTo(json);
            if (function.AdditionalProperties.TryGetValue("strict", out var strict) && strict is bool isStrict)
                json.WriteBoolean("strict", isStrict);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();

        if (options.ToolMode is RequiredChatToolMode { RequiredFunctionName: { } name })
        {
            parameters.Name("tool_choice");
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", name);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        else
        {
            parameters.Write(
                "tool_choice",
                options.ToolMode switch
                {
                    RequiredChatToolMode => "required",
                    NoneChatToolMode => "none",
                    AutoChatToolMode => "auto",
                    _ => null,
                }
            );
        }

        parameters.Write("parallel_tool_calls", options.AllowMultipleToolCalls);
    }
}
