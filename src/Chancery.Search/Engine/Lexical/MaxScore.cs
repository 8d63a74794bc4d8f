using System.Numerics;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>A term of the query in one segment.</summary>
internal readonly record struct TermInSegment(PostingsCursor Cursor, Bm25 Bm25);

/// <summary>
/// The best rows of one segment. For each window of rows the terms that cannot reach the threshold together are set aside
/// (MaxScore, Turtle and Flood 1995, with the bounds of the blocks in the window: Ding and Suel 2011); the others are summed
/// into an array, and only rows that can still get there look the rest up. Gives what scoring every row would give.
/// </summary>
internal sealed class MaxScore
{
    private const int Window = 2048;

    [ThreadStatic]
    private static MaxScore? s_own;

    private readonly long[] _scores = new long[Window];
    private readonly ulong[] _touched = new ulong[Window / 64];

    private FieldWeights _weights;

    private MaxScore() { }

    /// <summary>Of this thread.</summary>
    public static MaxScore Own => s_own ??= new MaxScore();

    /// <param name="view">The segment.</param>
    /// <param name="allowed">Rows that may be found.</param>
    /// <param name="terms">At their first rows.</param>
    /// <param name="weights">Of the index.</param>
    /// <param name="place">Of the segment, for <paramref name="top"/>.</param>
    /// <returns>Rows whose score was completed.</returns>
    public int Run(
        TextView view,
        Bitmap allowed,
        TermInSegment[] terms,
        FieldWeights weights,
        int place,
        TopRows<long> top
    )
    {
        // A run that breaks off leaves scores behind: the next one gets arrays of its own.
        s_own = null;
        _weights = weights;
        var lengths = view.Segment.Lengths.Span;
        var whole = new long[terms.Length];
        for (var i = 0; i < terms.Length; i++)
            whole[i] = BoundOf(terms[i], lengths);

        var bounds = new long[terms.Length];
        int[] order = [.. Enumerable.Range(0, terms.Length)];
        var blocks = new int[terms.Length];
        var completed = 0;
        for (var from = 0; from < lengths.Length; from += Window)
        {
            var to = Math.Min(from + Window, lengths.Length);
            if (allowed.Next(from) >= to)
                continue;

            for (var i = 0; i < terms.Length; i++)
                bounds[i] = BoundOf(terms[i], whole[i], ref blocks[i], from, to);
            Order(order, bounds);
            completed += Run(view, allowed, terms, bounds, order, from, to, place, top);
        }

        s_own = this;
        return completed;
    }

    /// <summary>By bound, ascending; nearly so already from the window before.</summary>
    private static void Order(int[] order, long[] bounds)
    {
        for (var i = 1; i < order.Length; i++)
        {
            var moved = order[i];
            var at = i;
            for (; at > 0 && bounds[order[at - 1]] > bounds[moved]; at--)
                order[at] = order[at - 1];
            order[at] = moved;
        }
    }

    private int Run(
        TextView view,
        Bitmap allowed,
        TermInSegment[] terms,
        long[] bounds,
        int[] order,
        int from,
        int to,
        int place,
        TopRows<long> top
    )
    {
        var threshold = top.IsFull ? top.Threshold : 1;
        // Those that stay below the threshold together can only add to rows that others have found.
        var aside = 0;
        var asideBound = 0L;
        while (aside < order.Length && asideBound + bounds[order[aside]] < threshold)
            asideBound += bounds[order[aside++]];
        if (aside == order.Length)
            return 0;

        var lengths = view.Segment.Lengths.Span;
        for (var i = aside; i < order.Length; i++)
        {
            if (bounds[order[i]] > 0)
                Accumulate(terms[order[i]], lengths, from, to);
        }

        var completed = 0;
        var ids = view.Rows.Ids.Span;
        for (var word = 0; word < (to - from + 63) / 64; word++)
        {
            var candidates = _touched[word] & allowed.Words[(from >> 6) + word];
            while (candidates != 0)
            {
                var offset = (word << 6) + BitOperations.TrailingZeroCount(candidates);
                candidates &= candidates - 1;
                if (_scores[offset] + asideBound < threshold)
                    continue;

                var score = Complete(
                    terms,
                    bounds,
                    order,
                    aside,
                    asideBound,
                    threshold,
                    from + offset,
                    offset,
                    lengths
                );
                completed++;
                if (score < threshold)
                    continue;
                top.Offer(ids[from + offset], score, place, from + offset);
                threshold = top.IsFull ? top.Threshold : 1;
            }

            var touched = _touched[word];
            _touched[word] = 0;
            while (touched != 0)
            {
                _scores[(word << 6) + BitOperations.TrailingZeroCount(touched)] = 0;
                touched &= touched - 1;
            }
        }

        return completed;
    }

    /// <summary>Adds what the terms set aside give to a row, the greatest bounds first; stops when it cannot get there.</summary>
    private long Complete(
        TermInSegment[] terms,
        long[] bounds,
        int[] order,
        int aside,
        long asideBound,
        long threshold,
        int row,
        int offset,
        ReadOnlySpan<int> lengths
    )
    {
        var score = _scores[offset];
        for (var i = aside - 1; i >= 0; i--)
        {
            if (score + asideBound < threshold)
                return score;
            asideBound -= bounds[order[i]];
            var (cursor, bm25) = terms[order[i]];
            cursor.MoveTo(row);
            if (cursor.Row == row)
                score += bm25.Score(cursor.Weighted(_weights), lengths[row]);
        }

        return score;
    }

    private void Accumulate(TermInSegment term, ReadOnlySpan<int> lengths, int from, int to)
    {
        var (cursor, bm25) = term;
        cursor.MoveTo(from);
        while (!cursor.AtEnd && cursor.Row < to)
        {
            var rows = cursor.Rows;
            var title = cursor.FrequenciesIn(Field.Title);
            var heading = cursor.FrequenciesIn(Field.Heading);
            var body = cursor.FrequenciesIn(Field.Body);
            var onlyBody = cursor.IsOnlyInBody;
            var i = cursor.Index;
            for (; i < rows.Length && rows[i] < to; i++)
            {
                var row = (int)rows[i];
                var weighted = onlyBody
                    ? _weights.Body * (int)body[i]
                    : _weights.Weigh((int)title[i], (int)heading[i], (int)body[i]);
                var offset = row - from;
                _scores[offset] += bm25.Score(weighted, lengths[row]);
                _touched[offset >> 6] |= 1UL << (offset & 63);
            }

            if (i < rows.Length)
            {
                cursor.Index = i;
                return;
            }

            cursor.Index = rows.Length - 1;
            cursor.MoveNext();
        }
    }

    /// <summary>What no row of the segment gets from the term.</summary>
    private long BoundOf(TermInSegment term, ReadOnlySpan<int> lengths)
    {
        var (cursor, bm25) = term;
        var bound = 0L;
        if (cursor.BlockCount > 1)
        {
            foreach (ref readonly var block in cursor.Entries)
                bound = Math.Max(bound, bm25.Bound(block));
            return bound;
        }

        for (; cursor.Index < cursor.Count; cursor.Index++)
        {
            bound = Math.Max(bound, bm25.Score(cursor.Weighted(_weights), lengths[(int)cursor.Rows[cursor.Index]]));
        }

        cursor.Index = 0;
        return bound;
    }

    /// <summary>What no row of a window gets from the term; 0 when none holds it.</summary>
    /// <param name="block">The first block that reaches into the window; moved on.</param>
    private static long BoundOf(TermInSegment term, long whole, ref int block, int from, int to)
    {
        var (cursor, bm25) = term;
        if (cursor.BlockCount == 1)
            return !cursor.AtEnd && cursor.Rows[^1] >= from && cursor.Rows[0] < to ? whole : 0;

        var entries = cursor.Entries;
        while (block < entries.Length && entries[block].LastRow < from)
            block++;
        var bound = 0L;
        for (var i = block; i < entries.Length; i++)
        {
            if (i > 0 && entries[i - 1].LastRow + 1 >= to)
                break;
            bound = Math.Max(bound, bm25.Bound(entries[i]));
            if (entries[i].LastRow >= to)
                break;
        }

        return bound;
    }
}
