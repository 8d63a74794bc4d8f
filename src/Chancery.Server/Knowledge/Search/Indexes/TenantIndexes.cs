using System.Collections.Concurrent;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Health;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>
/// The indexes of the tenants that search, as many as fit into the memory that they may take: made at a tenant's first query, brought
/// to the tenant's revision before each, and given up when others need the room. Safe for concurrent use.
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
    // Of an index with nothing in it, so that a thousand of them are not for free.
    private const long LeastBytes = 64_000;

    private readonly ConcurrentDictionary<TenantId, TenantIndex> _indexes = new();
    private readonly ConcurrentDictionary<string, int> _dimensions = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _loads = new(limits.LoadsAtOnce);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _evicting = new();

    /// <summary>
    /// The tenant's index, with everything in it that was committed before the call; null where PostgreSQL has to answer: because it is
    /// being loaded, is too far behind, or does not fit.
    /// </summary>
    /// <param name="model">The embedding model; null when there is none.</param>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL does not tell where the tenant stands.</exception>
    public async Task<TenantIndex?> FindAsync(TenantId tenant, string? model, CancellationToken cancellationToken)
    {
        // An index that turns out to be of no use is made anew; where that is quick, this query has the new one.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var entry = EntryOf(tenant, model);
            entry.Touch();
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

    private TenantIndex EntryOf(TenantId tenant, string? model)
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

            entry.Expect(size);
            await _loads.WaitAsync(_stopping.Token);
            try
            {
                MakeRoom(entry);
                if (await loader.LoadAsync(entry, size.Dimensions, limits.MemoryBytes, _stopping.Token) is { } index)
                {
                    entry.Publish(index);
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

        MakeRoom(entry);
    }

    /// <summary>Gives up those that were not used for the longest time, until the others fit.</summary>
    private void MakeRoom(TenantIndex except)
    {
        lock (_evicting)
        {
            var entries = _indexes.Values.ToArray();
            var taken = entries.Sum(BytesOf);
            foreach (var entry in entries.OrderBy(entry => entry.LastUsed))
            {
                if (taken <= limits.MemoryBytes)
                {
                    return;
                }

                if (entry == except || entry.State != IndexState.Loaded)
                {
                    continue;
                }

                taken -= BytesOf(entry);
                _indexes.TryRemove(new(entry.Tenant, entry));
                entry.End(IndexState.Gone);
                counts.Evicted();
                keeper.SaveEvicted(entry);
            }
        }
    }

    private static long BytesOf(TenantIndex entry) => Math.Max(LeastBytes, entry.Bytes);
}
