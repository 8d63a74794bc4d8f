using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Knowledge.Progress;

/// <summary>
/// Tells those who watch a document that something happened to it, in this process and, while Redis is there, in the
/// others. What happened they read themselves. Safe for concurrent use.
/// </summary>
internal sealed class ProgressBoard(RedisGateway redis, ILogger<ProgressBoard> logger) : BackgroundService
{
    private const string Channel = "chancery:progress";

    private readonly ConcurrentDictionary<string, Watch> _watches = new(StringComparer.Ordinal);

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
            var watch = _watches.GetOrAdd(name, static (key, board) => new Watch(board, key), this);
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

    /// <summary>One document, shared by all who watch it.</summary>
    internal sealed class Watch(ProgressBoard board, string name) : IDisposable
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _watchers;
        private bool _closed;

        /// <summary>Ends with the next event. Take it before reading the state that it announces.</summary>
        public Task Next
        {
            get
            {
                lock (_lock)
                {
                    return _next.Task;
                }
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
        }

        internal bool TryEnter()
        {
            lock (_lock)
            {
                _watchers += _closed ? 0 : 1;
                return !_closed;
            }
        }

        internal void Signal()
        {
            lock (_lock)
            {
                _next.TrySetResult();
                _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
