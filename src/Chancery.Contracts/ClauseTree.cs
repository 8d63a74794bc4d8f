namespace Chancery.Contracts;

/// <summary>A contract's clauses by their ids: where each stands, and what stands under it.</summary>
internal sealed class ClauseTree
{
    private readonly Dictionary<Guid, PlacedClause> _placed;

    private ClauseTree(ContractText contract, List<PlacedClause> reading)
    {
        Contract = contract;
        Reading = reading;
        _placed = reading.ToDictionary(placed => placed.Clause.Id);
    }

    public ContractText Contract { get; }

    /// <summary>Every clause in the order of reading.</summary>
    public IReadOnlyList<PlacedClause> Reading { get; }

    /// <exception cref="ArgumentException">The tree is none that a contract may have.</exception>
    public static ClauseTree Of(ContractText contract, string parameter)
    {
        ContractFaults.ThrowIfMisshapen(contract, parameter);
        return new ClauseTree(contract, [.. contract.Walk()]);
    }

    public bool Has(Guid id) => _placed.ContainsKey(id);

    public PlacedClause this[Guid id] => _placed[id];

    public bool TryGet(Guid id, out PlacedClause placed) => _placed.TryGetValue(id, out placed);

    /// <summary>Null at the top.</summary>
    public Guid? ParentOf(Guid id) => _placed[id].Parent?.Id;

    /// <summary>What stands under a clause, or at the top; nothing where there is no such clause.</summary>
    public IReadOnlyList<Clause> ChildrenOf(Guid? parent) =>
        parent is not { } id ? Contract.Clauses
        : _placed.TryGetValue(id, out var placed) ? placed.Clause.Children
        : [];
}
