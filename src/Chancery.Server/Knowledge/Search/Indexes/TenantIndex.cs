using Chancery.Search.Engine;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>What has become of a tenant's index.</summary>
internal enum IndexState
{
    Loading,
    Loaded,

    /// <summary>It does not fit into the memory that indexes may take.</summary>
    TooLarge,

    /// <summary>It could not be read; it is tried again soon.</summary>
    Failed,

    /// <summary>Evicted, without room, outdated, or of another model: a later query asks for a new one.</summary>
    Gone,
}

/// <summary>One tenant's index in this process, and how it follows the database. Safe for concurrent use.</summary>
/// <param name="model">Whose vectors it holds; null for words only.</param>
/// <param name="followed">Called after it has changed.</param>
/// <param name="serves">Called when another model serves the tenant.</param>
/// <param name="stopping">The server stops.</param>
internal sealed class TenantIndex(
    TenantId tenant,
    string? model,
    IndexSource source,
    IndexLimits limits,
    TimeProvider time,
    ILogger logger,
    Action<TenantIndex> followed,
    Action<TenantId, string> serves,
    CancellationToken stopping
)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<bool> _isSmall = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<bool>? _following;
    private long _followingSince;
    private SearchIndex? _index;
    private volatile IndexState _state = IndexState.Loading;
    private volatile bool _hasOtherVectors;
    private long _expectedBytes;
    private long _endedAt;
    private long _unsaved;
    private int _isWaiting;

    public TenantId Tenant => tenant;

    public string? Model => model;

    public IndexState State => _state;

    /// <summary>The index itself; only of one that was loaded.</summary>
    public SearchIndex Index => Volatile.Read(ref _index)!;

    /// <summary>Ends, without a fault, when it is loaded or will not be.</summary>
    public Task Loading => _settled.Task;

    /// <summary>Whether a query should wait for it to be loaded.</summary>
    public Task<bool> IsSmall => _isSmall.Task;

    /// <summary>Whether vectors are stored that cannot be compared with the model's: meaning is left out then.</summary>
    public bool HasOtherVectors => _hasOtherVectors;

    /// <summary>What it takes; while it is loaded what was set aside for it.</summary>
    public long Bytes => _state == IndexState.Loaded ? Index.Statistics.Bytes : Volatile.Read(ref _expectedBytes);

    /// <summary>Passages and vectors that its snapshot does not have.</summary>
    public long Unsaved => Volatile.Read(ref _unsaved);

    /// <summary>Whether it is to be replaced by a new one.</summary>
    public bool IsOver =>
        _state switch
        {
            IndexState.Gone => true,
            IndexState.TooLarge => time.GetElapsedTime(Volatile.Read(ref _endedAt)) >= limits.TooLargeRest,
            IndexState.Failed => time.GetElapsedTime(Volatile.Read(ref _endedAt)) >= limits.FailureRest,
            _ => false,
        };

    /// <param name="bytes">What was set aside for it.</param>
    public void Expect(TenantSize size, long bytes)
    {
        Volatile.Write(ref _expectedBytes, bytes);
        _hasOtherVectors = model is not null && !size.HasVectors;
        _isSmall.TrySetResult(size.Passages <= limits.SmallPassages);
    }

    public void Publish(SearchIndex index)
    {
        Volatile.Write(ref _index, index);
        _state = IndexState.Loaded;
        _settled.TrySetResult();
    }

    public void End(IndexState state)
    {
        Volatile.Write(ref _endedAt, time.GetTimestamp());
        Volatile.Write(ref _expectedBytes, 0);
        _state = state;
        _isSmall.TrySetResult(false);
        _settled.TrySetResult();
    }

    /// <param name="changes">Passages and vectors, more or, once they are in a snapshot, less.</param>
    public void Count(long changes) => Interlocked.Add(ref _unsaved, changes);

    /// <summary>True for the first who asks, until <see cref="Tidied"/>.</summary>
    public bool TryWaitForTidying() => Interlocked.Exchange(ref _isWaiting, 1) == 0;

    public void Tidied() => Volatile.Write(ref _isWaiting, 0);

    /// <summary>
    /// Brings the index to where the tenant stood when the call began, or further. False when that takes longer than a query
    /// should wait, and when the index is of no use any more.
    /// </summary>
    /// <exception cref="NpgsqlException">PostgreSQL does not tell where the tenant stands.</exception>
    public async Task<bool> FollowAsync(CancellationToken cancellationToken)
    {
        var state = await source.StateAsync(tenant, Index.Revision, 1, cancellationToken);
        if (state.Serving is { } serving && serving != model)
        {
            serves(tenant, serving);
            End(IndexState.Gone);
            return false;
        }

        if (state.IsKnown && state.Changes.Count == 0)
        {
            return _state == IndexState.Loaded;
        }

        var began = time.GetTimestamp();
        while (_state == IndexState.Loaded)
        {
            var (following, since) = Following();
            // A round that began before this call has had some of the time already.
            var left = limits.Patience - time.GetElapsedTime(Math.Min(began, since));
            try
            {
                var isDone = await following.WaitAsync(
                    left > TimeSpan.Zero ? left : TimeSpan.Zero,
                    time,
                    cancellationToken
                );
                if (!isDone)
                {
                    return false;
                }
            }
            catch (TimeoutException)
            {
                return false;
            }

            if (Index.Revision.Number >= state.Newest.Number)
            {
                return _state == IndexState.Loaded;
            }
        }

        return false;
    }

    /// <summary>Applies the log to <paramref name="index"/> until there is nothing more in it.</summary>
    /// <returns>False when the index has another history than the tenant, or no room for its vectors.</returns>
    public async Task<bool> CatchUpAsync(SearchIndex index, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (state, delta) = await source.DeltaAsync(
                tenant,
                ReadableModel,
                index.Revision,
                limits.BatchChanges,
                limits.BatchPassages,
                cancellationToken
            );
            if (!state.IsKnown || (index.Options.Dimensions == 0 && delta.HasVectors))
            {
                return false;
            }

            if (state.Changes.Count == 0)
            {
                return true;
            }

            index.Apply(delta.ToChanges(vector => Usable(vector, index.Options.Dimensions)), cancellationToken);
            Count(delta.Size);
        }
    }

    /// <summary>The model whose vectors can be read.</summary>
    public string? ReadableModel => _hasOtherVectors ? null : model;

    /// <summary>The vector, or none where it has another length.</summary>
    public ReadOnlyMemory<float> Usable(float[]? vector, int dimensions)
    {
        if (vector is null || vector.Length == dimensions)
        {
            return vector;
        }

        _hasOtherVectors = true;
        return default;
    }

    private (Task<bool> Task, long Since) Following()
    {
        lock (_lock)
        {
            if (_following is null or { IsCompleted: true })
            {
                _followingSince = time.GetTimestamp();
                // Not the query's own: it goes on when the query has gone to PostgreSQL.
                _following = Task.Run(FollowNowAsync, CancellationToken.None);
            }

            return (_following, _followingSince);
        }
    }

    private async Task<bool> FollowNowAsync()
    {
        try
        {
            if (!await CatchUpAsync(Index, stopping))
            {
                Log.IndexOutdated(logger, tenant.Value);
                End(IndexState.Gone);
                return false;
            }

            followed(this);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (NpgsqlException exception)
        {
            // What was applied is right, and the rest is for the next query.
            Log.IndexNotFollowed(logger, tenant.Value, exception);
            return false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.IndexNotFollowed(logger, tenant.Value, exception);
            End(IndexState.Gone);
            return false;
        }
    }
}
