namespace Chancery.Contracts.Tests;

/// <summary>A tree as plain lists, changed without any of the library's own means.</summary>
internal sealed class LooseTree
{
    private readonly Dictionary<Guid, Clause> _words = [];
    private readonly Dictionary<Guid, Guid> _parents = [];
    private readonly Dictionary<Guid, List<Guid>> _below = new() { [Guid.Empty] = [] };

    public LooseTree() { }

    public LooseTree(IReadOnlyList<Clause> clauses)
    {
        foreach (var placed in new ContractText { Title = "", Clauses = clauses }.Walk())
        {
            Put(placed.Clause, placed.Parent?.Id ?? Guid.Empty, int.MaxValue);
        }
    }

    /// <summary>In the order in which they came.</summary>
    public List<Guid> Ids { get; } = [];

    public bool IsLeaf(Guid id) => _below[id].Count == 0;

    /// <param name="under">An index of <see cref="Ids"/>; -1: the top.</param>
    public void Add(Guid id, int under, int at, string heading, string text, bool isNumbered)
    {
        var parent = under < 0 ? Guid.Empty : Ids[under];
        if (!_words.ContainsKey(id))
        {
            var clause = new Clause(id)
            {
                Heading = heading,
                Text = text,
                IsNumbered = isNumbered,
            };
            Put(clause, DepthOf(parent) < 7 ? parent : Guid.Empty, at);
        }
    }

    public void Edit(Guid id, Func<Clause, Clause> edit) => _words[id] = edit(_words[id]);

    public void Delete(Guid id, bool keepChildren)
    {
        foreach (var child in _below[id].ToList())
        {
            if (keepChildren)
            {
                Place(child, _parents[id], int.MaxValue);
            }
            else
            {
                Delete(child, false);
            }
        }

        _below[_parents[id]].Remove(id);
        _below.Remove(id);
        _parents.Remove(id);
        _words.Remove(id);
        Ids.Remove(id);
    }

    /// <param name="under">An index of <see cref="Ids"/>; -1: the top; null: where it stands, at another place.</param>
    public void Move(Guid id, int? under, int at)
    {
        var parent =
            under is not { } index ? _parents[id]
            : index < 0 ? Guid.Empty
            : Ids[index];
        for (var above = parent; above != Guid.Empty; above = _parents[above])
        {
            if (above == id)
            {
                return;
            }
        }

        if (DepthOf(parent) + HeightOf(id) < 10)
        {
            Place(id, parent, at);
        }
    }

    public IReadOnlyList<Clause> Close() => Close(Guid.Empty);

    private IReadOnlyList<Clause> Close(Guid parent) =>
        [.. _below[parent].Select(id => _words[id] with { Children = Close(id) })];

    private void Put(Clause clause, Guid parent, int at)
    {
        _words.Add(clause.Id, clause);
        _below.Add(clause.Id, []);
        Ids.Add(clause.Id);
        Place(clause.Id, parent, at);
    }

    private void Place(Guid id, Guid parent, int at)
    {
        if (_parents.TryGetValue(id, out var former))
        {
            _below[former].Remove(id);
        }

        _parents[id] = parent;
        _below[parent].Insert(Math.Min(at, _below[parent].Count), id);
    }

    private int DepthOf(Guid id) => id == Guid.Empty ? 0 : 1 + DepthOf(_parents[id]);

    private int HeightOf(Guid id) => 1 + _below[id].Select(HeightOf).DefaultIfEmpty(0).Max();
}
