using System.Runtime.InteropServices;
using Chancery.Search.Engine.Dense;

namespace Chancery.Search.Engine.Segments;

/// <summary>Builds vector segments from vectors, or from living rows of others.</summary>
internal static class VectorSegmentBuilder
{
    /// <param name="vectors">Sorted by passage, each once; usable.</param>
    public static VectorSegment Build(
        IReadOnlyList<(Guid Passage, Guid Document, ReadOnlyMemory<float> Vector)> vectors,
        VectorLayout layout
    )
    {
        var columns = new Columns(vectors.Count, layout);
        var unit = new float[layout.Dimensions];
        for (var row = 0; row < vectors.Count; row++)
        {
            VectorLayout.TryNormalise(vectors[row].Vector.Span, unit);
            columns.Write(row, unit);
        }

        return columns.Finish(
            RowTable.Of([.. vectors.Select(vector => vector.Passage)], [.. vectors.Select(vector => vector.Document)])
        );
    }

    public static VectorSegment Merge(
        IReadOnlyList<VectorView> sources,
        RowOrigins origins,
        VectorLayout layout,
        CancellationToken cancellationToken
    )
    {
        var columns = new Columns(origins.Count, layout);
        for (var row = 0; row < origins.Count; row++)
        {
            if ((row & 1023) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            columns.Copy(row, sources[origins.Source[row]].Segment, origins.Row[row]);
        }

        return columns.Finish(origins.Table(sources));
    }

    private sealed class Columns(int rows, VectorLayout layout)
    {
        private readonly byte[] _small = new byte[rows * layout.Stride];
        private readonly float[] _scales = new float[rows];
        private readonly byte[] _fine = new byte[rows * layout.Dimensions * sizeof(short)];
        private readonly byte[] _bits = new byte[rows * layout.Words * sizeof(ulong)];

        public void Write(int row, ReadOnlySpan<float> unit)
        {
            _scales[row] = Quantisation.ToInt8(unit, Of<sbyte>(_small).Slice(row * layout.Stride, layout.Dimensions));
            Quantisation.ToInt16(
                unit,
                _scales[row],
                Of<short>(_fine).Slice(row * layout.Dimensions, layout.Dimensions)
            );
            Quantisation.ToBits(unit, Of<ulong>(_bits).Slice(row * layout.Words, layout.Words));
        }

        public void Copy(int row, VectorSegment from, int fromRow)
        {
            from.Small.Span.Slice(fromRow * layout.Stride, layout.Stride)
                .CopyTo(Of<sbyte>(_small)[(row * layout.Stride)..]);
            _scales[row] = from.Scales.Span[fromRow];
            from.FineOf(fromRow).CopyTo(Of<short>(_fine)[(row * layout.Dimensions)..]);
            from.Bits.Span.Slice(fromRow * layout.Words, layout.Words).CopyTo(Of<ulong>(_bits)[(row * layout.Words)..]);
        }

        public VectorSegment Finish(RowTable table) =>
            new(
                table,
                layout,
                new Section<sbyte>(_small),
                Section<float>.Of(_scales),
                new Section<short>(_fine),
                new Section<ulong>(_bits)
            );

        private static Span<T> Of<T>(byte[] bytes)
            where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
    }
}
