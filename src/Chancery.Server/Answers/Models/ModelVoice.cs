using Chancery.Models;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Models;

/// <summary>The next thing that a model does.</summary>
internal abstract record ModelStep
{
    private ModelStep() { }

    public sealed record Said(string Text) : ModelStep;

    /// <summary>It finished a thought; only of a model that was asked to reason.</summary>
    public sealed record Reasoned(ReadStep Step) : ModelStep;

    /// <summary>The answer is whole.</summary>
    /// <param name="Truncated">The limit of tokens ended it.</param>
    /// <param name="Usage">Null when the model did not report it.</param>
    public sealed record Ended(bool Truncated, UsageDetails? Usage) : ModelStep;

    /// <summary>It failed, or took too long, or the server is about to stop.</summary>
    public sealed record Broke(Exception? Fault, bool Stopping) : ModelStep
    {
        /// <summary>There is no money left for it; nobody was asked.</summary>
        public BudgetRefusal? OverBudget { get; init; }

        /// <summary>What it costs cannot be counted just now; nobody was asked.</summary>
        public bool IsUncounted { get; init; }

        /// <summary>What a guard found in its answer; null for nothing.</summary>
        public string? Blocked { get; init; }

        /// <summary>Waiting does not help; another key may.</summary>
        public bool IsKeyRefused => Fault is ModelException { Kind: ModelFailure.Key };
    }
}

/// <summary>Reads the answer of whichever model gives one, with failures as values. The caller leaving is the only exception.</summary>
internal sealed class ModelVoice : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task<RouteOutcome<ChatResponseUpdate>>> _open;
    private readonly CancellationToken _caller;
    private readonly ShutdownGrace _grace;
    private readonly CancellationTokenSource _either;
    private readonly SpokenText _spoken = new();
    private readonly Func<ChatModel, ReasoningParser>? _reasoning;
    private readonly Action<NanoDollars>? _settled;
    private readonly Queue<ModelStep> _ready = new();
    private ReasoningParser? _parser;
    private RoutedAnswer<ChatResponseUpdate>? _answer;
    private bool _truncated;
    private bool _spoke;
    private bool _isRead;

    /// <param name="reasoning">Reads the thoughts of whoever answers; null where none were asked for, and those there are stay unsaid.</param>
    /// <param name="settled">Told what the answer cost, once that is known.</param>
    public ModelVoice(
        Func<CancellationToken, Task<RouteOutcome<ChatResponseUpdate>>> open,
        ShutdownGrace grace,
        CancellationToken caller,
        Func<ChatModel, ReasoningParser>? reasoning = null,
        Action<NanoDollars>? settled = null
    )
    {
        _reasoning = reasoning;
        _settled = settled;
        _open = open;
        _caller = caller;
        _grace = grace;
        _either = CancellationTokenSource.CreateLinkedTokenSource(caller, grace.Expired);
    }

    /// <summary>Who answers; null until <see cref="NextAsync"/> found somebody.</summary>
    public ChatModel? Model => _answer?.Model;

    /// <summary>What the cache of answers had to do with it.</summary>
    public CacheOutcome Cache => _answer?.Cache ?? CacheOutcome.Off;

    /// <summary>All that was said, its thoughts among it, where it was asked to reason; else empty. Bounded.</summary>
    public string Raw => _parser?.Raw ?? "";

    /// <summary>Of thoughts and answer, for a model that does not report them.</summary>
    public int EstimatedTokens { get; private set; }

    public async Task<ModelStep> NextAsync()
    {
        try
        {
            if (_answer is null && await OpenAsync() is { } broke)
            {
                return broke;
            }

            while (_ready.Count == 0 && !_isRead)
            {
                if (await _answer!.MoveNextAsync())
                {
                    _truncated |= _answer.Current.FinishReason == ChatFinishReason.Length;
                    Read(_answer.Current);
                }
                else
                {
                    _isRead = true;
                    Say(_parser?.Finish(_truncated) ?? new ReasoningPiece([], _spoken.Finish()));
                }
            }

            if (_ready.TryDequeue(out var step))
            {
                return step;
            }

            return _spoke
                ? new ModelStep.Ended(_truncated, _answer!.Usage)
                : new ModelStep.Broke(null, Stopping: false);
        }
        catch (ModelException exception)
        {
            return new ModelStep.Broke(exception, Stopping: false);
        }
        catch (OperationCanceledException exception) when (!_caller.IsCancellationRequested)
        {
            return new ModelStep.Broke(exception, _grace.Expired.IsCancellationRequested);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_answer is not null)
        {
            await _answer.DisposeAsync();
            _settled?.Invoke(_answer.Cost);
        }

        _either.Dispose();
    }

    private void Read(ChatResponseUpdate update)
    {
        if (_parser is null)
        {
            Say(new ReasoningPiece([], _spoken.Feed(update.Text)));
            return;
        }

        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case TextReasoningContent { Text.Length: > 0 } thought:
                    EstimatedTokens += TokenEstimate.Of(thought.Text);
                    Say(_parser.Think(thought.Text));
                    break;
                case TextContent { Text.Length: > 0 } text:
                    EstimatedTokens += TokenEstimate.Of(text.Text);
                    Say(_parser.Feed(text.Text));
                    break;
            }
        }
    }

    private void Say(ReasoningPiece piece)
    {
        foreach (var step in piece.Steps)
        {
            _ready.Enqueue(new ModelStep.Reasoned(step));
        }

        if (piece.Answer.Length > 0)
        {
            _spoke = true;
            _ready.Enqueue(new ModelStep.Said(piece.Answer));
        }
    }

    private async Task<ModelStep.Broke?> OpenAsync()
    {
        switch (await _open(_either.Token))
        {
            case RouteOutcome<ChatResponseUpdate>.Answering answering:
                _answer = answering.Answer;
                _parser = _reasoning?.Invoke(_answer.Model);
                return null;
            case RouteOutcome<ChatResponseUpdate>.OverBudget over:
                return new ModelStep.Broke(null, Stopping: false) { OverBudget = over.Refusal };
            case RouteOutcome<ChatResponseUpdate>.Uncounted:
                return new ModelStep.Broke(null, Stopping: false) { IsUncounted = true };
            case RouteOutcome<ChatResponseUpdate>.Failed failed:
                return new ModelStep.Broke(failed.Failure.Cause, Stopping: false);
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unhandled outcome {other}.");
        }
    }
}
