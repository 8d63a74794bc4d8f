using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Knowledge.Progress;

/// <summary>
/// Tells those who watch a document that something happened to it, in this process and, while Redis is there, in the
/// others. What happened is read once for all of them, whenever something is told and every second: Redis may be gone, or
/// the news from another process lost. Safe for concurrent use.
/// </summary>
internal sealed class ProgressBoard(
    ProgressStore store,
    RedisGateway redis,
    TimeProvider time,
    ILogger<ProgressBoard> logger
) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private const string Channel = "chancery:progress";

    private readonly ConcurrentDictionary<string, Watch> _watches = new(StringComparer.Ordinal);
    private long _reads;

    private TimeProvider Time => time;

    /// <summary>How often the database was asked since the start.</summary>
    internal long Reads => Interlocked.Read(ref _reads);

    public Task TellAsync(TenantId tenant, Guid documentId)
    {
        var name = NameOf(tenant, documentId);
        TellHere(name);
        return redis.PublishAsync(Channel, name);
    }

    /// <summary>Begins to watch; dispose to end.</summary>
    public Watch Open(TenantId tenant, Guid documentId)
    {
        var name = NameOf(tenant, documentId);
        while (true)
        {
            var watch = _watches.GetOrAdd(name, key => new Watch(this, key, tenant, documentId));
            if (watch.TryEnter())
            {
                return watch;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await redis.SubscribeAsync(Channel, TellHere).WaitAsync(stoppingToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.ProgressIsPolled(logger, exception);
        }
        catch (OperationCanceledException)
        {
            // Stopped before Redis answered.
        }
    }

    private void TellHere(string name)
    {
        if (_watches.TryGetValue(name, out var watch))
        {
            watch.Signal();
        }
    }

    private static string NameOf(TenantId tenant, Guid documentId) => $"{tenant.Value:n}:{documentId:n}";

    private Task<ProgressRow?> ReadAsync(TenantId tenant, Guid documentId, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        // For all who watch: each of them is held against the document's readers by themselves.
        return store.FindAsync(tenant, Reader.Everything, documentId, cancellationToken);
    }

    /// <param name="IsRead">False until it was read for the first time.</param>
    /// <param name="Row">Null when there is no such document.</param>
    /// <param name="Next">Ends when there may be something newer; faults when it can no longer be read.</param>
    internal readonly record struct Sight(bool IsRead, ProgressRow? Row, Task Next);

    /// <summary>One document, shared by all who watch it.</summary>
    internal sealed class Watch(ProgressBoard board, string name, TenantId tenant, Guid documentId) : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly CancellationTokenSource _ending = new();
        private TaskCompletionSource _told = NewSource();
        private TaskCompletionSource _next = NewSource();
        private ProgressRow? _row;
        private bool _isRead;
        private int _watchers;
        private bool _polls;
        private bool _closed;

        public Sight Look()
        {
            lock (_lock)
            {
                return new Sight(_isRead, _row, _next.Task);
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                if (--_watchers > 0)
                {
                    return;
                }

                _closed = true;
            }

            board._watches.TryRemove(new KeyValuePair<string, Watch>(name, this));
            _ending.Cancel();
            _ending.Dispose();
        }

        internal bool TryEnter()
        {
            lock (_lock)
            {
                if (_closed)
                {
                    return false;
                }

                _watchers++;
                if (!_polls)
                {
                    _polls = true;
                    var ending = _ending.Token;
                    _ = Task.Run(() => PollAsync(ending), CancellationToken.None);
                }

                return true;
            }
        }

        internal void Signal()
        {
            lock (_lock)
            {
                _told.TrySetResult();
                _told = NewSource();
            }
        }

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        private async Task PollAsync(CancellationToken cancellationToken)
        {
            try
            {
                while (true)
                {
                    Task told;
                    lock (_lock)
                    {
                        told = _told.Task;
                    }

                    Show(await board.ReadAsync(tenant, documentId, cancellationToken));
                    await await Task.WhenAny(told, Task.Delay(Poll, board.Time, cancellationToken));
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Nobody watches any more.
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Fail(exception);
            }
        }

        private void Show(ProgressRow? row)
        {
            lock (_lock)
            {
                if (_isRead && row == _row)
                {
                    return;
                }

                (_isRead, _row) = (true, row);
                _next.TrySetResult();
                _next = NewSource();
            }
        }

        /// <summary>Those who watch see the fault as their own; whoever comes next gets a new watch.</summary>
        private void Fail(Exception exception)
        {
            lock (_lock)
            {
                _closed = true;
                _next.TrySetException(exception);
            }

            board._watches.TryRemove(new KeyValuePair<string, Watch>(name, this));
        }
    }
}
