using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Chat with one model over Google's <c>POST models/{model}:generateContent</c> and <c>:streamGenerateContent</c>
/// (<see href="https://ai.google.dev/api/generate-content">reference</see>): text, tools, structured answers, images, audio and
/// files in, thoughts and log probabilities. Of several candidates the first is read.
/// </summary>
/// <remarks>
/// A prompt that Google blocks is a <see cref="ModelException"/> of <see cref="ModelFailure.Policy"/>; an answer that it stops
/// halfway is an answer with the finish reason <c>content_filter</c>. Extra parameters go into <c>generationConfig</c>, but
/// <c>safetySettings</c>, <c>cachedContent</c> and <c>labels</c> beside it; <c>logprobs</c> and <c>top_logprobs</c> are taken as
/// OpenAI means them.
/// </remarks>
/// <inheritdoc cref="ProviderChatClient"/>
/// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
/// <param name="endpoint">Where the model is.</param>
/// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
public sealed class GeminiChatClient(HttpClient http, ModelEndpoint endpoint, TimeProvider? time = null)
    : ProviderChatClient(http, endpoint with { Protocol = ModelProtocol.Gemini }, time, "gcp.gemini")
{
    private const string Prefix = "models/";

    /// <summary>A model's name may come from a caller, and must not lead anywhere else.</summary>
    private protected override string Path(string model, bool isStreamed)
    {
        var name = model.StartsWith(Prefix, StringComparison.Ordinal) ? model[Prefix.Length..] : model;
        return Prefix
            + Uri.EscapeDataString(name)
            + (isStreamed ? ":streamGenerateContent?alt=sse" : ":generateContent");
    }

    private protected override void Write(
        Utf8JsonWriter json,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        string model,
        bool isStreamed
    ) => GeminiRequest.Write(json, messages, options);

    private protected override AnswerReader Reader(string model) => new GeminiAnswer(model);
}
