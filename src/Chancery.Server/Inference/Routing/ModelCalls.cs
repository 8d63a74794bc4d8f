using Chancery.Models;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Routing;

/// <summary>What a model is asked: made for the model, since windows and abilities differ.</summary>
/// <param name="InputTokens">Of it all, estimated on the high side.</param>
public sealed record ChatRequest(IReadOnlyList<ChatMessage> Messages, ChatOptions Options, long InputTokens)
{
    /// <summary>How it may be answered from the cache, as made for the model that is asked first; null for not at all.</summary>
    public CacheWish<ChatResponseUpdate>? Cache { get; init; }
}

/// <summary>Calls of the server's own, made of messages. Safe for concurrent use.</summary>
public sealed class ModelCalls(CachedCalls calls, ChatClients clients)
{
    /// <param name="requestFor">Called for each target that is asked.</param>
    /// <param name="isAdapted">Each target's request is made to fit its window.</param>
    /// <param name="showsThoughts">Thoughts go to the caller as they come: from the first on no other model takes over.</param>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public Task<RouteOutcome<ChatResponseUpdate>> OpenAsync(
        Payer payer,
        UsagePurpose purpose,
        IReadOnlyList<ChatModel> targets,
        Func<ChatModel, ChatRequest> requestFor,
        CancellationToken cancellationToken,
        bool showsThoughts = false,
        bool isAdapted = false,
        int? mostOutputTokens = null
    )
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(requestFor);
        var first = requestFor(targets[0]);
        return calls.OpenAsync(
            new CallPlan<ChatResponseUpdate>(
                payer,
                purpose,
                targets,
                isAdapted ? MostInput(targets, requestFor, first) : first.InputTokens,
                mostOutputTokens ?? first.Options.MaxOutputTokens,
                (model, cancel) =>
                {
                    var request = ReferenceEquals(model, targets[0]) ? first : requestFor(model);
                    return clients.Of(model).GetStreamingResponseAsync(request.Messages, request.Options, cancel);
                },
                showsThoughts ? ShownFactsOf : FactsOf
            )
            {
                Temperature = first.Options.Temperature,
                IsAdapted = isAdapted,
            },
            first.Cache,
            cancellationToken
        );
    }

    /// <summary>A target with a larger window may be told more than the first: that is what has to be paid at most.</summary>
    private static long MostInput(
        IReadOnlyList<ChatModel> targets,
        Func<ChatModel, ChatRequest> requestFor,
        ChatRequest first
    )
    {
        var largest = targets.MaxBy(target => target.Endpoint!.ContextWindowTokens)!;
        return largest.Endpoint!.ContextWindowTokens > targets[0].Endpoint!.ContextWindowTokens
            ? Math.Max(first.InputTokens, requestFor(largest).InputTokens)
            : first.InputTokens;
    }

    private static PartFacts ShownFactsOf(ChatResponseUpdate update) =>
        FactsOf(update) is { Kind: PartKind.Hidden } thought
            ? thought with
            {
                Kind = PartKind.Content,
            }
            : FactsOf(update);

    /// <summary>What the router has to know of an update.</summary>
    public static PartFacts FactsOf(ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        var kind = PartKind.Metadata;
        var tokens = 0;
        var bytes = 0;
        UsageDetails? usage = null;
        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case TextContent { Text.Length: > 0 } text:
                    kind = PartKind.Content;
                    tokens += TokenEstimate.Of(text.Text);
                    bytes += text.Text.Length * sizeof(char);
                    break;
                case ToolCallDelta delta:
                    kind = PartKind.Content;
                    tokens += TokenEstimate.Of(delta.ArgumentsPiece);
                    bytes += delta.ArgumentsPiece.Length * sizeof(char);
                    break;
                case FunctionCallContent:
                    kind = PartKind.Content;
                    break;
                case TextReasoningContent { Text.Length: > 0 } thought:
                    kind = kind is PartKind.Content ? kind : PartKind.Hidden;
                    tokens += TokenEstimate.Of(thought.Text);
                    bytes += thought.Text.Length * sizeof(char);
                    break;
                case UsageContent reported:
                    usage = reported.Details;
                    break;
            }
        }

        if (
            usage is null
            && update.AdditionalProperties?.TryGetValue(AnswerProperties.UsageSoFar, out var soFar) == true
        )
        {
            usage = soFar as UsageDetails;
        }

        return new PartFacts(kind, tokens, bytes, update.FinishReason?.Value, usage, update.ModelId, update.ResponseId);
    }
}
