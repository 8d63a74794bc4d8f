using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

/// <summary>The same cases over each of the three protocols, streamed and not.</summary>
public abstract class WireTest : ModelTest
{
    public static TheoryData<ModelProtocol> Protocols { get; } =
        new(ModelProtocol.OpenAI, ModelProtocol.Anthropic, ModelProtocol.Gemini);

    public static TheoryData<ModelProtocol, bool> Wires { get; } =
        new(Protocols.SelectMany(row => new[] { (row.Data, false), (row.Data, true) }));

    protected ModelEndpoint EndpointOf(ModelProtocol protocol) =>
        new(protocol is ModelProtocol.Gemini ? Model.GeminiAddress : Model.BaseAddress, "scripted", Key)
        {
            Protocol = protocol,
        };

    protected IChatClient Client(ModelProtocol protocol) => ModelChatClients.Create(Http, EndpointOf(protocol));

    protected Task<ChatResponse> AskAsync(ModelProtocol protocol, bool isStreamed, ChatOptions? options = null) =>
        AskAsync(Client(protocol), isStreamed, Hello, options, Cancel);

    protected static Task<ChatResponse> AskAsync(
        IChatClient client,
        bool isStreamed,
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        CancellationToken cancellationToken
    ) =>
        isStreamed
            ? client
                .GetStreamingResponseAsync(messages, options, cancellationToken)
                .ToChatResponseAsync(cancellationToken)
            : client.GetResponseAsync(messages, options, cancellationToken);

    protected async Task<List<ChatResponseUpdate>> UpdatesAsync(ModelProtocol protocol, ChatOptions? options = null)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in Client(protocol).GetStreamingResponseAsync(Hello, options, Cancel))
            updates.Add(update);
        return updates;
    }

    protected Task<ModelException> FailureAsync(ModelProtocol protocol, bool isStreamed) =>
        Assert.ThrowsAsync<ModelException>(() => AskAsync(protocol, isStreamed));

    protected ScriptedRequest Asked => Assert.Single(Model.ChatRequests);
}
