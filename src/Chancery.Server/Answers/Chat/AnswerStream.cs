using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Chancery.Server.Answers.Chat;

/// <summary>An answer's events on their way to one client: looked at ahead, then rendered as server-sent events.</summary>
internal sealed class AnswerStream(IAsyncEnumerable<AnswerEvent> answer, CancellationToken cancellationToken)
    : IAsyncDisposable
{
    private readonly IAsyncEnumerator<AnswerEvent> _events = answer.GetAsyncEnumerator(cancellationToken);
    private readonly Queue<AnswerEvent> _ahead = new();
    private Task<bool>? _pending;
    private bool _disposed;

    /// <summary>The next event, which stays to be rendered; null after the last.</summary>
    public async Task<AnswerEvent?> LookAheadAsync()
    {
        if (!await _events.MoveNextAsync())
        {
            return null;
        }

        _ahead.Enqueue(_events.Current);
        return _events.Current;
    }

    /// <summary>All events, from the first that was looked at, with a <c>ping</c> whenever it is silent for too long.</summary>
    public async IAsyncEnumerable<SseItem<object>> RenderAsync(
        TimeSpan pingInterval,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (_ahead.TryDequeue(out var known))
        {
            yield return Render(known);
        }

        while (true)
        {
            _pending = _events.MoveNextAsync().AsTask();
            while (!_pending.IsCompleted)
            {
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var silence = Task.Delay(pingInterval, time, waiting.Token);
                if (await Task.WhenAny(_pending, silence) == _pending)
                {
                    await waiting.CancelAsync();
                    break;
                }

                cancellationToken.ThrowIfCancellationRequested();
                yield return new SseItem<object>(new Ping(time.GetUtcNow()), "ping");
            }

            if (!await _pending)
            {
                yield break;
            }

            _pending = null;
            yield return Render(_events.Current);
        }
    }

    /// <summary>Ends the answer; what there is of it gets stored.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_pending is { } pending)
        {
            try
            {
                await pending;
            }
            catch (OperationCanceledException)
            {
                // The caller left: that is why it ends.
            }
        }

        await _events.DisposeAsync();
    }

    private static SseItem<object> Render(AnswerEvent happened) =>
        happened switch
        {
            AnswerEvent.Retrieved retrieved => new SseItem<object>(retrieved.Retrieval, "retrieval"),
            AnswerEvent.Text text => new SseItem<object>(new TextDelta(text.Delta), "text"),
            AnswerEvent.Cited cited => new SseItem<object>(cited.Citation, "citation"),
            AnswerEvent.Done done => new SseItem<object>(done.Answer, "done"),
            AnswerEvent.Broken broken => new SseItem<object>(broken.Problem, "error"),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled event {happened}."),
        };

    internal sealed record TextDelta(string Delta);

    internal sealed record Ping(DateTimeOffset At);
}
