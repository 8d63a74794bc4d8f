using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>What an organisation searches for most, by its log; nothing where it keeps none. Safe for concurrent use.</summary>
public sealed class PopularQueries
{
    private readonly QueryStore _store;

    internal PopularQueries(QueryStore store) => _store = store;

    /// <summary>Most people first. Queries that had filters, or found nothing, are not among them.</summary>
    /// <param name="since">Asked then or later.</param>
    /// <param name="askers">By at least so many people.</param>
    public Task<IReadOnlyList<string>> OfAsync(
        TenantId tenant,
        DateTimeOffset since,
        int askers,
        int most,
        CancellationToken cancellationToken
    ) => _store.PopularAsync(tenant, since, askers, most, cancellationToken);
}
