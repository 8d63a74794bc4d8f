namespace Chancery.Search.Engine;

/// <summary>A row of some segment with its score.</summary>
/// <param name="Segment">The place of its view in the generation.</param>
internal readonly record struct ScoredRow<TScore>(Guid Id, TScore Score, int Segment, int Row)
    where TScore : IComparable<TScore>;

/// <summary>The best k of all rows that are offered: by score, then by id. A heap with the worst on top.</summary>
internal sealed class TopRows<TScore>(int k)
    where TScore : struct, IComparable<TScore>
{
    private ScoredRow<TScore>[] _heap = new ScoredRow<TScore>[Math.Min(k, 256)];
    private int _count;

    public bool IsFull => _count == k;

    /// <summary>What a row must reach to have a chance; only when full.</summary>
    public TScore Threshold => _heap[0].Score;

    public void Offer(Guid id, TScore score, int segment, int row)
    {
        var offered = new ScoredRow<TScore>(id, score, segment, row);
        if (_count < k)
        {
            if (_count == _heap.Length)
                Array.Resize(ref _heap, (int)Math.Min(k, _count * 2L));
            Rise(_count++, offered);
        }
        else if (IsWorse(_heap[0], offered))
            Sink(offered);
    }

    /// <summary>Best first; empties the heap.</summary>
    public ScoredRow<TScore>[] Drain()
    {
        var rows = _heap.AsSpan(0, _count).ToArray();
        _count = 0;
        Array.Sort(
            rows,
            static (a, b) =>
                IsWorse(a, b) ? 1
                : IsWorse(b, a) ? -1
                : 0
        );
        return rows;
    }

    private static bool IsWorse(in ScoredRow<TScore> a, in ScoredRow<TScore> b) =>
        a.Score.CompareTo(b.Score) is var order and not 0 ? order < 0 : a.Id.CompareTo(b.Id) > 0;

    private void Rise(int at, in ScoredRow<TScore> row)
    {
        for (; at > 0 && IsWorse(row, _heap[(at - 1) / 2]); at = (at - 1) / 2)
            _heap[at] = _heap[(at - 1) / 2];
        _heap[at] = row;
    }

    /// <summary>In the place of the worst.</summary>
    private void Sink(in ScoredRow<TScore> row)
    {
        var at = 0;
        while ((2 * at) + 1 < _count)
        {
            var child = (2 * at) + 1;
            if (child + 1 < _count && IsWorse(_heap[child + 1], _heap[child]))
                child++;
            if (!IsWorse(_heap[child], row))
                break;
            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = row;
    }
}
