namespace Chancery.Search.Engine.Segments;

/// <summary>Which passage stands in which row of a segment, and whose it is. Rows are sorted by passage id.</summary>
internal sealed class RowTable
{
    private readonly Lazy<(int[] Starts, int[] Rows)> _byDocument;

    public RowTable(Section<Guid> ids, Section<int> documentOf, Section<Guid> documents)
    {
        Ids = ids;
        DocumentOf = documentOf;
        Documents = documents;
        Count = ids.Span.Length;
        _byDocument = new(GroupByDocument);
    }

    public Section<Guid> Ids { get; }

    /// <summary>For each row the place of its document in <see cref="Documents"/>.</summary>
    public Section<int> DocumentOf { get; }

    /// <summary>Sorted.</summary>
    public Section<Guid> Documents { get; }

    public int Count { get; }

    public long Bytes =>
        Ids.Bytes.Length
        + (long)DocumentOf.Bytes.Length
        + Documents.Bytes.Length
        + (_byDocument.IsValueCreated ? sizeof(int) * (Count + Documents.Span.Length + 1L) : 0);

    public static RowTable Of(ReadOnlySpan<Guid> sortedIds, ReadOnlySpan<Guid> documentOfRow)
    {
        Guid[] documents = [.. documentOfRow.ToArray().Distinct().Order()];
        var places = new Dictionary<Guid, int>(documents.Length);
        for (var i = 0; i < documents.Length; i++)
            places.Add(documents[i], i);

        var documentOf = new int[sortedIds.Length];
        for (var row = 0; row < documentOf.Length; row++)
            documentOf[row] = places[documentOfRow[row]];
        return new RowTable(Section<Guid>.Of(sortedIds), Section<int>.Of(documentOf), Section<Guid>.Of(documents));
    }

    /// <summary>Negative when it is not there. Logarithmic.</summary>
    public int RowOf(Guid id) => Ids.Span.BinarySearch(id);

    /// <summary>Negative when no row is of it.</summary>
    public int PlaceOf(Guid document) => Documents.Span.BinarySearch(document);

    /// <summary>The rows of a document, by its place. The first call of all groups them, in linear time.</summary>
    public ReadOnlySpan<int> RowsOf(int document)
    {
        var (starts, rows) = _byDocument.Value;
        return rows.AsSpan(starts[document]..starts[document + 1]);
    }

    /// <summary>Whether all that is read without a look at bounds lies within them; for what comes from a file.</summary>
    public bool IsSound()
    {
        if (DocumentOf.Span.Length != Count)
            return false;
        var documents = Documents.Span.Length;
        foreach (var place in DocumentOf.Span)
        {
            if ((uint)place >= (uint)documents)
                return false;
        }

        return true;
    }

    private (int[] Starts, int[] Rows) GroupByDocument()
    {
        var documentOf = DocumentOf.Span;
        var starts = new int[Documents.Span.Length + 1];
        foreach (var document in documentOf)
            starts[document + 1]++;
        for (var i = 1; i < starts.Length; i++)
            starts[i] += starts[i - 1];

        var next = starts.AsSpan(..^1).ToArray();
        var rows = new int[documentOf.Length];
        for (var row = 0; row < rows.Length; row++)
            rows[next[documentOf[row]]++] = row;
        return (starts, rows);
    }
}
