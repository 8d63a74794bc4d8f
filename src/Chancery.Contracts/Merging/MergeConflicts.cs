namespace Chancery.Contracts.Merging;

/// <summary>What was found to be disputed, each matter once.</summary>
internal sealed class MergeConflicts
{
    private readonly Dictionary<(MergeConflictKind, Guid?, ContractField?), MergeConflict> _conflicts = [];

    public bool IsEmpty => _conflicts.Count == 0;

    public void Add(MergeConflict conflict) =>
        _conflicts.TryAdd((conflict.Kind, conflict.Clause, conflict.Field), conflict);

    /// <summary>The head's first, then as the clauses are read.</summary>
    public IReadOnlyList<MergeConflict> InOrderOf(ContractText merged)
    {
        var places = merged.Walk().Select((placed, index) => (placed.Clause.Id, index)).ToDictionary();
        return
        [
            .. _conflicts
                .Values.OrderBy(conflict => conflict.Clause is { } id ? places.GetValueOrDefault(id) : -1)
                .ThenBy(conflict => conflict.Field)
                .ThenBy(conflict => conflict.Kind),
        ];
    }
}
