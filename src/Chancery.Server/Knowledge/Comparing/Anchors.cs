namespace Chancery.Server.Knowledge.Comparing;

/// <summary>What stands once on each side: the longest chain of such places that is in the same order on both.</summary>
internal static class Anchors
{
    public static List<(int Old, int Now)> Of(ReadOnlySpan<int> old, ReadOnlySpan<int> now)
    {
        var oldPlaces = Once(old);
        var nowPlaces = Once(now);
        var candidates = new List<(int Old, int Now)>();
        for (var i = 0; i < old.Length; i++)
        {
            if (oldPlaces[old[i]] == i && nowPlaces.TryGetValue(old[i], out var place) && place >= 0)
            {
                candidates.Add((i, place));
            }
        }

        return LongestRising(candidates);
    }

    /// <summary>Where each item stands; -1 when it stands more than once.</summary>
    private static Dictionary<int, int> Once(ReadOnlySpan<int> items)
    {
        var places = new Dictionary<int, int>(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            places[items[i]] = places.ContainsKey(items[i]) ? -1 : i;
        }

        return places;
    }

    private static List<(int Old, int Now)> LongestRising(List<(int Old, int Now)> candidates)
    {
        // ends[n]: the candidate with the smallest place that ends a chain of n + 1.
        var ends = new List<int>();
        var before = new int[candidates.Count];
        for (var i = 0; i < candidates.Count; i++)
        {
            var (low, high) = (0, ends.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = candidates[ends[middle]].Now < candidates[i].Now ? (middle + 1, high) : (low, middle);
            }

            before[i] = low > 0 ? ends[low - 1] : -1;
            if (low == ends.Count)
            {
                ends.Add(i);
            }
            else
            {
                ends[low] = i;
            }
        }

        var chain = new List<(int Old, int Now)>();
        for (var i = ends.Count > 0 ? ends[^1] : -1; i >= 0; i = before[i])
        {
            chain.Add(candidates[i]);
        }

        chain.Reverse();
        return chain;
    }
}
