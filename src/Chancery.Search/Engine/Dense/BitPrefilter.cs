using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Dense;

/// <summary>
/// Leaves of many rows those whose signs agree best with the query's: by Hamming distance, with all that are as near as
/// the last one taken. Which rows are left does not depend on how they lie in segments.
/// </summary>
internal static class BitPrefilter
{
    /// <summary>For each distance: most rows are about as far as the one before, and a counter waits for itself.</summary>
    private const int Counters = 4;

    /// <summary>Clears the bits of rows that are too far.</summary>
    /// <param name="allowed">For each view the rows to choose from.</param>
    /// <param name="wanted">Leave at least so many.</param>
    /// <returns>How many are left.</returns>
    public static int Narrow(IReadOnlyList<VectorView> views, Bitmap[] allowed, ulong[] query, int wanted)
    {
        var distances = new ushort[views.Count][];
        Span<int> counts = new int[((query.Length * 64) + 1) * Counters];
        try
        {
            for (var i = 0; i < views.Count; i++)
            {
                distances[i] = ArrayPool<ushort>.Shared.Rent(allowed[i].Words.Length * 64);
                Measure(views[i].Segment, allowed[i], query, distances[i], counts);
            }

            var left = 0;
            var farthest = 0;
            while (farthest <= query.Length * 64 && (left += Count(counts, farthest)) < wanted)
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
        var width = query.Length;
        var bits = segment.Bits.Span[..(allowed.Length * width)];
        for (var i = 0; i < allowed.Words.Length; i++)
        {
            for (var left = allowed.Words[i]; left != 0; left &= left - 1)
            {
                var row = (i << 6) + BitOperations.TrailingZeroCount(left);
                var distance = Distance(ref Unsafe.Add(ref MemoryMarshal.GetReference(bits), row * width), query);
                distances[row] = (ushort)distance;
                counts[(distance * Counters) + (row & (Counters - 1))]++;
            }
        }
    }

    /// <param name="row">The first of as many words as the query has.</param>
    private static int Distance(ref ulong row, ReadOnlySpan<ulong> query)
    {
        var (even, odd) = (0, 0);
        var i = 0;
        for (; i < query.Length - 1; i += 2)
        {
            even += BitOperations.PopCount(Unsafe.Add(ref row, i) ^ query[i]);
            odd += BitOperations.PopCount(Unsafe.Add(ref row, i + 1) ^ query[i + 1]);
        }

        if (i < query.Length)
            even += BitOperations.PopCount(Unsafe.Add(ref row, i) ^ query[i]);
        return even + odd;
    }

    private static int Count(ReadOnlySpan<int> counts, int distance)
    {
        var sum = 0;
        foreach (var count in counts.Slice(distance * Counters, Counters))
            sum += count;
        return sum;
    }

    /// <summary>64 rows at once; what was never measured is not allowed anyway.</summary>
    private static void Clear(Bitmap allowed, ReadOnlySpan<ushort> distances, int farthest)
    {
        var most = Vector256.Create((ushort)Math.Min(farthest, ushort.MaxValue));
        for (var i = 0; i < allowed.Words.Length; i++)
        {
            var kept = 0UL;
            for (var part = 0; allowed.Words[i] != 0 && part < 64; part += Vector256<ushort>.Count)
            {
                var near = Vector256.LessThanOrEqual(Vector256.Create(distances.Slice((i << 6) + part, 16)), most);
                kept |= (ulong)near.ExtractMostSignificantBits() << part;
            }

            allowed.Words[i] &= kept;
        }
    }
}
