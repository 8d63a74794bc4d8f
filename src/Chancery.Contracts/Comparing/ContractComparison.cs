namespace Chancery.Contracts.Comparing;

/// <summary>What differs between two texts of a contract: by clause, then by word. Clauses are the same by their ids.</summary>
public static class ContractComparison
{
    /// <exception cref="ArgumentException">
    /// One of them has an id twice, or more clauses, levels or characters than a contract may have.
    /// </exception>
    public static ContractDiff Between(ContractText from, ContractText to)
    {
        var earlier = ClauseTree.Of(from, nameof(from));
        var later = ClauseTree.Of(to, nameof(to));
        var (fromHead, toHead) = (ContractHead.Of(from), ContractHead.Of(to));
        var changes = new List<ClauseChange>(later.Reading.Count);
        new Walk(earlier, later, changes).Level(null);
        return new ContractDiff(
            fromHead,
            toHead,
            [
                .. Enum.GetValues<ContractField>()
                    .Where(field => !fromHead.Agrees(toHead, field))
                    .Select(field => new HeadChange(field, fromHead.Show(field), toHead.Show(field))),
            ],
            changes
        );
    }

    private sealed class Walk(ClauseTree from, ClauseTree to, List<ClauseChange> changes)
    {
        private readonly ClauseNumbers _fromNumbers = ClauseNumbers.Of(from.Contract);
        private readonly ClauseNumbers _toNumbers = ClauseNumbers.Of(to.Contract);

        /// <summary>What stands and stood under one clause: deleted ones before what came in between the same two that stayed.</summary>
        public void Level(Guid? parent)
        {
            var (earlier, later) = (from.ChildrenOf(parent), to.ChildrenOf(parent));
            var stayed = Siblings.Stayed(from, to, parent);
            var next = 0;
            foreach (var clause in later)
            {
                var stays = stayed.Contains(clause.Id);
                while (stays && next < earlier.Count && earlier[next].Id != clause.Id)
                {
                    Delete(earlier[next++]);
                }

                next += stays ? 1 : 0;
                changes.Add(ChangeOf(to[clause.Id], stays));
                Level(clause.Id);
            }

            while (next < earlier.Count)
            {
                Delete(earlier[next++]);
            }
        }

        /// <summary>A deleted clause with all that was deleted under it; what left it for another place is told there.</summary>
        private void Delete(Clause clause)
        {
            if (to.Has(clause.Id))
            {
                return;
            }

            changes.Add(
                new ClauseChange(
                    clause.Id,
                    ClauseChangeKind.Deleted,
                    PlaceOf(from[clause.Id], _fromNumbers),
                    null,
                    WordDiff.Between(clause.Heading, ""),
                    WordDiff.Between(clause.Text, "")
                )
            );
            foreach (var child in clause.Children)
            {
                Delete(child);
            }
        }

        private ClauseChange ChangeOf(PlacedClause placed, bool stays)
        {
            var (clause, place) = (placed.Clause, PlaceOf(placed, _toNumbers));
            if (!from.TryGet(clause.Id, out var earlier))
            {
                return new ClauseChange(
                    clause.Id,
                    ClauseChangeKind.Inserted,
                    null,
                    place,
                    WordDiff.Between("", clause.Heading),
                    WordDiff.Between("", clause.Text)
                );
            }

            var says = earlier.Clause;
            var isSame =
                says.Heading == clause.Heading && says.Text == clause.Text && says.IsNumbered == clause.IsNumbered;
            return new ClauseChange(
                clause.Id,
                (stays, isSame) switch
                {
                    (true, true) => ClauseChangeKind.Same,
                    (true, false) => ClauseChangeKind.Changed,
                    (false, true) => ClauseChangeKind.Moved,
                    (false, false) => ClauseChangeKind.MovedAndChanged,
                },
                PlaceOf(earlier, _fromNumbers),
                place,
                WordDiff.Between(says.Heading, clause.Heading),
                WordDiff.Between(says.Text, clause.Text)
            );
        }

        private static ClausePlace PlaceOf(PlacedClause placed, ClauseNumbers numbers) =>
            new(
                placed.Parent?.Id,
                placed.Index,
                placed.Depth,
                placed.Clause.IsNumbered,
                numbers.LabelOf(placed.Clause.Id)
            );
    }
}
