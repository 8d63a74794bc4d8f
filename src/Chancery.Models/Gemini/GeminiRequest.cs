using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Writes the body of <c>generateContent</c>.</summary>
internal static class GeminiRequest
{
    /// <summary>Extra parameters that stand beside <c>generationConfig</c>.</summary>
    private static readonly FrozenSet<string> Beside = FrozenSet.Create("safetysettings", "cachedcontent", "labels");

    /// <summary>What no extra parameter may say, and what is said in other words.</summary>
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(
        "model",
        "messages",
        "contents",
        "systeminstruction",
        "tools",
        "toolconfig",
        "stream",
        "n",
        "candidatecount",
        "maxtokens",
        "maxoutputtokens",
        "logprobs",
        "toplogprobs"
    );

    public static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        json.WriteStartObject();
        GeminiMessages.WriteSystem(json, messages, options?.Instructions);
        json.WritePropertyName("contents");
        GeminiMessages.Write(json, messages);
        if (options is not null)
        {
            WriteTools(json, options);
            WriteConfig(json, options);
            new ParameterWriter(json, options.AdditionalProperties).Rest(Beside.Contains);
        }

        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, ChatOptions options)
    {
        json.WriteStartObject("generationConfig");
        var parameters = new ParameterWriter(json, options.AdditionalProperties);
        parameters.Write("temperature", options.Temperature);
        parameters.Write("topP", options.TopP);
        parameters.Write("topK", options.TopK);
        parameters.Write("maxOutputTokens", options.MaxOutputTokens);
        parameters.Write("frequencyPenalty", options.FrequencyPenalty);
        parameters.Write("presencePenalty", options.PresencePenalty);
        parameters.Write("seed", options.Seed);
        parameters.Write("stopSequences", options.StopSequences);
        if (options.ResponseFormat is ChatResponseFormatJson format)
        {
            parameters.Write("responseMimeType", "application/json");
            if (format.Schema is { } schema)
            {
                // Plain JSON Schema; responseSchema takes only a part of it.
                parameters.Name("responseJsonSchema");
                schema.WriteTo(json);
            }
        }

        WriteProbabilities(parameters, options.AdditionalProperties);
        WriteThinking(json, parameters, options.Reasoning);
        parameters.Rest(name => !Reserved.Contains(name) && !Beside.Contains(name));
        json.WriteEndObject();
    }

    private static void WriteProbabilities(ParameterWriter parameters, AdditionalPropertiesDictionary? extras)
    {
        if (extras is null || !extras.TryGetValue("logprobs", out bool wanted) || !wanted)
            return;
        parameters.Write("responseLogprobs", true);
        if (extras.TryGetValue("top_logprobs", out int most) && most > 0)
            parameters.Write("logprobs", (long)most);
    }

    private static void WriteThinking(Utf8JsonWriter json, ParameterWriter parameters, ReasoningOptions? reasoning)
    {
        if (reasoning?.Effort is not { } effort || parameters.HasExtra("thinkingConfig"))
            return;

        parameters.Name("thinkingConfig");
        json.WriteStartObject();
        json.WriteNumber(
            "thinkingBudget",
            effort switch
            {
                ReasoningEffort.None => 0,
                ReasoningEffort.Low => 1024,
                ReasoningEffort.Medium => 8192,
                _ => 24_576,
            }
        );
        json.WriteBoolean("includeThoughts", effort is not ReasoningEffort.None);
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ChatOptions options)
    {
        var functions = ToolText.Functions(options);
        if (functions.Count == 0)
            return;

        json.WriteStartArray("tools");
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations");
        foreach (var function in functions)
        {
            json.WriteStartObject();
            json.WriteString("name", function.Name);
            json.WriteString("description", function.Description);
            json.WritePropertyName("parametersJsonSchema");
            function.JsonSchema.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();

        if (options.ToolMode is null)
            return;
        json.WriteStartObject("toolConfig");
        json.WriteStartObject("functionCallingConfig");
        json.WriteString(
            "mode",
            options.ToolMode switch
            {
                NoneChatToolMode => "NONE",
                RequiredChatToolMode => "ANY",
                _ => "AUTO",
            }
        );
        if (options.ToolMode is RequiredChatToolMode { RequiredFunctionName: { } name })
        {
            json.WriteStartArray("allowedFunctionNames");
            json.WriteStringValue(name);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
