using Chancery.Models;
using Chancery.Server.Answers.Chat;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Models;

/// <summary>The next thing that a model does.</summary>
internal abstract record ModelStep
{
    private ModelStep() { }

    public sealed record Said(string Text) : ModelStep;

    /// <summary>The answer is whole.</summary>
    /// <param name="Truncated">The limit of tokens ended it.</param>
    /// <param name="Usage">Null when the model did not report it.</param>
    public sealed record Ended(bool Truncated, UsageDetails? Usage) : ModelStep;

    /// <summary>It failed, or took too long, or the server is about to stop.</summary>
    public sealed record Broke(Exception? Fault, bool Stopping) : ModelStep
    {
        /// <summary>Waiting does not help; another key may.</summary>
        public bool IsKeyRefused => Fault is ModelException { Kind: ModelFailure.Key };
    }
}

/// <summary>Reads one model's answer, with failures as values. The caller leaving is the only exception.</summary>
internal sealed class ModelVoice : IAsyncDisposable
{
    /// <summary>Times the timeout: an answer that drips for longer is cut.</summary>
    private const int MostTimeouts = 10;

    private readonly CancellationToken _caller;
    private readonly ShutdownGrace _grace;
    private readonly TimeSpan _timeout;
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _total;
    private readonly CancellationTokenSource _attempt;
    private readonly IAsyncEnumerator<ChatResponseUpdate> _updates;
    private readonly SpokenText _spoken = new();
    private UsageDetails? _usage;
    private bool _truncated;
    private bool _spoke;

    public ModelVoice(
        IChatClient client,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions chat,
        TimeSpan timeout,
        ShutdownGrace grace,
        TimeProvider time,
        CancellationToken caller
    )
    {
        _caller = caller;
        _grace = grace;
        _timeout = timeout;
        _silence = new CancellationTokenSource(timeout, time);
        _total = new CancellationTokenSource(timeout * MostTimeouts, time);
        _attempt = CancellationTokenSource.CreateLinkedTokenSource([
            caller,
            grace.Expired,
            _silence.Token,
            _total.Token,
        ]);
        _updates = client.GetStreamingResponseAsync(messages, chat, _attempt.Token).GetAsyncEnumerator(_attempt.Token);
    }

    public async Task<ModelStep> NextAsync()
    {
        try
        {
            while (await _updates.MoveNextAsync())
            {
                var update = _updates.Current;
                _usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? _usage;
                _truncated |= update.FinishReason == ChatFinishReason.Length;
                // A model that thinks sends no text for a while and is not silent.
                _silence.CancelAfter(_timeout);
                if (_spoken.Feed(update.Text) is { Length: > 0 } text)
                {
                    _spoke = true;
                    return new ModelStep.Said(text);
                }
            }

            if (_spoken.Finish() is { Length: > 0 } rest)
            {
                _spoke = true;
                return new ModelStep.Said(rest);
            }

            return _spoke ? new ModelStep.Ended(_truncated, _usage) : new ModelStep.Broke(null, Stopping: false);
        }
        catch (ModelException exception)
        {
            return new ModelStep.Broke(exception, Stopping: false);
        }
        catch (OperationCanceledException exception) when (!_caller.IsCancellationRequested)
        {
            return new ModelStep.Broke(
                new TimeoutException("The model took too long. Raise LLM_TIMEOUT if it is slow.", exception),
                _grace.Expired.IsCancellationRequested
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _updates.DisposeAsync();
        _attempt.Dispose();
        _total.Dispose();
        _silence.Dispose();
    }
}
