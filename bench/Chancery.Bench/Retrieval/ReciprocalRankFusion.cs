namespace Chancery.Bench.Retrieval;

/// <summary>One item of a fused ranking.</summary>
/// <param name="Score">The sum over the lists of weight / (k + rank).</param>
/// <param name="Ranks">For each list, in their order: the rank from 1, or <see langword="null"/> where it is absent.</param>
public sealed record FusedItem<T>(T Item, double Score, IReadOnlyList<int?> Ranks);

/// <summary>Joins rankings whose scores cannot be compared, by rank alone.</summary>
public static class ReciprocalRankFusion
{
    /// <summary>Best first; equal scores keep the order in which items first appear, list by list.</summary>
    /// <param name="lists">Each best first. An item that a list repeats counts at its best rank.</param>
    /// <param name="k">Dampens the top ranks: the larger, the less a single first place counts.</param>
    /// <param name="weights">One for each list; all 1 when <see langword="null"/>.</param>
    public static IReadOnlyList<FusedItem<T>> Fuse<T>(
        IReadOnlyList<IReadOnlyList<T>> lists,
        int k = 60,
        IReadOnlyList<double>? weights = null
    )
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(lists);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (weights is not null && weights.Count != lists.Count)
            throw new ArgumentException("Give one weight for each list.", nameof(weights));

        var ranks = new Dictionary<T, int?[]>();
        var order = new List<T>();
        for (var list = 0; list < lists.Count; list++)
        {
            for (var place = 0; place < lists[list].Count; place++)
            {
                var item = lists[list][place];
                if (!ranks.TryGetValue(item, out var row))
                {
                    ranks.Add(item, row = new int?[lists.Count]);
                    order.Add(item);
                }

                row[list] ??= place + 1;
            }
        }

        return
        [
            .. order
                .Select(item => new FusedItem<T>(item, Score(ranks[item]), ranks[item]))
                .OrderByDescending(item => item.Score),
        ];

        double Score(int?[] row)
        {
            var score = 0d;
            for (var list = 0; list < row.Length; list++)
                score += row[list] is { } rank ? (weights?[list] ?? 1) / (k + rank) : 0;
            return score;
        }
    }
}
