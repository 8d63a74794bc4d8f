namespace Chancery.Search.Engine.Segments;

/// <summary>What a batch does to one segment's view; copies only what it touches. Used by one writer.</summary>
internal sealed class ViewChanges<TView>(TView view, Func<TView, Bitmap, IndexedDocument[], int[]?, TView> make)
    where TView : SegmentView
{
    private Bitmap? _alive;
    private IndexedDocument[]? _documents;
    private int[]? _ordinals;

    public TView View => view;

    public IndexedDocument[] Documents => _documents ?? view.Documents;

    private Bitmap Alive => _alive ?? view.Alive;

    /// <summary>Negative when it is not alive here, what was removed by this batch included.</summary>
    public int AliveRowOf(Guid id)
    {
        var row = view.Rows.RowOf(id);
        return row >= 0 && Alive[row] ? row : -1;
    }

    /// <summary>Whether it was there.</summary>
    public bool Remove(Guid id)
    {
        var row = AliveRowOf(id);
        if (row < 0)
            return false;
        (_alive ??= view.Alive.Clone()).Clear(row);
        return true;
    }

    /// <summary>How many passages of it were there. Linear in the rows.</summary>
    public int RemoveDocument(Guid document)
    {
        var place = view.Rows.PlaceOf(document);
        if (place < 0)
            return 0;

        var removed = 0;
        var documentOf = view.Rows.DocumentOf.Span;
        for (var row = documentOf.IndexOf(place); row >= 0; )
        {
            if (Alive[row])
            {
                (_alive ??= view.Alive.Clone()).Clear(row);
                removed++;
            }

            var next = documentOf[(row + 1)..].IndexOf(place);
            row = next < 0 ? -1 : row + 1 + next;
        }

        return removed;
    }

    public void Describe(IndexedDocument document)
    {
        var place = view.Rows.PlaceOf(document.Id);
        if (place >= 0)
            (_documents ??= [.. view.Documents])[place] = document;
    }

    public void Place(int row, int ordinal, int[] current) => (_ordinals ??= [.. current])[row] = ordinal;

    /// <summary><see langword="null"/> when nothing in it is alive any more.</summary>
    public TView? Finish()
    {
        var changed =
            _alive is null && _documents is null && _ordinals is null ? view : make(view, Alive, Documents, _ordinals);
        return changed.AliveCount == 0 ? null : changed;
    }
}
