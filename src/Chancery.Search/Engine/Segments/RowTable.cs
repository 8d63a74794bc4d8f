namespace Chancery.Search.Engine.Segments;

/// <summary>Which passage stands in which row of a segment, and whose it is. Rows are sorted by passage id.</summary>
internal sealed class RowTable(Section<Guid> ids, Section<int> documentOf, Section<Guid> documents)
{
    public Section<Guid> Ids { get; } = ids;

    /// <summary>For each row the place of its document in <see cref="Documents"/>.</summary>
    public Section<int> DocumentOf { get; } = documentOf;

    /// <summary>Sorted.</summary>
    public Section<Guid> Documents { get; } = documents;

    public int Count { get; } = ids.Span.Length;

    public long Bytes => Ids.Bytes.Length + (long)DocumentOf.Bytes.Length + Documents.Bytes.Length;

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
}
