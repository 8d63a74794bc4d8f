using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Chancery.Models;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>
/// Asks one target a chat completion: an OpenAI-compatible one with the client's own bytes, another by translation. Safe for
/// concurrent use.
/// </summary>
internal sealed class ChatRelay(OperatorHttp http, ChatClients clients, TimeProvider time)
{
    private readonly ConcurrentDictionary<ModelEndpoint, OpenAIRelay> _relays = new();

    public IAsyncEnumerable<RelayPart> AskAsync(
        ChatModel model,
        ChatRequestBody body,
        CancellationToken cancellationToken
    ) =>
        model.Endpoint!.Protocol is ModelProtocol.OpenAI
            ? RelayOf(model).AskAsync(body.For(model), body.IsStreamed, cancellationToken)
            : TranslateAsync(model, body, cancellationToken);

    private OpenAIRelay RelayOf(ChatModel model) =>
        // A key of somebody's own is kept nowhere.
        model.IsOwnKey
            ? Create(model.Endpoint!)
            : _relays.GetOrAdd(model.Endpoint!, Create);

    private OpenAIRelay Create(ModelEndpoint endpoint) => new(http.Client, endpoint, time);

    private async IAsyncEnumerable<RelayPart> TranslateAsync(
        ChatModel model,
        ChatRequestBody body,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (messages, options) = ChatRequestReader.Read(body, model);
        var client = clients.Of(model);
        if (!body.IsStreamed)
        {
            yield return CompletionWriter.Whole(
                await client.GetResponseAsync(messages, options, cancellationToken),
                time
            );
            yield break;
        }

        var writer = new CompletionWriter(model.Id, time);
        await foreach (var update in client.GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            foreach (var part in writer.Parts(update))
            {
                yield return part;
            }
        }
    }
}
