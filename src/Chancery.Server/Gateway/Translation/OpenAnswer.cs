using System.Text;
using Chancery.Models;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Routing;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Translation;

/// <summary>An answer that has begun. Disposing it settles what it cost. Not safe for concurrent use.</summary>
internal sealed class OpenAnswer : IAsyncDisposable
{
    private readonly IAsyncEnumerator<AnswerPart> _parts;
    private readonly RoutedAnswer<ChatResponseUpdate>? _routed;
    private CacheReport? _cache;
    private bool _isHeld;

    private OpenAnswer(string model, IAsyncEnumerator<AnswerPart> parts, RoutedAnswer<ChatResponseUpdate>? routed)
    {
        (Model, _parts, _routed) = (model, parts, routed);
    }

    /// <summary>Who answers, by a name that can be asked again.</summary>
    public string Model { get; }

    /// <summary>Of the input, as far as the provider has told; null where it tells at the end.</summary>
    public TokenCounts? TokensSoFar =>
        _routed?.Cache is CacheOutcome.Hit ? default(TokenCounts)
        : _routed?.Usage is { } usage ? TokenCounts.Of(usage)
        : null;

    public AnswerPart Current => _parts.Current;

    /// <param name="life">Of the call; whoever opened it ends it.</param>
    public static OpenAnswer Of(RoutedAnswer<ChatResponseUpdate> answer, CallLife life) =>
        new(answer.Model.Id, PartsOf(answer, life).GetAsyncEnumerator(), answer);

    /// <summary>From documents, once it has begun; or what went wrong before.</summary>
    public static async Task<(OpenAnswer? Answer, OpenAIError? Error)> OfAsync(
        string model,
        IAsyncEnumerable<AnswerEvent> events,
        CacheReport cache,
        CancellationToken cancellationToken
    )
    {
        var answer = new OpenAnswer(model, PartsOf(events).GetAsyncEnumerator(cancellationToken), routed: null);
        if (await answer.MoveNextAsync() && answer.Current is AnswerPart.Broken { Error: var error })
        {
            await answer.DisposeAsync();
            return (null, error);
        }

        (answer._isHeld, answer._cache) = (true, cache);
        return (answer, null);
    }

    /// <summary>False after the part that ends it.</summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public ValueTask<bool> MoveNextAsync()
    {
        if (!_isHeld)
        {
            return _parts.MoveNextAsync();
        }

        _isHeld = false;
        return ValueTask.FromResult(true);
    }

    /// <param name="isOver">Whether the answer is complete, so that its cost is known.</param>
    public void TellHeaders(HttpResponse response, bool isOver)
    {
        if (_routed is not null)
        {
            CallHeaders.Tell(response, _routed, isOver);
        }
        else
        {
            CacheHeader.Tell(response, _cache?.Outcome ?? CacheOutcome.Off);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync();
        if (_routed is not null)
        {
            await _routed.DisposeAsync();
        }
    }

    private static async IAsyncEnumerable<AnswerPart> PartsOf(RoutedAnswer<ChatResponseUpdate> answer, CallLife life)
    {
        var calls = new List<string>();
        while (true)
        {
            OpenAIError? broken = null;
            var isOver = false;
            try
            {
                isOver = !await answer.MoveNextAsync();
            }
            catch (ModelException fault)
            {
                broken = OpenAIError.BrokeOff(fault);
            }
            catch (OperationCanceledException) when (life.IsStopped)
            {
                broken = OpenAIError.Stopping;
            }

            if (broken is not null)
            {
                yield return new AnswerPart.Broken(broken);
                yield break;
            }

            if (isOver)
            {
                break;
            }

            foreach (var content in answer.Current.Contents)
            {
                if (PartOf(content, calls) is { } part)
                {
                    yield return part;
                }
            }
        }

        yield return new AnswerPart.Ended(
            EndOf(answer.FinishReason, calls.Count > 0),
            answer.Tokens,
            answer.IsEstimated
        );
    }

    /// <param name="calls">Those so far, by their ids.</param>
    private static AnswerPart? PartOf(AIContent content, List<string> calls)
    {
        switch (content)
        {
            case TextContent { Text.Length: > 0 } text:
                return new AnswerPart.Text(text.Text);
            case TextReasoningContent thought:
                return ThoughtOf(thought);
            case ToolCallDelta delta:
                if (!calls.Contains(delta.CallId))
                {
                    calls.Add(delta.CallId);
                }

                return new AnswerPart.Call(calls.IndexOf(delta.CallId), delta.CallId, delta.Name, delta.ArgumentsPiece);
            // What came in pieces comes once more as a whole.
            case FunctionCallContent call when !calls.Contains(call.CallId):
                calls.Add(call.CallId);
                return new AnswerPart.Call(calls.Count - 1, call.CallId, call.Name, ArgumentsText.Of(call));
            default:
                return null;
        }
    }

    private static AnswerPart? ThoughtOf(TextReasoningContent thought)
    {
        string? signature = null;
        _ = thought.AdditionalProperties?.TryGetValue(AnswerProperties.Signature, out signature);
        return signature is not null || thought.Text.Length > 0 ? new AnswerPart.Thought(thought.Text, signature)
            : thought.ProtectedData is { } data ? new AnswerPart.SealedThought(data)
            : null;
    }

    private static AnswerEnd EndOf(string? reason, bool called) =>
        reason switch
        {
            "length" => AnswerEnd.LimitReached,
            "content_filter" => AnswerEnd.Filtered,
            "tool_calls" or "function_call" => AnswerEnd.ToolsCalled,
            // Some providers call tools and say that they stopped.
            _ => called ? AnswerEnd.ToolsCalled : AnswerEnd.Complete,
        };

    private static async IAsyncEnumerable<AnswerPart> PartsOf(IAsyncEnumerable<AnswerEvent> events)
    {
        var written = new StringBuilder();
        await foreach (var happened in events)
        {
            switch (happened)
            {
                case AnswerEvent.Reasoned { Step: var step }:
                    yield return new AnswerPart.Thought(step.ToText());
                    break;
                case AnswerEvent.Text { Delta: var delta }:
                    written.Append(delta);
                    yield return new AnswerPart.Text(delta);
                    break;
                case AnswerEvent.Cited { Citation: var citation }:
                    yield return new AnswerPart.Cited(Annotation.Of(citation, written.ToString()));
                    break;
                case AnswerEvent.Broken { Problem: var problem }:
                    yield return new AnswerPart.Broken(OpenAIError.Of(problem));
                    yield break;
                case AnswerEvent.Done { Answer: var whole }:
                    yield return new AnswerPart.Ended(
                        whole.Truncated is true ? AnswerEnd.LimitReached : AnswerEnd.Complete,
                        new TokenCounts(
                            whole.Usage.InputTokens,
                            0,
                            0,
                            0,
                            whole.Usage.OutputTokens,
                            whole.Usage.ReasoningTokens ?? 0
                        ),
                        whole.Usage.Estimated is true
                    );
                    yield break;
            }
        }
    }
}
