namespace Chancery.Contracts.Merging;

/// <summary>A tree that is put together out of clauses whose parents are chosen one by one.</summary>
internal sealed class ClauseAssembly
{
    private readonly Dictionary<Guid, Guid?> _parents = [];

    /// <summary>Every clause that is there.</summary>
    public IReadOnlyCollection<Guid> Clauses => _parents.Keys;

    public bool Has(Guid clause) => _parents.ContainsKey(clause);

    public Guid? ParentOf(Guid clause) => _parents[clause];

    public void Put(Guid clause, Guid? parent) => _parents[clause] = parent;

    /// <summary>The clauses of one ring of parents; none where every clause has a way to the top.</summary>
    public IReadOnlyList<Guid> FindRing()
    {
        var isClear = new HashSet<Guid>();
        foreach (var start in _parents.Keys)
        {
            var path = new List<Guid>();
            var onPath = new HashSet<Guid>();
            for (Guid? at = start; at is { } id && !isClear.Contains(id) && Has(id); at = _parents[id])
            {
                if (!onPath.Add(id))
                {
                    return path.GetRange(path.IndexOf(id), path.Count - path.IndexOf(id));
                }

                path.Add(id);
            }

            isClear.UnionWith(path);
        }

        return [];
    }

    /// <param name="order">The order of those that stand under one parent, from the parent and the set of them.</param>
    /// <param name="words">A clause's words; what stands under it does not matter.</param>
    public IReadOnlyList<Clause> Build(
        Func<Guid?, IReadOnlySet<Guid>, IReadOnlyList<Guid>> order,
        Func<Guid, Clause> words
    )
    {
        var below = _parents.ToLookup(pair => pair.Value, pair => pair.Key);
        return Level(null);

        IReadOnlyList<Clause> Level(Guid? parent) =>
            [.. order(parent, below[parent].ToHashSet()).Select(id => words(id) with { Children = Level(id) })];
    }
}
