using Chancery.Search.Engine.Dense;

namespace Chancery.Search.Engine.Segments;

/// <summary>Unit vectors, three times: for the scan, for the last scoring, for the first look. Immutable.</summary>
/// <param name="Small">int8, <see cref="VectorLayout.Stride"/> for each row.</param>
/// <param name="Scales">Of each row: its greatest component over 127.</param>
/// <param name="Fine">int16, in steps of the 258th part.</param>
/// <param name="Bits">One for each component: whether it is positive.</param>
internal sealed record VectorSegment(
    RowTable Rows,
    VectorLayout Layout,
    Section<sbyte> Small,
    Section<float> Scales,
    Section<short> Fine,
    Section<ulong> Bits
)
{
    public long Bytes =>
        Rows.Bytes + Small.Bytes.Length + (long)Scales.Bytes.Length + Fine.Bytes.Length + Bits.Bytes.Length;

    public ReadOnlySpan<short> FineOf(int row) => Fine.Span.Slice(row * Layout.Dimensions, Layout.Dimensions);

    /// <summary>Whether the columns are as long as the rows need.</summary>
    public bool IsSound() =>
        Small.Span.Length == (long)Rows.Count * Layout.Stride
        && Scales.Span.Length == Rows.Count
        && Fine.Span.Length == (long)Rows.Count * Layout.Dimensions
        && Bits.Span.Length == (long)Rows.Count * Layout.Words;
}

/// <inheritdoc cref="SegmentView"/>
internal sealed class VectorView(VectorSegment segment, Bitmap alive, IndexedDocument[] documents)
    : SegmentView(segment.Rows, alive, documents)
{
    public VectorSegment Segment => segment;

    public override long Bytes => segment.Bytes;
}
