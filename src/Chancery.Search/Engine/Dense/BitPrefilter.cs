using System.Buffers;
using System.Numerics;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Dense;

/// <summary>
/// Leaves of many rows those whose signs agree best with the query's: by Hamming distance, with all that are as near as
/// the last one taken. Which rows are left does not depend on how they lie in segments.
/// </summary>
internal static class BitPrefilter
{
    /// <summary>Clears the bits of rows that are too far.</summary>
    /// <param name="allowed">For each view the rows to choose from.</param>
    /// <param name="wanted">Leave at least so many.</param>
    /// <returns>How many are left.</returns>
    public static int Narrow(IReadOnlyList<VectorView> views, Bitmap[] allowed, ulong[] query, int wanted)
    {
        var distances = new ushort[views.Count][];
        Span<int> counts = new int[(query.Length * 64) + 1];
        try
        {
            for (var i = 0; i < views.Count; i++)
            {
                distances[i] = ArrayPool<ushort>.Shared.Rent(views[i].Rows.Count);
                Measure(views[i].Segment, allowed[i], query, distances[i], counts);
            }

            var left = 0;
            var farthest = 0;
            while (farthest < counts.Length && (left += counts[farthest]) < wanted)
                farthest++;
            for (var i = 0; i < views.Count; i++)
                Clear(allowed[i], distances[i], farthest);
            return left;
        }
        finally
        {
            foreach (var rented in distances)
            {
                if (rented is not null)
                    ArrayPool<ushort>.Shared.Return(rented);
            }
        }
    }

    private static void Measure(
        VectorSegment segment,
        Bitmap allowed,
        ReadOnlySpan<ulong> query,
        Span<ushort> distances,
        Span<int> counts
    )
    {
        var bits = segment.Bits.Span;
        for (var i = 0; i < allowed.Words.Length; i++)
        {
            for (var left = allowed.Words[i]; left != 0; left &= left - 1)
            {
                var row = (i << 6) + BitOperations.TrailingZeroCount(left);
                var distance = Distance(bits.Slice(row * query.Length, query.Length), query);
                distances[row] = (ushort)distance;
                counts[distance]++;
            }
        }
    }

    private static int Distance(ReadOnlySpan<ulong> row, ReadOnlySpan<ulong> query)
    {
        var distance = 0;
        for (var i = 0; i < row.Length && i < query.Length; i++)
            distance += BitOperations.PopCount(row[i] ^ query[i]);
        return distance;
    }

    private static void Clear(Bitmap allowed, ReadOnlySpan<ushort> distances, int farthest)
    {
        for (var i = 0; i < allowed.Words.Length; i++)
        {
            var kept = 0UL;
            for (var left = allowed.Words[i]; left != 0; left &= left - 1)
            {
                var bit = BitOperations.TrailingZeroCount(left);
                kept |= distances[(i << 6) + bit] <= farthest ? 1UL << bit : 0;
            }

            allowed.Words[i] = kept;
        }
    }
}
