using System.Diagnostics.CodeAnalysis;

namespace Chancery.Contracts.Editing;

/// <summary>A tree of clauses that is being changed. Not safe for concurrent use.</summary>
internal sealed class ClauseDraft
{
    private readonly Dictionary<Guid, Node> _nodes = [];
    private readonly Node _top = new(null);

    public ClauseDraft(ContractText contract) => Fill(_top, contract.Clauses);

    public int Count => _nodes.Count;

    public bool Has(Guid clause) => _nodes.ContainsKey(clause);

    public bool TryGet(Guid clause, [NotNullWhen(true)] out Clause? found)
    {
        found = _nodes.GetValueOrDefault(clause)?.Clause;
        return found is not null;
    }

    /// <summary>Its words and its number; what stands under it stays.</summary>
    public void Set(Clause clause) => _nodes[clause.Id].Clause = clause;

    /// <summary>How many levels a place is below the top; 0 is the top.</summary>
    public int DepthAt(ClausePosition place, Guid? near) =>
        near is not { } id ? 0 : DepthOf(id) + (place == ClausePosition.Under ? 1 : 0);

    /// <summary>How many levels a clause takes with all that stands under it: 1 for one alone.</summary>
    public int HeightOf(Guid clause) => HeightOf(_nodes[clause]);

    /// <summary>Whether it is the clause itself or stands somewhere under it.</summary>
    public bool IsWithin(Guid clause, Guid other)
    {
        for (var node = _nodes[clause]; node is not null; node = node.Parent)
        {
            if (node.Clause?.Id == other)
            {
                return true;
            }
        }

        return false;
    }

    public void Insert(Clause clause, ClausePosition place, Guid? near)
    {
        var node = new Node(clause);
        _nodes.Add(clause.Id, node);
        Fill(node, clause.Children);
        Put(node, place, near);
    }

    public void Move(Guid clause, ClausePosition place, Guid? near)
    {
        var node = _nodes[clause];
        node.Parent!.Children.Remove(node);
        Put(node, place, near);
    }

    /// <summary>The ids that are gone: its own first.</summary>
    public IReadOnlyList<Guid> Delete(Guid clause)
    {
        var node = _nodes[clause];
        node.Parent!.Children.Remove(node);
        var gone = new List<Guid>();
        Forget(node, gone);
        return gone;
    }

    public IReadOnlyList<Clause> Close() => Close(_top);

    private static IReadOnlyList<Clause> Close(Node node) =>
        [.. node.Children.Select(child => child.Clause! with { Children = Close(child) })];

    private static int HeightOf(Node node) => 1 + node.Children.Select(HeightOf).DefaultIfEmpty(0).Max();

    private int DepthOf(Guid clause)
    {
        var depth = 0;
        for (var node = _nodes[clause]; node.Parent!.Clause is not null; node = node.Parent)
        {
            depth++;
        }

        return depth;
    }

    private void Put(Node node, ClausePosition place, Guid? near)
    {
        var beside = near is { } id ? _nodes[id] : _top;
        node.Parent = place == ClausePosition.Under ? beside : beside.Parent!;
        var siblings = node.Parent.Children;
        siblings.Insert(
            place switch
            {
                ClausePosition.Under => siblings.Count,
                ClausePosition.Before => siblings.IndexOf(beside),
                _ => siblings.IndexOf(beside) + 1,
            },
            node
        );
    }

    private void Fill(Node parent, IReadOnlyList<Clause> clauses)
    {
        foreach (var clause in clauses)
        {
            var node = new Node(clause) { Parent = parent };
            _nodes.Add(clause.Id, node);
            parent.Children.Add(node);
            Fill(node, clause.Children);
        }
    }

    private void Forget(Node node, List<Guid> gone)
    {
        gone.Add(node.Clause!.Id);
        _nodes.Remove(node.Clause.Id);
        foreach (var child in node.Children)
        {
            Forget(child, gone);
        }
    }

    /// <param name="clause">Null for what the top clauses stand under.</param>
    private sealed class Node(Clause? clause)
    {
        public Clause? Clause { get; set; } = clause;

        public Node? Parent { get; set; }

        public List<Node> Children { get; } = [];
    }
}
