using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Dense;

/// <summary>The best rows of all segments by cosine.</summary>
internal static class DenseSearch
{
    // Of more rows than that the next one is near enough.
    private const int OneIn = 4;

    // A core waits for about as many cache lines at once as four rows of 384 dimensions have.
    private const int RowsAhead = 4;
    private const int LineBytes = 64;

    // What is behind that in a row the machine fetches by itself.
    private const int MostBytesAhead = 8 * LineBytes;

    /// <param name="Rows">Best first, with the cosine from 16 bits.</param>
    /// <param name="Note">What was done, for a person.</param>
    public sealed record Found(ScoredRow<float>[] Rows, string Note);

    /// <param name="allowed">For each vector view the rows that may be found; used up.</param>
    public static Found Run(
        IReadOnlyList<VectorView> views,
        Bitmap[] allowed,
        DenseQuery query,
        SearchIndexOptions options,
        int most
    )
    {
        var rows = allowed.Sum(bitmap => bitmap.Count());
        var scanned = rows;
        if (rows > options.ExactScanRows)
        {
            var wanted = Math.Max((int)(rows * Math.Clamp(options.PrefilterShare, 0, 1)), 20 * most);
            if (wanted < rows)
                scanned = BitPrefilter.Narrow(views, allowed, query.Bits, wanted);
        }

        // More than asked for: int8 may swap those that lie close together.
        var nearest = new TopRows<float>(most + (most / 2) + 64);
        for (var i = 0; i < views.Count; i++)
            Scan(views[i], allowed[i], query, i, nearest);

        var best = new TopRows<float>(most);
        foreach (var near in nearest.Drain())
            best.Offer(near.Id, Cosine(views[near.Segment].Segment, near.Row, query), near.Segment, near.Row);
        return new Found(
            best.Drain(),
            string.Create(
                CultureInfo.InvariantCulture,
                $"{(scanned == rows ? "Exact scan" : "1-bit prefilter, then scan")} of {scanned} of {rows} vectors, {Int8Dot.Width} bits wide."
            )
        );
    }

    /// <summary>The cosine of a passage; <see langword="null"/> when it has no vector. Logarithmic.</summary>
    public static float? CosineOf(IReadOnlyList<VectorView> views, Guid passage, DenseQuery query)
    {
        foreach (var view in views)
        {
            if (view.AliveRowOf(passage) is var row and >= 0)
                return Cosine(view.Segment, row, query);
        }

        return null;
    }

    private static float Cosine(VectorSegment segment, int row, DenseQuery query) =>
        Math.Clamp(
            Int16Dot.Of(segment.FineOf(row), query.Unit) * segment.Scales.Span[row] / Quantisation.FineSteps,
            -1,
            1
        );

    private static void Scan(VectorView view, Bitmap allowed, DenseQuery query, int place, TopRows<float> nearest)
    {
        var segment = view.Segment;
        var small = segment.Small.Span;
        var scales = segment.Scales.Span;
        var ids = view.Rows.Ids.Span;
        var stride = segment.Layout.Stride;
        var threshold = nearest.IsFull ? nearest.Threshold : float.NegativeInfinity;
        // Rows that follow each other come by themselves.
        var isFetched = Sse.IsSupported && allowed.Count() < allowed.Length / OneIn;
        var rows = new BitmapRows(allowed);
        var ahead = new BitmapRows(allowed);
        var last = -1;
        for (var i = 0; isFetched && i < RowsAhead; i++)
            last = FetchNext(ref ahead, last, small, stride);

        while (rows.Next() is var row and >= 0)
        {
            if (isFetched)
                last = FetchNext(ref ahead, last, small, stride);
            var score = Int8Dot.Best(small.Slice(row * stride, stride), query.Small) * scales[row];
            if (score < threshold)
                continue;
            nearest.Offer(ids[row], score, place, row);
            threshold = nearest.IsFull ? nearest.Threshold : float.NegativeInfinity;
        }
    }

    /// <summary>
    /// Has the next row brought from memory. Rows that follow each other come by themselves, but a filter leaves them far apart, and
    /// the wait for one takes longer than its product.
    /// </summary>
    private static int FetchNext(ref BitmapRows ahead, int last, ReadOnlySpan<sbyte> small, int stride)
    {
        var row = ahead.Next();
        if (row > last + 1)
            Fetch(small.Slice(row * stride, Math.Min(stride, MostBytesAhead)));
        return row;
    }

    private static unsafe void Fetch(ReadOnlySpan<sbyte> bytes)
    {
        // A hint: it does no harm when the array has moved meanwhile.
        var start = (sbyte*)Unsafe.AsPointer(ref Unsafe.AsRef(in bytes[0]));
        for (var i = 0; i < bytes.Length; i += LineBytes)
            Sse.Prefetch0(start + i);
        Sse.Prefetch0(start + bytes.Length - 1);
    }
}
