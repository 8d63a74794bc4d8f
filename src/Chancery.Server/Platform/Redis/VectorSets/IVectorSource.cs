using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Redis.VectorSets;

/// <summary>What changed between two positions.</summary>
/// <param name="Groups">All that may have gained or lost vectors.</param>
/// <param name="Removed">How many vectors went, as far as that is known.</param>
internal sealed record VectorChanges(IReadOnlyList<Guid> Groups, int Removed = 0);

/// <summary>
/// What vector sets are made from: vectors of one kind in PostgreSQL, in groups that change as one, such as those of a document. Safe for
/// concurrent use.
/// </summary>
internal interface IVectorSource
{
    /// <summary>In the keys of its sets.</summary>
    public string Kind { get; }

    /// <summary>What a filter by groups goes by; each vector's attributes have it.</summary>
    public string GroupAttribute { get; }

    /// <summary>How many changed groups a search waits for; where there are more, the set is made anew in the background.</summary>
    public int MostGroups { get; }

    /// <summary>How many vectors of those groups a search waits for.</summary>
    public int MostVectors { get; }

    /// <summary>Where the organisation is now; null where it has nothing yet.</summary>
    public Task<VectorSetPosition?> PositionAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>
    /// What to do to get from one position to the other; null where the first is none that this database has been at, as after a
    /// restore, or more than <see cref="MostGroups"/> changed between.
    /// </summary>
    public Task<VectorChanges?> ChangesAsync(
        TenantId tenant,
        VectorSetPosition from,
        VectorSetPosition until,
        CancellationToken cancellationToken
    );

    /// <summary>Vectors of a model, in an order of their own.</summary>
    /// <param name="groups">Only of these; null for all.</param>
    /// <param name="after">The last that was read; null for the first.</param>
    public Task<IReadOnlyList<VectorSetItem>> ItemsAsync(
        VectorSet set,
        IReadOnlyList<Guid>? groups,
        VectorSetItem? after,
        int most,
        CancellationToken cancellationToken
    );
}
