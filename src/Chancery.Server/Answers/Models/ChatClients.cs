using System.Collections.Concurrent;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Models;

/// <summary>One client for each model, made at first use. Their addresses are the operator's.</summary>
public sealed class ChatClients(OperatorHttp http, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, IChatClient> _clients = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="model">Not the extractive one.</param>
    public IChatClient Of(AnswerModel model) =>
        _clients.GetOrAdd(
            model.Id,
            _ => new OpenAICompatibleChatClient(
                http.Client,
                model.Endpoint ?? throw new ArgumentException("The extractive answerer has no client.", nameof(model)),
                time
            )
        );
}
