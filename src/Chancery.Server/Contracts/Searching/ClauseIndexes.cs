using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Searching;

/// <summary>
/// The clause indexes of the organisations that search contracts; the one that was used longest ago gives way. Safe for concurrent use.
/// </summary>
internal sealed class ClauseIndexes(TenantDatabase database)
{
    private const int Most = 64;

    private readonly ConcurrentDictionary<(TenantId Tenant, bool HasVectors), ClauseIndex> _indexes = new();

    /// <param name="model">The embedding model whose vectors it holds; null for words only.</param>
    public ClauseIndex Of(TenantId tenant, string? model)
    {
        var key = (tenant, model is not null);
        var index = _indexes.AddOrUpdate(
            key,
            _ => new ClauseIndex(tenant, model, database),
            (_, known) => known.Model == model ? known : new ClauseIndex(tenant, model, database)
        );
        if (_indexes.Count > Most && _indexes.MinBy(one => one.Value.UsedAt) is var oldest && oldest.Key != key)
        {
            _indexes.TryRemove(oldest);
        }

        return index;
    }

    /// <summary>False when there was none.</summary>
    public bool Forget(TenantId tenant) =>
        _indexes.TryRemove((tenant, true), out _) | _indexes.TryRemove((tenant, false), out _);
}
