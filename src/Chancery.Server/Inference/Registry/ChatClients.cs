using System.Collections.Concurrent;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Registry;

/// <summary>One client for each endpoint and key, made at first use; one for each question with a person's own key, which nobody shares.</summary>
/// <remarks>The addresses are the operator's, or those of known providers. For the router only: whoever asks past it asks unmetered.</remarks>
public sealed class ChatClients(OperatorHttp http, TimeProvider time)
{
    private readonly ConcurrentDictionary<ModelEndpoint, IChatClient> _clients = new();

    /// <param name="model">Not the extractive one.</param>
    public IChatClient Of(ChatModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var endpoint =
            model.Endpoint ?? throw new ArgumentException("The extractive answerer has no client.", nameof(model));
        return model.IsOwnKey ? Create(endpoint) : _clients.GetOrAdd(endpoint, Create);
    }

    private IChatClient Create(ModelEndpoint endpoint) => ModelChatClients.Create(http.Client, endpoint, time);
}
