namespace Chancery.Search.Engine.Segments;

/// <summary>Which segments to join: sizes are kept apart by a factor, so that there are a logarithmic number of them.</summary>
internal static class MergePolicy
{
    private const int Factor = 3;

    /// <summary>A segment is written anew once so large a part of it is dead.</summary>
    private const double MostDead = 0.25;

    /// <summary>What to join into one; empty when all is well.</summary>
    /// <param name="everything">Join all, and rid all of dead rows.</param>
    /// <param name="canJoin">Whether so many of the smallest views fit in one segment.</param>
    public static IReadOnlyList<TView> Choose<TView>(
        IReadOnlyList<TView> views,
        bool everything,
        Func<IEnumerable<TView>, bool> canJoin
    )
        where TView : SegmentView
    {
        TView[] bySize = [.. views.OrderBy(view => view.AliveCount)];
        if (everything && (bySize.Length > 1 || bySize.Any(view => !view.IsAllAlive)) && canJoin(bySize))
            return bySize;

        var take = 0;
        long smaller = 0;
        for (var i = 0; i < bySize.Length; i++)
        {
            if (i > 0 && bySize[i].AliveCount <= Factor * smaller && canJoin(bySize.Take(i + 1)))
                take = i + 1;
            smaller += bySize[i].AliveCount;
        }

        if (take > 0)
            return bySize[..take];
        return Array.Find(bySize, view => view.Rows.Count - view.AliveCount > MostDead * view.Rows.Count) is { } dying
            ? [dying]
            : [];
    }
}
