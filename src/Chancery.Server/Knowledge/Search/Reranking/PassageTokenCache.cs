using System.Collections.Concurrent;
using Chancery.Search;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>
/// Token vectors of passages that were looked at lately: making them is nearly all that late interaction costs. A passage's text
/// never changes under its id. Safe for concurrent use.
/// </summary>
/// <param name="mostBytes">What it takes at most; 0 keeps nothing.</param>
internal sealed class PassageTokenCache(long mostBytes)
{
    // What the dictionary takes for an entry, beside the vectors.
    private const int EntryBytes = 100;

    private readonly Lock _lock = new();
    private volatile ConcurrentDictionary<Guid, PassageTokens> _young = new();
    private volatile ConcurrentDictionary<Guid, PassageTokens> _old = new();
    private long _youngBytes;
    private long _oldBytes;

    /// <summary>What it takes now.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _youngBytes + _oldBytes;
            }
        }
    }

    public PassageTokens? Find(Guid passage)
    {
        if (_young.TryGetValue(passage, out var known))
        {
            return known;
        }

        if (!_old.TryGetValue(passage, out known))
        {
            return null;
        }

        Add(passage, known);
        return known;
    }

    public void Add(Guid passage, PassageTokens tokens)
    {
        var bytes = tokens.Bytes + EntryBytes;
        lock (_lock)
        {
            if (bytes > mostBytes / 2)
            {
                return;
            }

            // Two halves: when the young one is full the old one goes, and with it what nobody asked for since.
            if (_youngBytes + bytes > mostBytes / 2)
            {
                (_old, _oldBytes) = (_young, _youngBytes);
                (_young, _youngBytes) = (new(), 0);
            }

            if (_young.TryAdd(passage, tokens))
            {
                _youngBytes += bytes;
            }
        }
    }
}
