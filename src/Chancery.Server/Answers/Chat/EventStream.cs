using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Chancery.Server.Answers.Chat;

/// <summary>Events on their way to one client: looked at ahead, then rendered as server-sent events.</summary>
internal sealed class EventStream<T>(
    IAsyncEnumerable<T> source,
    Func<T, SseItem<object>> render,
    CancellationToken cancellationToken
) : IAsyncDisposable
    where T : class
{
    private readonly IAsyncEnumerator<T> _events = source.GetAsyncEnumerator(cancellationToken);
    private readonly Queue<T> _ahead = new();
    private Task<bool>? _pending;
    private bool _disposed;

    /// <summary>The next event, which stays to be rendered; null after the last.</summary>
    public async Task<T?> LookAheadAsync()
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
            yield return render(known);
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
                yield return new SseItem<object>(new AnswerStream.Ping(time.GetUtcNow()), "ping");
            }

            if (!await _pending)
            {
                yield break;
            }

            _pending = null;
            yield return render(_events.Current);
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
}
