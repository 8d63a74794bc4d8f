using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Merging;

/// <summary>The order of clauses under one parent when two orders each have a say in it.</summary>
internal static class SiblingMerge
{
    /// <summary>
    /// One order out of two that share some clauses: between two shared ones what only one order has stays together, the older ids first. A
    /// clause that the two place in different ways stands where <paramref name="first"/> has it, and is told in
    /// <paramref name="disputed"/>.
    /// </summary>
    public static List<Guid> Weave(IReadOnlyList<Guid> first, IReadOnlyList<Guid> second, ICollection<Guid> disputed)
    {
        var places = second.Select((id, index) => (id, index)).ToDictionary(pair => pair.id, pair => pair.index);
        var shared = first.Where(places.ContainsKey).ToList();
        var agreed = StableOrder.Longest(shared.ConvertAll(id => places[id]), shared.ConvertAll(_ => 0));
        var joints = shared.Where((_, i) => agreed[i]).ToList();
        var others = shared.Where((_, i) => !agreed[i]).ToHashSet();
        foreach (var id in others)
        {
            disputed.Add(id);
        }

        var woven = new List<Guid>(first.Count + second.Count);
        var (i, j) = (0, 0);
        foreach (var joint in joints)
        {
            AddRuns(joint);
            woven.Add(joint);
            (i, j) = (i + 1, j + 1);
        }

        AddRuns(null);
        return woven;

        void AddRuns(Guid? until)
        {
            List<Guid> RunOf(IReadOnlyList<Guid> order, ref int at)
            {
                var start = at;
                while (at < order.Count && order[at] != until)
                {
                    at++;
                }

                return [.. order.Skip(start).Take(at - start)];
            }

            var run = RunOf(first, ref i);
            var other = RunOf(second, ref j).FindAll(id => !others.Contains(id));
            var isOlder = other.Count > 0 && run.Count > 0 && other[0].CompareTo(run[0]) < 0;
            woven.AddRange(isOlder ? other : run);
            woven.AddRange(isOlder ? run : other);
        }
    }

    /// <summary>
    /// The most clauses that stand in the same order in all three: what was moved is what is left. Of equally many, those with more words.
    /// </summary>
    public static HashSet<Guid> Stayed(ClauseTree @base, ClauseTree mine, ClauseTree theirs, Guid? parent)
    {
        bool IsHere(ClauseTree tree, Guid id) => tree.TryGet(id, out var placed) && placed.Parent?.Id == parent;
        if (parent is { } above && !@base.Has(above))
        {
            return [];
        }

        var common = @base
            .ChildrenOf(parent)
            .Where(clause => IsHere(mine, clause.Id) && IsHere(theirs, clause.Id))
            .Select(clause => (clause.Id, Mine: mine[clause.Id].Index, Theirs: theirs[clause.Id].Index, clause))
            .ToArray();
        if (IsRising(common, clause => clause.Mine) && IsRising(common, clause => clause.Theirs))
        {
            return [.. common.Select(clause => clause.Id)];
        }

        // Whoever compares either side with the base calls these moved: they are rather left out than one that neither moved.
        var (byMine, byTheirs) = (Siblings.Stayed(@base, mine, parent), Siblings.Stayed(@base, theirs, parent));
        var weights = Array.ConvertAll(
            common,
            clause =>
                Siblings.SizeOf(clause.clause)
                + (byMine.Contains(clause.Id) && byTheirs.Contains(clause.Id) ? 1L << 40 : 0)
        );
        var best = new (int Length, long Weight, int Before)[common.Length];
        var last = -1;
        for (var i = 0; i < common.Length; i++)
        {
            best[i] = (1, weights[i], -1);
            for (var j = 0; j < i; j++)
            {
                var length = best[j].Length + 1;
                if (
                    common[j].Mine < common[i].Mine
                    && common[j].Theirs < common[i].Theirs
                    && (length, best[j].Weight + weights[i]).CompareTo((best[i].Length, best[i].Weight)) > 0
                )
                {
                    best[i] = (length, best[j].Weight + weights[i], j);
                }
            }

            last =
                last < 0 || (best[i].Length, best[i].Weight).CompareTo((best[last].Length, best[last].Weight)) > 0
                    ? i
                    : last;
        }

        var stayed = new HashSet<Guid>();
        for (; last >= 0; last = best[last].Before)
        {
            stayed.Add(common[last].Id);
        }

        return stayed;
    }

    private static bool IsRising<T>(T[] items, Func<T, int> number) =>
        items.Zip(items.Skip(1)).All(pair => number(pair.First) < number(pair.Second));
}
