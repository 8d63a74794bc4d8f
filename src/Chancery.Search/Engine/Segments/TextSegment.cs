using System.Collections.Concurrent;
using Chancery.Search.Engine.Lexical;

namespace Chancery.Search.Engine.Segments;

/// <summary>The words of a set of passages. Immutable.</summary>
/// <param name="Lengths">Of each row: the tokens of title, heading and body.</param>
/// <param name="Ordinals">Of each row, as it was put in.</param>
internal sealed record TextSegment(RowTable Rows, Section<int> Lengths, Section<int> Ordinals, Postings Postings)
{
    public long Bytes => Rows.Bytes + Lengths.Bytes.Length + Ordinals.Bytes.Length + Postings.Bytes;
}

/// <inheritdoc cref="SegmentView"/>
internal sealed class TextView : SegmentView
{
    private readonly ConcurrentDictionary<int, int>? _frequencies;

    /// <param name="ordinals">Those of the segment when <see langword="null"/>.</param>
    public TextView(TextSegment segment, Bitmap alive, IndexedDocument[] documents, int[]? ordinals = null)
        : base(segment.Rows, alive, documents)
    {
        Segment = segment;
        Ordinals = ordinals ?? segment.Ordinals.Span.ToArray();
        var lengths = segment.Lengths.Span;
        for (var row = alive.Next(0); row < alive.Length; row = alive.Next(row + 1))
            AliveLength += lengths[row];
        _frequencies = IsAllAlive ? null : new();
    }

    public TextSegment Segment { get; }

    public int[] Ordinals { get; }

    /// <summary>Tokens of the living rows.</summary>
    public long AliveLength { get; }

    public override long Bytes => Segment.Bytes;

    /// <summary>Living rows that hold the term. Exact; counted once where rows were removed.</summary>
    public int FrequencyOf(int term)
    {
        if (_frequencies is null)
            return Segment.Postings.Terms.Entries.Span[term].DocumentFrequency;
        return _frequencies.GetOrAdd(term, static (term, view) => view.Count(term), this);
    }

    private int Count(int term)
    {
        var count = 0;
        var cursor = PostingsCursor.Rent(Segment.Postings, term);
        for (; !cursor.AtEnd; cursor.MoveNext())
            count += Alive[cursor.Row] ? 1 : 0;
        PostingsCursor.Return(cursor);
        return count;
    }
}
