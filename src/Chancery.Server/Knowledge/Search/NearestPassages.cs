using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>How the passages nearest to a question were found.</summary>
internal static class DenseScan
{
    /// <summary>Every vector was looked at.</summary>
    public const string Exact = "exact";

    /// <summary>By the organisation's index in PostgreSQL.</summary>
    public const string Indexed = "hnsw";

    /// <summary>By the organisation's vector set in Redis.</summary>
    public const string Redis = "redis";
}

/// <param name="Ids">Nearest first, roughly.</param>
/// <param name="IsAll">Whether there are no others.</param>
internal sealed record NearestIds(IReadOnlyList<Guid> Ids, bool IsAll);

/// <summary>
/// Something beside the table of vectors that names the nearest ones fast. What it names is looked up, measured and filtered in
/// PostgreSQL, so that it can be behind, or wrong about the order, and nothing that may not be seen is. Safe for concurrent use.
/// </summary>
internal interface INearestPassages
{
    /// <summary>One of <see cref="DenseScan"/>.</summary>
    public string Scan { get; }

    /// <param name="documents">Only passages of these; null for all.</param>
    /// <returns>Null where it cannot answer now, or has nothing of this organisation and model.</returns>
    public Task<NearestIds?> FindAsync(
        TenantId tenant,
        string model,
        string vector,
        Guid[]? documents,
        int most,
        CancellationToken cancellationToken
    );

    /// <summary>Nobody is searched with that model of theirs any more: what is kept of it may go.</summary>
    public Task ForgetAsync(TenantId tenant, string model, int dimensions) => Task.CompletedTask;
}
