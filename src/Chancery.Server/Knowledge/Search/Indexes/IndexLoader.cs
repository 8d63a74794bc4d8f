using Chancery.Search.Engine;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>Makes indexes: from the tenant's snapshot where there is one, else from the database. Safe for concurrent use.</summary>
internal sealed class IndexLoader(
    IndexSource source,
    IndexSnapshots snapshots,
    IndexLimits limits,
    IndexCounts counts,
    IOptions<KnowledgeOptions> settings
)
{
    // What a page of passages takes while it is read: half as many where vectors are large.
    private const int LargeVectors = 1024;

    // What documents are marked with for filters: a snapshot of before would let everybody find everything.
    private const string Stamp = "marks 1; ";

    /// <summary>An index at the tenant's revision; null when it does not fit.</summary>
    /// <param name="dimensions">Of the model's vectors; 0 for none.</param>
    /// <param name="budget">Bytes.</param>
    public async Task<SearchIndex?> LoadAsync(
        TenantIndex entry,
        int dimensions,
        long budget,
        CancellationToken cancellationToken
    )
    {
        var options = new SearchIndexOptions
        {
            Owner = entry.Tenant.Value,
            Dimensions = dimensions,
            Stamp = Stamp + entry.Model,
            Bm25 = settings.Value.Bm25,
        };
        if (snapshots.Open(entry.Tenant, options, cancellationToken) is { } saved)
        {
            // From another history, as after a restored backup, it is of no use.
            if (await entry.CatchUpAsync(saved, cancellationToken))
            {
                counts.Opened();
                return saved.Statistics.Bytes <= budget ? saved : null;
            }

            snapshots.Remove(entry.Tenant);
        }

        entry.Count(-entry.Unsaved);
        var index = await BuildAsync(entry, options, budget, cancellationToken);
        counts.Rebuilt();
        return index;
    }

    /// <summary>
    /// The revision is read first, then the passages, page by page and each in a session of its own, then what was changed since:
    /// no transaction stands open while passages are analysed, and the end is the same.
    /// </summary>
    private async Task<SearchIndex?> BuildAsync(
        TenantIndex entry,
        SearchIndexOptions options,
        long budget,
        CancellationToken cancellationToken
    )
    {
        var most = options.Dimensions > LargeVectors ? limits.BatchPassages / 2 : limits.BatchPassages;
        var start = await source.StateAsync(entry.Tenant, IndexRevision.None, 1, cancellationToken);
        var index = new SearchIndex(options);
        Guid? after = null;
        while (true)
        {
            var page = await source.PageAsync(entry.Tenant, entry.ReadableModel, after, most, cancellationToken);
            var isLast = page.Count < most;
            index.Apply(
                new IndexChanges(isLast ? start.Newest : IndexRevision.None)
                {
                    Passages = SourcePassage.ToIndexed(page, vector => entry.Usable(vector, options.Dimensions)),
                },
                cancellationToken
            );
            entry.Count(page.Count);
            if (index.Statistics.Bytes > budget)
            {
                return null;
            }

            if (isLast)
            {
                break;
            }

            index.Merge(everything: false, cancellationToken);
            after = page[^1].ChunkId;
        }

        return await entry.CatchUpAsync(index, cancellationToken)
            ? index
            : throw new InvalidOperationException(
                "The tenant's history was replaced, or its model, while it was read."
            );
    }
}
