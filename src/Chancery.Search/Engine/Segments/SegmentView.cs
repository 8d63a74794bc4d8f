using System.Numerics;

namespace Chancery.Search.Engine.Segments;

/// <summary>
/// A segment as one generation sees it: which rows are alive, what their documents are like, where they stand. Never
/// changed once a generation holds it.
/// </summary>
internal abstract class SegmentView(RowTable rows, Bitmap alive, IndexedDocument[] documents)
{
    // Where no more than one document of so many passes, going through their rows is faster than through all.
    private const int FewDocuments = 4;

    public RowTable Rows { get; } = rows;

    public Bitmap Alive { get; } = alive;

    /// <summary>In the order of <see cref="RowTable.Documents"/>.</summary>
    public IndexedDocument[] Documents { get; } = documents;

    public int AliveCount { get; } = alive.Count();

    public bool IsAllAlive => AliveCount == Rows.Count;

    /// <summary>In memory, or mapped.</summary>
    public abstract long Bytes { get; }

    /// <summary>Negative when the passage is not alive here.</summary>
    public int AliveRowOf(Guid id)
    {
        var row = Rows.RowOf(id);
        return row >= 0 && Alive[row] ? row : -1;
    }

    /// <summary>The living rows of documents that pass; all living rows without a filter. To be changed freely.</summary>
    public Bitmap Allowed(SearchFilter? filter)
    {
        if (filter is null || filter.IsEmpty)
            return Alive.Clone();

        var passing = DocumentColumns.Of(Documents).Passing(filter);
        var allowed = Bitmap.None(Rows.Count);
        if (passing.Count() <= passing.Length / FewDocuments)
        {
            for (var document = passing.Next(0); document < passing.Length; document = passing.Next(document + 1))
            {
                foreach (var row in Rows.RowsOf(document))
                    allowed.Set(row);
            }

            allowed.And(Alive);
            return allowed;
        }

        var documentOf = Rows.DocumentOf.Span;
        for (var i = 0; i < allowed.Words.Length; i++)
        {
            var left = Alive.Words[i];
            var bits = 0UL;
            while (left != 0)
            {
                var bit = BitOperations.TrailingZeroCount(left);
                left &= left - 1;
                var document = documentOf[(i << 6) + bit];
                bits |= (passing.Words[document >> 6] >> (document & 63) & 1) << bit;
            }

            allowed.Words[i] = bits;
        }

        return allowed;
    }
}
