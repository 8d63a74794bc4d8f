using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Redis.VectorSets;

/// <summary>
/// The nearest vectors by vector sets in Redis, one for each organisation, kind and model. A set is searched only at the very revision
/// that the organisation is at: what is a little behind is brought up before the search, what is far behind in the background. Safe for
/// concurrent use.
/// </summary>
/// <param name="sources">Of all kinds that there are.</param>
internal sealed class VectorSets(
    RedisGateway redis,
    IEnumerable<IVectorSource> sources,
    TimeProvider time,
    ILogger<VectorSets> logger
) : BackgroundService
{
    private const int BatchVectors = 200;
    private const int MostFilling = 2;

    // What one script removes holds up everybody else's.
    private const int GroupsAtOnce = 5;

    // A filter is a list of ids in the request.
    private const int MostFiltered = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, bool> _filling = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(MostFilling, MostFilling);
    private CancellationToken _stopping;
    private long? _askedAt;
    private bool _isAble;

    /// <param name="groups">Only of these; null for all.</param>
    /// <returns>Null where it cannot answer now: too many groups, no such Redis, or a set that is being filled.</returns>
    public async Task<VectorSetAnswer.Found?> FindAsync(
        IVectorSource source,
        TenantId tenant,
        string model,
        ReadOnlyMemory<float> vector,
        Guid[]? groups,
        int most,
        CancellationToken cancellationToken
    )
    {
        if (groups?.Length > MostFiltered || !await IsAbleAsync())
        {
            return null;
        }

        var set = new VectorSet(redis, source, tenant, model, vector.Length);
        if (await source.PositionAsync(tenant, cancellationToken) is not { } position)
        {
            return null;
        }

        var answer = await set.FindAsync(position, vector, groups, most);
        if (answer is VectorSetAnswer.Behind { Position: { } at } && at.Revision > position.Revision)
        {
            // Another search brought it on since this one asked where the organisation is. After a restore it stays ahead, and is made anew.
            if (await source.PositionAsync(tenant, cancellationToken) is not { } now)
            {
                return null;
            }

            position = now;
            answer = await set.FindAsync(position, vector, groups, most);
        }

        if (answer is VectorSetAnswer.Behind behind)
        {
            answer = await CatchUpAsync(set, behind.Position, position, cancellationToken)
                ? await set.FindAsync(position, vector, groups, most)
                : null;
        }

        return answer as VectorSetAnswer.Found;
    }

    /// <summary>Nobody searches with that model of theirs any more: its sets go, of every kind.</summary>
    public async Task ForgetAsync(TenantId tenant, string model, int dimensions)
    {
        foreach (var source in sources)
        {
            await ForgetAsync(source, tenant, model, dimensions);
        }
    }

    private async Task ForgetAsync(IVectorSource source, TenantId tenant, string model, int dimensions)
    {
        var set = new VectorSet(redis, source, tenant, model, dimensions);
        if (!await IsAbleAsync() || await set.LeaseAnywhereAsync() is not { } owner)
        {
            return;
        }

        try
        {
            await set.ClearAsync(owner);
        }
        catch (VectorSetException exception)
        {
            // It is never searched again, and goes when Redis needs the room.
            Log.VectorSetBehind(logger, tenant.Value, exception);
        }
        finally
        {
            await set.ReleaseAsync(owner);
        }
    }

    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        await Task.Yield();
        await IsAbleAsync();
    }

    private async Task<bool> IsAbleAsync()
    {
        if (_askedAt is { } at && (_isAble || time.GetElapsedTime(at) < Pause))
        {
            return _isAble;
        }

        switch (await redis.HasVectorSetsAsync())
        {
            case true:
                _isAble = true;
                break;
            case false when _askedAt is null:
                Log.NoVectorSets(logger);
                break;
        }

        _askedAt = time.GetTimestamp();
        return _isAble;
    }

    /// <summary>True when the set stands at <paramref name="until"/>; else it will, and is no use now.</summary>
    private async Task<bool> CatchUpAsync(
        VectorSet set,
        VectorSetPosition? from,
        VectorSetPosition until,
        CancellationToken cancellationToken
    )
    {
        if (_filling.ContainsKey(NameOf(set)))
        {
            return false;
        }

        if (
            from?.Revision > until.Revision
            && await set.Source.ChangesAsync(set.Tenant, from, from, cancellationToken) is not null
        )
        {
            // It is ahead of this search once more, and as it should be.
            return false;
        }

        var most = set.Source.MostVectors;
        var changes = from is null ? null : await set.Source.ChangesAsync(set.Tenant, from, until, cancellationToken);
        IReadOnlyList<VectorSetItem>? items = null;
        if (from is null || changes?.Removed <= most)
        {
            // One more than a search waits for tells that it is too much.
            items = await set.Source.ItemsAsync(set, changes?.Groups, null, most + 1, cancellationToken);
        }

        if (items is null || items.Count > most)
        {
            FillLater(set, from);
            return false;
        }

        return await WriteAsync(
            set,
            from,
            until,
            async owner =>
            {
                if (changes is null)
                {
                    await set.ClearAsync(owner);
                }

                foreach (var some in items.Chunk(BatchVectors))
                {
                    await set.AddAsync(owner, some);
                }

                var of = items.ToLookup(item => item.Group, item => item.Id);
                foreach (var groups in (changes?.Groups ?? []).Chunk(GroupsAtOnce))
                {
                    await set.KeepAsync(
                        owner,
                        [.. groups.Select(group => (group, (IReadOnlyList<string>)[.. of[group]]))]
                    );
                }
            }
        );
    }

    private static string NameOf(VectorSet set) =>
        string.Create(CultureInfo.InvariantCulture, $"{set.Tenant}/{set.Source.Kind}/{set.Dimensions}/{set.Model}");

    /// <param name="from">Where it stands, with nothing to be done about that; null where it is nothing to build on.</param>
    private void FillLater(VectorSet set, VectorSetPosition? from)
    {
        var name = NameOf(set);
        if (_filling.TryAdd(name, true))
        {
            _ = WhenThereIsRoomAsync();
        }

        async Task WhenThereIsRoomAsync()
        {
            try
            {
                await _places.WaitAsync(_stopping);
                try
                {
                    await FillAsync(set, from, _stopping);
                }
                finally
                {
                    _places.Release();
                }
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
            {
                // The next search asks for it again.
                Log.VectorSetBehind(logger, set.Tenant.Value, exception);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                // The server stops; what is half filled has no position, and is never searched.
            }
            finally
            {
                _filling.TryRemove(name, out _);
            }
        }
    }

    /// <summary>From nothing, in the background.</summary>
    private async Task FillAsync(VectorSet set, VectorSetPosition? from, CancellationToken cancellationToken)
    {
        // What changes while it is filled comes after this position, and is applied by the searches to come.
        if (await set.Source.PositionAsync(set.Tenant, cancellationToken) is not { } position)
        {
            return;
        }

        await WriteAsync(
            set,
            from,
            position,
            async owner =>
            {
                await set.ClearAsync(owner);
                var count = 0;
                VectorSetItem? after = null;
                while (
                    await set.Source.ItemsAsync(set, null, after, BatchVectors, cancellationToken)
                        is { Count: > 0 } items
                )
                {
                    await set.AddAsync(owner, items);
                    count += items.Count;
                    after = items[^1];
                }

                Log.VectorSetFilled(logger, set.Tenant.Value, count);
            }
        );
    }

    /// <summary>False where another server is writing or has written meanwhile, or Redis gave way.</summary>
    private async Task<bool> WriteAsync(
        VectorSet set,
        VectorSetPosition? from,
        VectorSetPosition position,
        Func<string, Task> write
    )
    {
        if (await set.LeaseAsync(from) is not { } owner)
        {
            return false;
        }

        try
        {
            await write(owner);
            await set.EndAsync(owner, position);
            return true;
        }
        catch (VectorSetException exception)
        {
            Log.VectorSetBehind(logger, set.Tenant.Value, exception);
            return false;
        }
        finally
        {
            await set.ReleaseAsync(owner);
        }
    }
}
