namespace Chancery.Models;

/// <summary>
/// A vocabulary as a trie over UTF-16 units, in one table of hashed transitions: finding the longest token at a place takes one
/// walk and no memory. Immutable once built; safe for concurrent use.
/// </summary>
internal sealed class TokenTrie
{
    private const int Root = 1;

    private ulong[] _keys = new ulong[1 << 10];
    private int[] _targets = new int[1 << 10];
    private int _used;
    private int _nodes = Root;
    private readonly List<int> _ids = [-1, -1];

    public void Add(ReadOnlySpan<char> token, int id)
    {
        var node = Root;
        foreach (var unit in token)
        {
            var next = Next(node, unit);
            if (next == 0)
            {
                next = ++_nodes;
                _ids.Add(-1);
                Insert(node, unit, next);
            }

            node = next;
        }

        _ids[node] = id;
    }

    /// <summary>The longest token that <paramref name="text"/> begins with.</summary>
    /// <param name="length">Its length in UTF-16 units; 0 when there is none.</param>
    /// <returns>Its id, or -1.</returns>
    public int Longest(ReadOnlySpan<char> text, out int length)
    {
        var node = Root;
        var id = -1;
        length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            node = Next(node, text[i]);
            if (node == 0)
                break;

            if (_ids[node] >= 0)
                (id, length) = (_ids[node], i + 1);
        }

        return id;
    }

    private int Next(int node, char unit)
    {
        var key = Key(node, unit);
        for (var slot = Slot(key); ; slot = (slot + 1) & (_keys.Length - 1))
        {
            if (_keys[slot] == key)
                return _targets[slot];
            if (_keys[slot] == 0)
                return 0;
        }
    }

    private void Insert(int node, char unit, int target)
    {
        if (++_used * 2 > _keys.Length)
            Grow();
        Put(Key(node, unit), target);
    }

    private void Put(ulong key, int target)
    {
        var slot = Slot(key);
        while (_keys[slot] != 0)
            slot = (slot + 1) & (_keys.Length - 1);
        (_keys[slot], _targets[slot]) = (key, target);
    }

    private void Grow()
    {
        var (keys, targets) = (_keys, _targets);
        _keys = new ulong[keys.Length * 2];
        _targets = new int[keys.Length * 2];
        for (var i = 0; i < keys.Length; i++)
        {
            if (keys[i] != 0)
                Put(keys[i], targets[i]);
        }
    }

    // Never 0: nodes count from 1.
    private static ulong Key(int node, char unit) => ((ulong)node << 16) | unit;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> 40) & (_keys.Length - 1);
}
