using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Chat with one model over <c>POST chat/completions</c>
/// (<see href="https://platform.openai.com/docs/api-reference/chat">reference</see>): text, tools, structured answers, images
/// and files in, reasoning, refusals and log probabilities. Of several answers the first is read.
/// </summary>
/// <inheritdoc cref="ProviderChatClient"/>
/// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
/// <param name="endpoint">Where the model is.</param>
/// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
public sealed class OpenAICompatibleChatClient(HttpClient http, ModelEndpoint endpoint, TimeProvider? time = null)
    : ProviderChatClient(http, endpoint with { Protocol = ModelProtocol.OpenAI }, time, "openai")
{
    private protected override string Path(string model, bool isStreamed) => "chat/completions";

    private protected override void Write(
        Utf8JsonWriter json,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        string model,
        bool isStreamed
    ) => OpenAIRequest.Write(json, Endpoint, messages, options, model, isStreamed);

    private protected override AnswerReader Reader(string model) => new OpenAIAnswer(model);
}
