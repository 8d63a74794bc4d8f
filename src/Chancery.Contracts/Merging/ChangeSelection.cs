using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Merging;

/// <summary>Takes some of a proposal's changes and leaves the others.</summary>
public static class ChangeSelection
{
    /// <summary>
    /// The text with the chosen clauses as the proposal has them: inserted, deleted, moved, changed. All others stay as they are. Two things
    /// are brought along: with an inserted clause those inserted ones that it stands under, and with a move the moves without which it
    /// would stand under itself. A deletion waits as long as something stands under the clause that was not chosen.
    /// </summary>
    /// <param name="clauses">Ids out of the proposal's diff; others mean nothing.</param>
    /// <param name="head">Whether title, parties and what else stands at the head are the proposal's.</param>
    /// <returns>A tree without faults but for its depth: <see cref="ContractText.FindFaults"/>.</returns>
    /// <exception cref="ArgumentException">One of the texts is no tree that a contract may have.</exception>
    public static ContractText Take(ContractText from, ContractText proposed, IReadOnlySet<Guid> clauses, bool head) =>
        new Selection(from, proposed, clauses).Take(head);

    private sealed class Selection(ContractText from, ContractText proposed, IReadOnlySet<Guid> chosen)
    {
        private readonly ClauseTree _from = ClauseTree.Of(from, nameof(from));
        private readonly ClauseTree _proposed = ClauseTree.Of(proposed, nameof(proposed));
        private readonly ClauseAssembly _assembly = new();

        /// <summary>Chosen, or brought along: they stand where the proposal has them.</summary>
        private readonly HashSet<Guid> _placed = [.. chosen];

        public ContractText Take(bool head)
        {
            foreach (var (clause, parent, _, _) in _from.Reading)
            {
                var goes = chosen.Contains(clause.Id);
                if (!goes || _proposed.Has(clause.Id))
                {
                    _assembly.Put(clause.Id, goes ? _proposed.ParentOf(clause.Id) : parent?.Id);
                }
            }

            foreach (var (clause, parent, _, _) in _proposed.Reading)
            {
                if (!_from.Has(clause.Id) && chosen.Contains(clause.Id))
                {
                    _assembly.Put(clause.Id, parent?.Id);
                }
            }

            BringParents();
            while (_assembly.FindRing() is { Count: > 0 } ring)
            {
                foreach (var id in ring.Where(_proposed.Has))
                {
                    _placed.Add(id);
                    _assembly.Put(id, _proposed.ParentOf(id));
                }

                BringParents();
            }

            return ContractHead.Of(head ? proposed : from).Over(_assembly.Build(Order, WordsOf));
        }

        private void BringParents()
        {
            var open = new Queue<Guid>(_assembly.Clauses);
            while (open.TryDequeue(out var clause))
            {
                if (_assembly.ParentOf(clause) is { } parent && !_assembly.Has(parent))
                {
                    var isNew = !_from.Has(parent);
                    _assembly.Put(parent, (isNew ? _proposed : _from).ParentOf(parent));
                    _placed.Add(parent);
                    open.Enqueue(parent);
                }
            }
        }

        private List<Guid> Order(Guid? parent, IReadOnlySet<Guid> below)
        {
            var stayed = Siblings.Stayed(_from, _proposed, parent);
            bool IsProposed(Guid id) => _proposed.Has(id) && _placed.Contains(id);
            return SiblingMerge.Weave(
                [.. Ids(_from, parent).Where(id => below.Contains(id) && (stayed.Contains(id) || !IsProposed(id)))],
                [.. Ids(_proposed, parent).Where(id => below.Contains(id) && (stayed.Contains(id) || IsProposed(id)))],
                new HashSet<Guid>()
            );
        }

        private static IEnumerable<Guid> Ids(ClauseTree tree, Guid? parent) =>
            tree.ChildrenOf(parent).Select(clause => clause.Id);

        private Clause WordsOf(Guid id) =>
            _proposed.TryGet(id, out var proposed) && (chosen.Contains(id) || !_from.Has(id))
                ? proposed.Clause
                : _from[id].Clause;
    }
}
