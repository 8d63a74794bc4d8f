using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>
/// Decides whose indexes have the memory when it does not do for all: another's gives way only to a tenant that searches clearly
/// more. Whoever finds no room waits, and is looked at again now and then; else indexes would be loaded that are gone before their
/// next query. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Sizes are not weighed: a large index takes as much more memory as it saves work, since PostgreSQL's grows with the passages, too.
/// </remarks>
internal sealed class IndexAdmission(IndexLimits limits, TimeProvider time)
{
    // Of an index with nothing in it, so that a thousand of them are not for free.
    private const long LeastBytes = 64_000;

    // An index of fewer does not tell what a passage takes.
    private const int TellingPassages = 1_000;

    // A tenant that is forgotten costs one look at its size.
    private const int MostWaiting = 100_000;

    /// <param name="Bytes">What its index needs.</param>
    /// <param name="PassageBytes">What a passage takes, as an index that had to leave showed; 0 where none did.</param>
    /// <param name="Since">Of the clock; it may have another size by now.</param>
    /// <param name="LookedAt">Of the clock.</param>
    private sealed record Waiting(string? Model, long Bytes, double PassageBytes, long Since, long LookedAt);

    private readonly IndexPopularity _popularity = new(time);
    private readonly ConcurrentDictionary<TenantId, Waiting> _waiting = new();

    /// <summary>Tenants that found no room, or had to leave, and have not come back.</summary>
    public int Number => _waiting.Count;

    /// <summary>To be called at each search.</summary>
    public void Count(TenantId tenant) => _popularity.Count(tenant);

    /// <summary>What an index takes of the budget.</summary>
    public static long BytesOf(TenantIndex entry) =>
        entry.State == IndexState.Loaded ? Math.Max(LeastBytes, entry.Bytes) : entry.Bytes;

    /// <summary>What an index of that size is going to take.</summary>
    public long Expect(TenantId tenant, string? model, TenantSize size)
    {
        var known = _waiting.TryGetValue(tenant, out var waiting) && waiting.Model == model ? waiting.PassageBytes : 0;
        var bytes = IndexLimits.Estimate(size.Passages, size.Dimensions);
        return Math.Max(LeastBytes, Math.Max(bytes, (long)(size.Passages * known)));
    }

    /// <summary>Which indexes have to leave for one of the tenant, least popular first; null where it has to wait instead.</summary>
    /// <param name="indexes">All that there are.</param>
    /// <param name="bytes">What the tenant's takes.</param>
    public IReadOnlyList<TenantIndex>? Leaving(IEnumerable<TenantIndex> indexes, TenantId tenant, long bytes)
    {
        var others = indexes.Where(entry => entry.Tenant != tenant).ToArray();
        var excess = others.Sum(BytesOf) + bytes - limits.MemoryBytes;
        if (excess <= 0)
        {
            return [];
        }

        var own = _popularity.Of(tenant);
        return Take(ByPopularity(others, score => IndexPopularity.IsClearlyMore(own, score)), excess);
    }

    /// <summary>Which indexes have to leave since others have grown, least popular first.</summary>
    public IReadOnlyList<TenantIndex> Leaving(IReadOnlyCollection<TenantIndex> indexes)
    {
        var excess = indexes.Sum(BytesOf) - limits.MemoryBytes;
        if (excess <= 0)
        {
            return [];
        }

        var loaded = ByPopularity(indexes, _ => true).ToArray();
        return Take(loaded, excess) ?? [.. loaded];
    }

    /// <summary>There was no room for the tenant's index, or it had to leave.</summary>
    /// <param name="left">The one that had to leave.</param>
    public void Wait(TenantId tenant, string? model, long bytes, TenantIndex? left = null)
    {
        var passages = left?.Index.Statistics.Passages ?? 0;
        var before = _waiting.GetValueOrDefault(tenant);
        var passageBytes =
            passages >= TellingPassages ? (double)bytes / passages
            : before?.Model == model ? before?.PassageBytes ?? 0
            : 0;
        if (_waiting.Count >= MostWaiting)
        {
            _waiting.Clear();
        }

        var now = time.GetTimestamp();
        _waiting[tenant] = new Waiting(model, bytes, passageBytes, now, now);
    }

    /// <summary>Whether there was no room for the tenant's index a while ago, and there still is none.</summary>
    /// <param name="indexes">All that there are.</param>
    public bool HasToWait(TenantId tenant, string? model, IEnumerable<TenantIndex> indexes)
    {
        if (
            !_waiting.TryGetValue(tenant, out var waiting)
            || waiting.Model != model
            || time.GetElapsedTime(waiting.Since) >= limits.TooLargeRest
        )
        {
            return false;
        }

        if (time.GetElapsedTime(waiting.LookedAt) < limits.RoomRest)
        {
            return true;
        }

        if (Leaving(indexes, tenant, waiting.Bytes) is not null)
        {
            return false;
        }

        _waiting.TryUpdate(tenant, waiting with { LookedAt = time.GetTimestamp() }, waiting);
        return true;
    }

    /// <summary>The tenant's index is loaded.</summary>
    public void Loaded(TenantId tenant) => _waiting.TryRemove(tenant, out _);

    /// <summary>Where a tenant ends.</summary>
    public void Forget(TenantId tenant)
    {
        _waiting.TryRemove(tenant, out _);
        _popularity.Forget(tenant);
    }

    private IEnumerable<TenantIndex> ByPopularity(IEnumerable<TenantIndex> indexes, Func<double, bool> mayLeave) =>
        indexes
            .Where(entry => entry.State == IndexState.Loaded)
            .Select(entry => (Entry: entry, Score: _popularity.Of(entry.Tenant)))
            .Where(one => mayLeave(one.Score))
            .OrderBy(one => one.Score)
            .Select(one => one.Entry);

    /// <summary>As many as make up for the excess; null when they do not.</summary>
    private static List<TenantIndex>? Take(IEnumerable<TenantIndex> entries, long excess)
    {
        var taken = new List<TenantIndex>();
        foreach (var entry in entries)
        {
            taken.Add(entry);
            excess -= BytesOf(entry);
            if (excess <= 0)
            {
                return taken;
            }
        }

        return null;
    }
}
