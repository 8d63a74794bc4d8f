using System.Runtime.CompilerServices;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Gateway.Knowledge;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.Problems;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Translation;

/// <summary>Answers to translated requests, by models and from documents. Safe for concurrent use.</summary>
internal sealed class ModelAnswers(
    ModelNaming naming,
    CachedCalls calls,
    ChatClients clients,
    KnowledgeModel knowledge,
    StreamPlaces streams,
    TimeProvider time
)
{
    /// <summary>An answer that has begun, to be disposed; or why there is none.</summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task<(OpenAnswer? Answer, OpenAIError? Error)> OpenAsync(
        HttpContext http,
        Principal principal,
        TranslatedRequest request,
        CallLife life
    )
    {
        if (request.IsStreamed && await streams.EnterAsync(http, principal) is { } busy)
        {
            return (null, OpenAIError.Of(busy.ProblemDetails));
        }

        return KnowledgeModel.Is(request.Model)
            ? await FromDocumentsAsync(http, principal, request)
            : await ByModelAsync(http, principal, request, life);
    }

    private async Task<(OpenAnswer? Answer, OpenAIError? Error)> ByModelAsync(
        HttpContext http,
        Principal principal,
        TranslatedRequest request,
        CallLife life
    )
    {
        var (targets, unknown) = await naming.ResolveAsync(
            principal,
            request.Model,
            provider: null,
            http.RequestAborted
        );
        if (unknown is not null)
        {
            return (null, unknown);
        }

        var plan = new CallPlan<ChatResponseUpdate>(
            Payer.Of(principal),
            new UsagePurpose(UsageComponent.Gateway, "chat"),
            targets,
            request.InputTokens,
            request.MostTokens,
            (model, cancel) => AskAsync(model, request, cancel),
            ModelCalls.FactsOf
        )
        {
            IsStreamed = request.IsStreamed,
            Needs = request.Needs,
            Temperature = request.Temperature,
        };
        var (caching, wrong) = RequestCaching.Of(http, principal, calls.Options);
        if (wrong is not null)
        {
            return (null, wrong);
        }

        var wish = caching is null
            ? null
            : new CacheWish<ChatResponseUpdate>(
                AnswerCacheKey.Of(caching.Space, targets[0], request.Messages, request.OptionsFor(targets[0])),
                UpdateCodec.Instance,
                caching.Freshness
            );
        RouteOutcome<ChatResponseUpdate> outcome;
        try
        {
            outcome = await calls.OpenAsync(plan, wish, life.Token);
        }
        catch (OperationCanceledException) when (life.IsStopped)
        {
            return (null, OpenAIError.Stopping);
        }

        switch (outcome)
        {
            case RouteOutcome<ChatResponseUpdate>.Answering { Answer: var answer }:
                return (OpenAnswer.Of(answer, life), null);
            case RouteOutcome<ChatResponseUpdate>.OverBudget { Refusal: var refusal }:
                return (null, OpenAIError.OverBudget(refusal, time.GetUtcNow()));
            case RouteOutcome<ChatResponseUpdate>.Failed { Failure: var failure }:
                CallHeaders.Tell(http.Response, failure);
                return (null, OpenAIError.Of(failure));
            default:
                return (null, OpenAIError.Uncounted);
        }
    }

    private async Task<(OpenAnswer? Answer, OpenAIError? Error)> FromDocumentsAsync(
        HttpContext http,
        Principal principal,
        TranslatedRequest request
    )
    {
        var (question, error) = await knowledge.QuestionOfAsync(
            principal,
            request.Model,
            request.Texts,
            request.Temperature,
            request.MostTokens,
            request.IsReasoned,
            http.RequestAborted
        );
        if (question is null)
        {
            return (null, error);
        }

        question = question with { Freshness = RequestCaching.FreshnessOf(http.Request) };
        return await OpenAnswer.OfAsync(
            request.Model,
            knowledge.AskAsync(principal, question, FaultHandler.TraceIdOf(http), http.RequestAborted),
            question.Cache,
            http.RequestAborted
        );
    }

    /// <summary>
    /// One attempt. A client that takes the answer whole has it asked for whole: nothing of it is shown before it is complete, so that
    /// until then another model can take over.
    /// </summary>
    private async IAsyncEnumerable<ChatResponseUpdate> AskAsync(
        ChatModel model,
        TranslatedRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var updates = request.IsStreamed
            ? clients
                .Of(model)
                .GetStreamingResponseAsync(request.Messages, request.OptionsFor(model), cancellationToken)
            : WholeAsync(model, request, cancellationToken);
        await using var parts = updates.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(parts, model))
        {
            yield return parts.Current;
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> WholeAsync(
        ChatModel model,
        TranslatedRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var whole = await clients
            .Of(model)
            .GetResponseAsync(request.Messages, request.OptionsFor(model), cancellationToken);
        yield return new ChatResponseUpdate(
            ChatRole.Assistant,
            [
                .. whole.Messages.SelectMany(message => message.Contents),
                .. whole.Usage is { } usage ? [new UsageContent(usage)] : Array.Empty<AIContent>(),
            ]
        )
        {
            // A refusal says so here, and whatever else a provider tells beside the text.
            AdditionalProperties = PropertiesOf(whole),
            FinishReason = whole.FinishReason ?? ChatFinishReason.Stop,
            ModelId = whole.ModelId,
            ResponseId = whole.ResponseId,
        };
    }

    private static AdditionalPropertiesDictionary? PropertiesOf(ChatResponse whole)
    {
        AdditionalPropertiesDictionary? all = null;
        foreach (
            var properties in whole
                .Messages.Select(message => message.AdditionalProperties)
                .Append(whole.AdditionalProperties)
        )
        {
            foreach (var (name, value) in properties ?? [])
            {
                (all ??= [])[name] = value;
            }
        }

        return all;
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> parts, ChatModel model)
    {
        try
        {
            return await parts.MoveNextAsync();
        }
        catch (NotSupportedException exception)
        {
            // Such as a document for a model whose protocol has no place for one: the request's fault, not the model's.
            throw new ModelException(ModelFailure.Client, null, null, model.Id, exception);
        }
    }
}
