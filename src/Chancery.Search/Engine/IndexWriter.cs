using Chancery.Search.Engine.Dense;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine;

/// <summary>Makes of one generation and a batch the next generation.</summary>
internal sealed class IndexWriter
{
    private readonly SearchIndexOptions _options;
    private readonly VectorLayout _layout;
    private readonly List<ViewChanges<TextView>> _texts;
    private readonly List<ViewChanges<VectorView>> _vectors;

    private IndexWriter(Generation generation, SearchIndexOptions options, bool dropVectors)
    {
        _options = options;
        _layout = new VectorLayout(options.Dimensions);
        _texts = [.. generation.Texts.Select(Changes)];
        _vectors = dropVectors ? [] : [.. generation.Vectors.Select(Changes)];
    }

    /// <exception cref="OperationCanceledException">Nothing has happened then.</exception>
    public static (Generation Next, AppliedChanges Applied) Apply(
        Generation generation,
        IndexChanges changes,
        SearchIndexOptions options,
        CancellationToken cancellationToken
    )
    {
        var writer = new IndexWriter(generation, options, changes.DropVectors);
        var removed = writer.Remove(changes);
        var passages = LastOfEach(changes.Passages);
        writer.Add(passages, LastOfEach(changes.Passages.Select(passage => passage.Document)), cancellationToken);
        writer.Describe(changes.Documents);
        writer.Place(changes.Places);
        var refused = writer.SetVectors(passages, changes.Vectors);
        var next = new Generation(
            changes.Revision,
            [.. writer._texts.Select(view => view.Finish()).OfType<TextView>()],
            [.. writer._vectors.Select(view => view.Finish()).OfType<VectorView>()]
        );
        return (next, new AppliedChanges(passages.Length, removed, refused));
    }

    private static ViewChanges<TextView> Changes(TextView view) =>
        new(view, static (v, alive, documents, ordinals) => new(v.Segment, alive, documents, ordinals ?? v.Ordinals));

    private static ViewChanges<VectorView> Changes(VectorView view) =>
        new(view, static (v, alive, documents, _) => new(v.Segment, alive, documents));

    private static IndexedPassage[] LastOfEach(IReadOnlyCollection<IndexedPassage> passages)
    {
        var byId = new Dictionary<Guid, IndexedPassage>(passages.Count);
        foreach (var passage in passages)
            byId[passage.Id] = passage;
        IndexedPassage[] last = [.. byId.Values];
        Array.Sort(last, static (a, b) => a.Id.CompareTo(b.Id));
        return last;
    }

    private int Remove(IndexChanges changes)
    {
        var removed = 0;
        foreach (var document in changes.RemovedDocuments)
        {
            removed += _texts.Sum(view => view.RemoveDocument(document));
            _vectors.ForEach(view => view.RemoveDocument(document));
        }

        foreach (var passage in changes.RemovedPassages)
            removed += Remove(passage) ? 1 : 0;
        return removed;
    }

    private bool Remove(Guid passage)
    {
        _vectors.ForEach(view => view.Remove(passage));
        return _texts.Exists(view => view.Remove(passage));
    }

    private static Dictionary<Guid, IndexedDocument> LastOfEach(IEnumerable<IndexedDocument> documents)
    {
        var byId = new Dictionary<Guid, IndexedDocument>();
        foreach (var document in documents)
            byId[document.Id] = document;
        return byId;
    }

    private void Add(
        IndexedPassage[] passages,
        Dictionary<Guid, IndexedDocument> documents,
        CancellationToken cancellationToken
    )
    {
        foreach (var passage in passages)
            Remove(passage.Id);
        Describe(documents.Values);
        foreach (var (segment, part) in TextSegmentBuilder.Build(passages, _options.Weights, cancellationToken))
        {
            _texts.Add(
                Changes(
                    new TextView(
                        segment,
                        Bitmap.All(part.Length),
                        [.. segment.Rows.Documents.Span.ToArray().Select(id => documents[id])]
                    )
                )
            );
        }
    }

    private void Describe(IEnumerable<IndexedDocument> documents)
    {
        foreach (var document in documents)
        {
            _texts.ForEach(view => view.Describe(document));
            _vectors.ForEach(view => view.Describe(document));
        }
    }

    private void Place(IReadOnlyCollection<PassagePlace> places)
    {
        foreach (var (passage, ordinal) in places)
        {
            foreach (var view in _texts)
            {
                if (view.AliveRowOf(passage) is var row and >= 0)
                    view.Place(row, ordinal, view.View.Ordinals);
            }
        }
    }

    /// <summary>How many could not be used.</summary>
    private int SetVectors(IndexedPassage[] passages, IReadOnlyCollection<PassageVector> vectors)
    {
        var refused = 0;
        var wanted = new Dictionary<Guid, ReadOnlyMemory<float>>();
        foreach (
            var (passage, vector) in passages
                .Where(passage => !passage.Vector.IsEmpty)
                .Select(passage => new PassageVector(passage.Id, passage.Vector))
                .Concat(vectors)
        )
        {
            if (_layout.CanUse(vector.Span))
                wanted[passage] = vector;
            else
                refused++;
        }

        var rows = new List<(Guid Passage, Guid Document, ReadOnlyMemory<float> Vector)>(wanted.Count);
        foreach (var (passage, vector) in wanted.OrderBy(pair => pair.Key))
        {
            // A vector for a passage that went meanwhile is too late.
            if (DocumentOf(passage) is not { } document)
                continue;
            _vectors.ForEach(view => view.Remove(passage));
            rows.Add((passage, document.Id, vector));
        }

        foreach (var part in rows.Chunk(_layout.MostRows))
            AddVectors(part);
        return refused;
    }

    private void AddVectors((Guid Passage, Guid Document, ReadOnlyMemory<float> Vector)[] rows)
    {
        var segment = VectorSegmentBuilder.Build(rows, _layout);
        IndexedDocument[] documents = [.. segment.Rows.Documents.Span.ToArray().Select(id => Find(id)!)];
        _vectors.Add(Changes(new VectorView(segment, Bitmap.All(rows.Length), documents)));
    }

    private IndexedDocument? DocumentOf(Guid passage)
    {
        foreach (var view in _texts)
        {
            if (view.AliveRowOf(passage) is var row and >= 0)
                return view.Documents[view.View.Rows.DocumentOf.Span[row]];
        }

        return null;
    }

    private IndexedDocument? Find(Guid document)
    {
        foreach (var view in _texts)
        {
            if (view.View.Rows.PlaceOf(document) is var place and >= 0)
                return view.Documents[place];
        }

        return null;
    }
}
