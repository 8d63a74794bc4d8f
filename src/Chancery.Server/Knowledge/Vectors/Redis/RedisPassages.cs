using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Knowledge.Vectors.Redis;

/// <summary>
/// The nearest passages by vector sets in Redis, one for each organisation and model. A set is searched only at the very revision that
/// the organisation is at: what is a little behind is brought up before the search, what is far behind in the background.
/// </summary>
internal sealed class RedisPassages(
    RedisGateway redis,
    TenantDatabase database,
    TimeProvider time,
    ILogger<RedisPassages> logger
) : BackgroundService, INearestPassages
{
    // Changes and vectors that a search waits for: some tens of milliseconds.
    private const int MostChanges = 100;
    private const int MostAtOnce = 100;

    private const int BatchVectors = 200;
    private const int MostFilling = 2;

    // A filter is a list of ids in the request.
    private const int MostDocuments = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly VectorSetStore _store = new(database);
    private readonly ConcurrentDictionary<string, bool> _filling = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(MostFilling, MostFilling);
    private CancellationToken _stopping;
    private long? _askedAt;
    private bool _isAble;

    public string Scan => DenseScan.Redis;

    public async Task<NearestIds?> FindAsync(
        TenantId tenant,
        string model,
        string vector,
        Guid[]? documents,
        int most,
        CancellationToken cancellationToken
    )
    {
        if (documents?.Length > MostDocuments || !await IsAbleAsync())
        {
            return null;
        }

        var numbers = Parse(vector);
        var set = new VectorSet(redis, tenant, model, numbers.Length);
        if (await _store.PositionAsync(tenant, cancellationToken) is not { } position)
        {
            return null;
        }

        var answer = await set.FindAsync(position, numbers, documents, most);
        if (answer is VectorSetAnswer.Behind behind)
        {
            answer = await CatchUpAsync(set, behind.Position, position, cancellationToken)
                ? await set.FindAsync(position, numbers, documents, most)
                : null;
        }

        return answer is VectorSetAnswer.Found found
            ? new NearestIds(
                found.Ids,
                found.Ids.Count < most && (documents is not null || found.Ids.Count == found.Size)
            )
            : null;
    }

    public async Task ForgetAsync(TenantId tenant, string model, int dimensions)
    {
        var set = new VectorSet(redis, tenant, model, dimensions);
        if (!await IsAbleAsync() || await set.LeaseAsync() is not { } owner)
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
        var changes = from is null
            ? null
            : await _store.ChangesAsync(set.Tenant, from, until, MostChanges, cancellationToken);
        IReadOnlyList<VectorSetItem>? items = null;
        if (from is null || changes is { Removed.Count: <= MostAtOnce })
        {
            // One more than a search waits for tells that it is too much.
            items = await _store.ItemsAsync(set, changes?.Documents, null, MostAtOnce + 1, cancellationToken);
        }

        if (items is not { Count: <= MostAtOnce })
        {
            FillLater(set);
            return false;
        }

        return await WriteAsync(
            set,
            until,
            async owner =>
            {
                if (from is null)
                {
                    await set.ClearAsync(owner);
                }

                await set.WriteAsync(owner, changes?.Removed ?? [], items);
                return items.Count;
            }
        );
    }

    private void FillLater(VectorSet set)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{set.Tenant}/{set.Dimensions}/{set.Model}");
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
                    await FillAsync(set, _stopping);
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
    private async Task FillAsync(VectorSet set, CancellationToken cancellationToken)
    {
        // What changes while it is filled comes after this position, and is applied by the searches to come.
        if (await _store.PositionAsync(set.Tenant, cancellationToken) is not { } position)
        {
            return;
        }

        await WriteAsync(
            set,
            position,
            async owner =>
            {
                await set.ClearAsync(owner);
                var count = 0;
                Guid? after = null;
                while (
                    await _store.ItemsAsync(set, null, after, BatchVectors, cancellationToken) is { Count: > 0 } items
                )
                {
                    await set.WriteAsync(owner, [], items);
                    count += items.Count;
                    after = items[^1].ChunkId;
                }

                Log.VectorSetFilled(logger, set.Tenant.Value, count);
                return count;
            }
        );
    }

    /// <summary>False where another server is writing, or Redis gave way meanwhile.</summary>
    private async Task<bool> WriteAsync(VectorSet set, VectorSetPosition position, Func<string, Task<int>> write)
    {
        if (await set.LeaseAsync() is not { } owner)
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

    // [0.1,-0.2,…]
    private static float[] Parse(string vector) =>
        [
            .. vector
                .Trim('[', ']')
                .Split(',')
                .Select(number => float.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture)),
        ];
}
