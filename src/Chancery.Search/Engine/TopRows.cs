namespace Chancery.Search.Engine;

/// <summary>A row of some segment with its score.</summary>
/// <param name="Segment">The place of its view in the generation.</param>
internal readonly record struct ScoredRow<TScore>(Guid Id, TScore Score, int Segment, int Row)
    where TScore : IComparable<TScore>;

/// <summary>The best k of all rows that are offered: by score, then by id. A heap with the worst on top.</summary>
internal sealed class TopRows<TScore>(int k)
    where TScore : struct, IComparable<TScore>
{
    private static readonly Comparer<ScoredRow<TScore>> WorstFirst = Comparer<ScoredRow<TScore>>.Create(
        static (a, b) => a.Score.CompareTo(b.Score) is var order and not 0 ? order : b.Id.CompareTo(a.Id)
    );

    private readonly PriorityQueue<ScoredRow<TScore>, ScoredRow<TScore>> _heap = new(Math.Min(k, 1024), WorstFirst);

    public bool IsFull => _heap.Count == k;

    /// <summary>What a row must reach to have a chance; only when full.</summary>
    public TScore Threshold => _heap.Peek().Score;

    public void Offer(Guid id, TScore score, int segment, int row)
    {
        var offered = new ScoredRow<TScore>(id, score, segment, row);
        if (_heap.Count < k)
            _heap.Enqueue(offered, offered);
        else if (WorstFirst.Compare(offered, _heap.Peek()) > 0)
            _heap.DequeueEnqueue(offered, offered);
    }

    /// <summary>Best first; empties the heap.</summary>
    public ScoredRow<TScore>[] Drain()
    {
        var rows = new ScoredRow<TScore>[_heap.Count];
        for (var i = rows.Length - 1; i >= 0; i--)
            rows[i] = _heap.Dequeue();
        return rows;
    }
}
