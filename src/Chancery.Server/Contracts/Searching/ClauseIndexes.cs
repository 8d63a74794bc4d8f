using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Searching;

/// <summary>
/// The clause indexes of the organisations that search contracts; the one that was used longest ago gives way. Safe for concurrent use.
/// </summary>
internal sealed class ClauseIndexes(TenantDatabase database)
{
    private const int Most = 64;

    private readonly ConcurrentDictionary<TenantId, ClauseIndex> _indexes = new();

    public ClauseIndex Of(TenantId tenant, string? model)
    {
        var index = _indexes.AddOrUpdate(
            tenant,
            _ => new ClauseIndex(tenant, model, database),
            (_, known) => known.Model == model ? known : new ClauseIndex(tenant, model, database)
        );
        if (_indexes.Count > Most && _indexes.MinBy(one => one.Value.UsedAt) is var oldest && oldest.Key != tenant)
        {
            _indexes.TryRemove(oldest);
        }

        return index;
    }

    /// <summary>False when there was none.</summary>
    public bool Forget(TenantId tenant) => _indexes.TryRemove(tenant, out _);
}
