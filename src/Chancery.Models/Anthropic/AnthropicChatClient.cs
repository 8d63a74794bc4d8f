using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Chat with one model over Anthropic's <c>POST messages</c>, version 2023-06-01
/// (<see href="https://docs.anthropic.com/en/api/messages">reference</see>): text, tools, structured answers, images and PDF in,
/// thinking with its signatures.
/// </summary>
/// <remarks>
/// The protocol insists on a limit of the answer: without one of the caller's it is
/// <see cref="ModelEndpoint.DefaultOutputTokens"/>. It has no seed, no penalties and no log probabilities; those options are left
/// out. Its finish reasons come in OpenAI's words.
/// </remarks>
/// <inheritdoc cref="ProviderChatClient"/>
/// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
/// <param name="endpoint">Where the model is.</param>
/// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
public sealed class AnthropicChatClient(HttpClient http, ModelEndpoint endpoint, TimeProvider? time = null)
    : ProviderChatClient(http, endpoint with { Protocol = ModelProtocol.Anthropic }, time, "anthropic")
{
    private protected override string Path(string model, bool isStreamed) => "messages";

    private protected override void Write(
        Utf8JsonWriter json,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        string model,
        bool isStreamed
    ) => AnthropicRequest.Write(json, Endpoint, messages, options, model, isStreamed);

    private protected override AnswerReader Reader(string model) => new AnthropicAnswer(model);
}
