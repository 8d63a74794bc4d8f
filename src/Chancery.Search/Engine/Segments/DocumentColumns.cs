using System.Runtime.CompilerServices;

namespace Chancery.Search.Engine.Segments;

/// <summary>
/// The attributes of a view's documents turned round: for each tag, collection and reader the documents that have it. Made by
/// the first filter that asks and kept for as long as the attributes stay as they are; as large as they are. Immutable.
/// </summary>
internal sealed class DocumentColumns
{
    private static readonly ConditionalWeakTable<IndexedDocument[], DocumentColumns> Made = [];

    private readonly Guid[] _ids;
    private readonly DateTimeOffset[] _dates;
    private readonly Dictionary<Guid, List<int>> _collections = [];
    private readonly Dictionary<string, List<int>> _tags = [];
    private readonly Dictionary<Guid, List<int>> _readers = [];
    private readonly List<int> _forEverybody = [];

    private DocumentColumns(IndexedDocument[] documents)
    {
        _ids = Array.ConvertAll(documents, document => document.Id);
        _dates = Array.ConvertAll(documents, document => document.Date);
        for (var i = 0; i < documents.Length; i++)
        {
            Add(_collections, documents[i].CollectionId, i);
            foreach (var tag in documents[i].Tags)
                Add(_tags, tag, i);
            if (documents[i].Readers is not { } readers)
                _forEverybody.Add(i);
            else
            {
                foreach (var reader in readers)
                    Add(_readers, reader, i);
            }
        }
    }

    /// <param name="documents">Sorted by id; never changed.</param>
    public static DocumentColumns Of(IndexedDocument[] documents) =>
        Made.GetValue(documents, static documents => new DocumentColumns(documents));

    /// <summary>The documents that pass.</summary>
    public Bitmap Passing(SearchFilter filter)
    {
        var passing = Bitmap.All(_ids.Length);
        if (filter.Documents is { } documents)
            passing.And(Places(documents));
        if (filter.Collections is { } collections)
            passing.And(WithAny(_collections, collections, []));
        if (filter.Tags is { } tags)
            passing.And(WithAny(_tags, tags, []));
        if (filter.Readers is { } readers)
            passing.And(WithAny(_readers, readers, _forEverybody));
        if (filter.From is not null || filter.To is not null)
        {
            for (var i = 0; i < _dates.Length; i++)
            {
                if (_dates[i] < filter.From || _dates[i] >= filter.To)
                    passing.Clear(i);
            }
        }

        return passing;
    }

    private Bitmap Places(IReadOnlyCollection<Guid> documents)
    {
        var places = Bitmap.None(_ids.Length);
        foreach (var document in documents)
        {
            if (Array.BinarySearch(_ids, document) is var place and >= 0)
                places.Set(place);
        }

        return places;
    }

    private Bitmap WithAny<T>(Dictionary<T, List<int>> column, IReadOnlyCollection<T> values, List<int> also)
        where T : notnull
    {
        var places = Bitmap.None(_ids.Length);
        also.ForEach(places.Set);
        foreach (var value in values)
        {
            if (value is not null && column.TryGetValue(value, out var having))
                having.ForEach(places.Set);
        }

        return places;
    }

    private static void Add<T>(Dictionary<T, List<int>> column, T value, int document)
        where T : notnull
    {
        if (!column.TryGetValue(value, out var documents))
            column.Add(value, documents = []);
        documents.Add(document);
    }
}
