using System.Collections.Concurrent;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Models;

/// <summary>One client for each model, made at first use; one for each question with a person's own key, which nobody shares.</summary>
/// <remarks>The addresses are the operator's, or those of known providers.</remarks>
public sealed class ChatClients(OperatorHttp http, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, IChatClient> _clients = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="model">Not the extractive one.</param>
    public IChatClient Of(AnswerModel model) =>
        model.IsOwnKey ? Create(model) : _clients.GetOrAdd(model.Id, _ => Create(model));

    private OpenAICompatibleChatClient Create(AnswerModel model) =>
        new(
            http.Client,
            model.Endpoint ?? throw new ArgumentException("The extractive answerer has no client.", nameof(model)),
            time
        );
}
