using System.Collections.Concurrent;
using Chancery.Search;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Passages that were ranked lately, analysed: ranking eighty candidates anew costs ten times what it costs from here. A
/// passage's text never changes under its id. Safe for concurrent use.
/// </summary>
internal sealed class AnalysedPassages
{
    // Two generations of some 4 MB: when the young one is full the old one goes, and with it what nobody asked for.
    private const int MostInGeneration = 4000;

    private volatile ConcurrentDictionary<(Guid, string), TermCounts> _young = new();
    private volatile ConcurrentDictionary<(Guid, string), TermCounts> _old = new();
    private int _added;

    public TermCounts Of(PassageRow row)
    {
        var key = (row.ChunkId, row.Title);
        var young = _young;
        if (young.TryGetValue(key, out var known))
        {
            return known;
        }

        var counts = _old.TryGetValue(key, out known)
            ? known
            : TermCounts.Of(new RankingCandidate(row.Text, row.Heading, row.Title));
        young[key] = counts;
        if (Interlocked.Increment(ref _added) % MostInGeneration == 0)
        {
            _old = young;
            _young = new();
        }

        return counts;
    }
}
