using System.Collections.Concurrent;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Health;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>
/// The indexes of the tenants that search, as many as fit into the memory that they may take: made at a tenant's first query, brought
/// to the tenant's revision before each, and given up for those of tenants that search more. Safe for concurrent use.
/// </summary>
internal sealed class TenantIndexes(
    IndexSource source,
    IndexLoader loader,
    IndexKeeper keeper,
    IndexSnapshots snapshots,
    IndexLimits limits,
    IndexCounts counts,
    TenantModels models,
    TimeProvider time,
    ILogger<TenantIndexes> logger
) : IHostedService, ISearchIndexHealth, IDisposable
{
    private readonly ConcurrentDictionary<TenantId, TenantIndex> _indexes = new();
    private readonly ConcurrentDictionary<string, int> _dimensions = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _loads = new(limits.LoadsAtOnce);
    private readonly CancellationTokenSource _stopping = new();
    private readonly IndexAdmission _admission = new(limits, time);
    private readonly Lock _evicting = new();

    /// <summary>
    /// The tenant's index, with everything in it that was committed before the call; null where PostgreSQL has to answer: because it is
    /// being loaded, is too far behind, does not fit, or has to wait for room.
    /// </summary>
    /// <param name="model">The embedding model; null when there is none.</param>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL does not tell where the tenant stands.</exception>
    public async Task<TenantIndex?> FindAsync(TenantId tenant, string? model, CancellationToken cancellationToken)
    {
        _admission.Count(tenant);
        // An index that turns out to be of no use is made anew; where that is quick, this query has the new one.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            if (EntryOf(tenant, model) is not { } entry)
            {
                return null;
            }

            if (entry.State == IndexState.Loading)
            {
                await WaitAsync(entry, cancellationToken);
            }

            if (entry.State == IndexState.Loaded && await entry.FollowAsync(cancellationToken))
            {
                return entry;
            }

            if (
                entry.State != IndexState.Gone
                || (await models.RecentAsync(tenant, cancellationToken)).Name is var serving && serving != model
            )
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>What the model's vectors are like, as a query found out.</summary>
    public void Learn(string model, int dimensions) => _dimensions[model] = dimensions;

    /// <summary>To be called when an index does not go with the model's vectors: the next query makes another.</summary>
    public static void Discard(TenantIndex entry) => entry.End(IndexState.Gone);

    /// <summary>
    /// Where a tenant ends: neither its index nor its snapshot stays. The check at each start does it for those that ended otherwise.
    /// </summary>
    public void ForgetTenant(TenantId tenant)
    {
        if (_indexes.TryRemove(tenant, out var entry))
        {
            entry.End(IndexState.Gone);
        }

        _admission.Forget(tenant);
        snapshots.Remove(tenant);
    }

    /// <summary>How many there are in each state, and what those that are loaded take.</summary>
    public SearchIndexes Tell()
    {
        var entries = _indexes.Values.ToArray();
        var loaded = entries.Where(entry => entry.State == IndexState.Loaded).ToArray();
        return new SearchIndexes(
            loaded.Length,
            entries.Count(entry => entry.State == IndexState.Loading),
            entries.Count(entry => entry.State == IndexState.TooLarge),
            _admission.Number,
            loaded.Sum(entry => (long)entry.Index.Statistics.Passages),
            loaded.Sum(entry => entry.Bytes),
            limits.MemoryBytes,
            counts.FromSnapshots,
            counts.Rebuilds,
            counts.Evictions
        );
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What changed since it was last written to disk is written, as far as the time goes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_indexes.Values.Select(entry => entry.Loading));
        await keeper.EndAsync();
        foreach (var entry in _indexes.Values.OrderByDescending(entry => entry.Unsaved))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            keeper.SaveChanged(entry, cancellationToken);
        }
    }

    public void Dispose()
    {
        _loads.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Null where it has to wait for room.</summary>
    private TenantIndex? EntryOf(TenantId tenant, string? model)
    {
        while (true)
        {
            if (_indexes.TryGetValue(tenant, out var known))
            {
                if (known.Model == model && !known.IsOver)
                {
                    return known;
                }

                if (known.State == IndexState.Loaded)
                {
                    known.End(IndexState.Gone);
                }

                _indexes.TryRemove(new(tenant, known));
            }

            if (_admission.HasToWait(tenant, model, _indexes.Select(pair => pair.Value)))
            {
                return null;
            }

            var made = new TenantIndex(
                tenant,
                model,
                source,
                limits,
                time,
                logger,
                Followed,
                models.Learn,
                _stopping.Token
            );
            if (_indexes.TryAdd(tenant, made))
            {
                _ = Task.Run(() => LoadAsync(made), CancellationToken.None);
                return made;
            }
        }
    }

    private async Task WaitAsync(TenantIndex entry, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        try
        {
            if (await entry.IsSmall.WaitAsync(limits.Patience, time, cancellationToken))
            {
                var left = limits.Patience - time.GetElapsedTime(began);
                await entry.Loading.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
            }
        }
        catch (TimeoutException)
        {
            // It goes on without this query.
        }
    }

    private async Task LoadAsync(TenantIndex entry)
    {
        try
        {
            var size = await source.SizeAsync(entry.Tenant, entry.Model, _stopping.Token);
            if (size.Dimensions == 0 && entry.Model is { } model)
            {
                size = size with { Dimensions = _dimensions.GetValueOrDefault(model) };
            }

            if (IndexLimits.Estimate(size.Passages, size.Dimensions) > limits.MemoryBytes)
            {
                Log.IndexTooLarge(logger, entry.Tenant.Value, size.Passages);
                entry.End(IndexState.TooLarge);
                return;
            }

            if (!TryAdmit(entry, size))
            {
                return;
            }

            await _loads.WaitAsync(_stopping.Token);
            try
            {
                if (await loader.LoadAsync(entry, size.Dimensions, limits.MemoryBytes, _stopping.Token) is { } index)
                {
                    entry.Publish(index);
                    _admission.Loaded(entry.Tenant);
                    Followed(entry);
                }
                else
                {
                    Log.IndexTooLarge(logger, entry.Tenant.Value, size.Passages);
                    entry.End(IndexState.TooLarge);
                }
            }
            finally
            {
                _loads.Release();
            }
        }
        catch (OperationCanceledException)
        {
            entry.End(IndexState.Gone);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.IndexNotLoaded(logger, entry.Tenant.Value, exception);
            entry.End(IndexState.Failed);
        }
    }

    private void Followed(TenantIndex entry)
    {
        keeper.Tidy(entry);
        if (entry.State == IndexState.Loaded && entry.Bytes > limits.MemoryBytes)
        {
            Log.IndexTooLarge(logger, entry.Tenant.Value, entry.Index.Statistics.Passages);
            entry.End(IndexState.TooLarge);
        }

        lock (_evicting)
        {
            Evict(_admission.Leaving([.. _indexes.Values]));
        }
    }

    /// <summary>Sets the memory aside, for which others may have to leave. False, and the end of the entry, where there is none.</summary>
    private bool TryAdmit(TenantIndex entry, TenantSize size)
    {
        lock (_evicting)
        {
            var bytes = _admission.Expect(entry.Tenant, entry.Model, size);
            if (_admission.Leaving(_indexes.Values, entry.Tenant, bytes) is { } leaving)
            {
                Evict(leaving);
                entry.Expect(size, bytes);
                return true;
            }

            _admission.Wait(entry.Tenant, entry.Model, bytes);
        }

        _indexes.TryRemove(new(entry.Tenant, entry));
        entry.End(IndexState.Gone);
        return false;
    }

    private void Evict(IReadOnlyList<TenantIndex> entries)
    {
        foreach (var entry in entries)
        {
            _admission.Wait(entry.Tenant, entry.Model, IndexAdmission.BytesOf(entry), entry);
            _indexes.TryRemove(new(entry.Tenant, entry));
            entry.End(IndexState.Gone);
            counts.Evicted();
            keeper.SaveEvicted(entry);
        }
    }
}
