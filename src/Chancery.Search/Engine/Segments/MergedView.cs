namespace Chancery.Search.Engine.Segments;

/// <summary>What became, while segments were merged, of the rows that were merged.</summary>
internal static class MergedView
{
    /// <summary>The rows that are still alive.</summary>
    /// <param name="sources">The views that were merged.</param>
    /// <param name="now">The same segments as they are now; <see langword="null"/> for one in which nothing is alive any more.</param>
    public static Bitmap Alive<TView>(IReadOnlyList<TView> sources, IReadOnlyList<TView?> now, RowOrigins origins)
        where TView : SegmentView
    {
        var alive = Bitmap.All(origins.Count);
        for (var i = 0; i < sources.Count; i++)
        {
            if (ReferenceEquals(sources[i], now[i]))
                continue;
            for (var row = 0; row < origins.Targets[i].Length; row++)
            {
                if (origins.Targets[i][row] is var target and >= 0 && now[i]?.Alive[row] is not true)
                    alive.Clear(target);
            }
        }

        return alive;
    }

    public static IndexedDocument[] Documents<TView>(
        RowTable rows,
        IReadOnlyList<TView> sources,
        IReadOnlyList<TView?> now
    )
        where TView : SegmentView
    {
        var documents = new IndexedDocument[rows.Documents.Span.Length];
        for (var i = 0; i < sources.Count; i++)
        {
            var source = now[i] ?? sources[i];
            var ids = source.Rows.Documents.Span;
            for (var place = 0; place < ids.Length; place++)
            {
                // A segment in which nothing is alive is not told of changes: what others say counts.
                if (
                    rows.PlaceOf(ids[place]) is var target and >= 0
                    && (now[i] is not null || documents[target] is null)
                )
                    documents[target] = source.Documents[place];
            }
        }

        return documents;
    }

    public static int[] Ordinals(IReadOnlyList<TextView?> now, IReadOnlyList<TextView> sources, RowOrigins origins)
    {
        var ordinals = new int[origins.Count];
        for (var i = 0; i < ordinals.Length; i++)
        {
            var source = origins.Source[i];
            ordinals[i] = (now[source] ?? sources[source]).Ordinals[origins.Row[i]];
        }

        return ordinals;
    }
}
