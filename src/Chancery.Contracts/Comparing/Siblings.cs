namespace Chancery.Contracts.Comparing;

/// <summary>What moved and what stayed under one clause of two trees.</summary>
internal static class Siblings
{
    /// <summary>
    /// The clauses that stand under the same clause in both and in the same order: as many as can be, so that as few as possible are
    /// called moved; of equally many, those with more words below them.
    /// </summary>
    public static HashSet<Guid> Stayed(ClauseTree from, ClauseTree to, Guid? parent)
    {
        var common = Common(from, to, parent);
        var indexes = common.ConvertAll(earlier => earlier.Index);
        var isSorted = indexes.Zip(indexes.Skip(1)).All(pair => pair.First < pair.Second);
        if (isSorted)
        {
            return [.. common.Select(earlier => earlier.Clause.Id)];
        }

        var stayed = StableOrder.Longest(indexes, common.ConvertAll(earlier => SizeOf(earlier.Clause)));
        return [.. common.Where((_, i) => stayed[i]).Select(earlier => earlier.Clause.Id)];
    }

    /// <summary>Those of which it can be said that not they moved but others around them, with as few moved as possible.</summary>
    public static HashSet<Guid> MayHaveStayed(ClauseTree from, ClauseTree to, Guid? parent)
    {
        var common = Common(from, to, parent);
        var may = StableOrder.InAnyLongest(common.ConvertAll(earlier => earlier.Index));
        return [.. common.Where((_, i) => may[i]).Select(earlier => earlier.Clause.Id)];
    }

    public static int SizeOf(Clause clause) =>
        1 + clause.Heading.Length + clause.Text.Length + clause.Children.Sum(SizeOf);

    /// <summary>What stands under the same clause in both, as it stood, in the later order.</summary>
    private static List<PlacedClause> Common(ClauseTree from, ClauseTree to, Guid? parent) =>
        parent is { } id && !from.Has(id)
            ? []
            :
            [
                .. to.ChildrenOf(parent)
                    .Where(clause => from.TryGet(clause.Id, out var earlier) && earlier.Parent?.Id == parent)
                    .Select(clause => from[clause.Id]),
            ];
}
