namespace Chancery.Search.Engine.Segments;

/// <summary>Where each row of a merged segment comes from, and each living row of its sources goes to.</summary>
internal sealed class RowOrigins
{
    private RowOrigins(int[] source, int[] row, int[][] targets)
    {
        Source = source;
        Row = row;
        Targets = targets;
    }

    public int Count => Row.Length;

    /// <summary>For each merged row the place of its source.</summary>
    public int[] Source { get; }

    /// <summary>For each merged row its row there.</summary>
    public int[] Row { get; }

    /// <summary>For each source and row the merged row; -1 where the row is not alive.</summary>
    public int[][] Targets { get; }

    /// <summary>Merges by id what is alive; an id is alive in one source at most.</summary>
    public static RowOrigins Of(IReadOnlyList<SegmentView> sources)
    {
        var count = sources.Sum(source => source.AliveCount);
        var merged = new RowOrigins(
            new int[count],
            new int[count],
            [.. sources.Select(source => new int[source.Rows.Count])]
        );
        foreach (var targets in merged.Targets)
            targets.AsSpan().Fill(-1);

        var heads = new PriorityQueue<(int Source, int Row), Guid>(sources.Count);
        for (var i = 0; i < sources.Count; i++)
            Enqueue(i, 0);
        for (var target = 0; heads.TryDequeue(out var head, out _); target++)
        {
            (merged.Source[target], merged.Row[target]) = head;
            merged.Targets[head.Source][head.Row] = target;
            Enqueue(head.Source, head.Row + 1);
        }

        return merged;

        void Enqueue(int source, int from)
        {
            var view = sources[source];
            var row = view.Alive.Next(from);
            if (row < view.Rows.Count)
                heads.Enqueue((source, row), view.Rows.Ids.Span[row]);
        }
    }

    public RowTable Table(IReadOnlyList<SegmentView> sources)
    {
        var ids = new Guid[Count];
        var documents = new Guid[Count];
        for (var i = 0; i < Count; i++)
        {
            var rows = sources[Source[i]].Rows;
            ids[i] = rows.Ids.Span[Row[i]];
            documents[i] = rows.Documents.Span[rows.DocumentOf.Span[Row[i]]];
        }

        return RowTable.Of(ids, documents);
    }
}
