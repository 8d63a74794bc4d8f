using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Chat with a model by whichever protocol its endpoint speaks.</summary>
public static class ModelChatClients
{
    /// <summary>
    /// A client that makes one attempt per call and may be used concurrently. It throws <see cref="ModelException"/> for every
    /// way in which the model can fail, and <see cref="NotSupportedException"/> for what its protocol cannot carry.
    /// </summary>
    /// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
    /// <param name="endpoint">Where the model is; its <see cref="ModelEndpoint.Protocol"/> chooses the client.</param>
    /// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
    public static IChatClient Create(HttpClient http, ModelEndpoint endpoint, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Protocol switch
        {
            ModelProtocol.OpenAI => new OpenAICompatibleChatClient(http, endpoint, time),
            ModelProtocol.Anthropic => new AnthropicChatClient(http, endpoint, time),
            ModelProtocol.Gemini => new GeminiChatClient(http, endpoint, time),
            _ => throw new ArgumentOutOfRangeException(
                nameof(endpoint),
                endpoint.Protocol,
                "There is no such protocol."
            ),
        };
    }
}
