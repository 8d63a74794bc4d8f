namespace Chancery.Server.Platform.Health;

/// <summary>How the search indexes in this process are doing.</summary>
/// <param name="Loaded">Tenants that are searched in memory.</param>
/// <param name="Loading">Tenants whose index is being made.</param>
/// <param name="TooLarge">Tenants that do not fit; PostgreSQL searches for them.</param>
/// <param name="Waiting">Tenants for whose index there was no room when they searched last, or which gave way; PostgreSQL searches for them.</param>
/// <param name="Passages">In those that are loaded.</param>
/// <param name="Bytes">Of those that are loaded, in memory or mapped from their files.</param>
/// <param name="BudgetBytes">What they may take: SEARCH_INDEX_MEMORY.</param>
/// <param name="FromSnapshots">Loaded from their files, since the start.</param>
/// <param name="Rebuilds">Made from the database, since the start.</param>
/// <param name="Evictions">Given up for others, since the start.</param>
internal sealed record SearchIndexes(
    int Loaded,
    int Loading,
    int TooLarge,
    int Waiting,
    long Passages,
    long Bytes,
    long BudgetBytes,
    long FromSnapshots,
    long Rebuilds,
    long Evictions
);

/// <summary>Tells the operator's page about search indexes; safe for concurrent use.</summary>
internal interface ISearchIndexHealth
{
    public SearchIndexes Tell();
}
