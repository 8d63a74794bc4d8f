namespace Chancery.Contracts.Editing;

/// <summary>What differs between two texts though no edit accounts for it.</summary>
internal sealed class UnaskedChanges(ContractText before, ContractText after, IReadOnlyList<ClauseEdit> edits)
{
    private readonly ClauseTree _before = ClauseTree.Of(before, nameof(before));
    private readonly ClauseTree _after = ClauseTree.Of(after, nameof(after));
    private readonly HashSet<Guid> _unasked = [];

    public IReadOnlyList<Guid> Find()
    {
        // What each edit allows: these words for this clause, another place for that one, that one gone with what stood under it.
        var texts = edits.OfType<ClauseEdit.ReplaceText>().ToLookup(edit => edit.Clause, edit => edit.Text);
        var headings = edits.OfType<ClauseEdit.ReplaceHeading>().ToLookup(edit => edit.Clause, edit => edit.Heading);
        var moved = edits.OfType<ClauseEdit.Move>().Select(edit => edit.Clause).ToHashSet();
        var deleted = edits.OfType<ClauseEdit.Delete>().Select(edit => edit.Clause).ToHashSet();

        foreach (var (clause, _, _, _) in _before.Reading)
        {
            if (!_after.TryGet(clause.Id, out var now))
            {
                Expect(clause.Id, IsUnder(clause.Id, deleted, moved));
                continue;
            }

            Expect(
                clause.Id,
                clause.IsNumbered == now.Clause.IsNumbered
                    && now.Clause.Text == (texts[clause.Id].LastOrDefault() ?? clause.Text)
                    && now.Clause.Heading == (headings[clause.Id].LastOrDefault() ?? clause.Heading)
                    && (moved.Contains(clause.Id) || _before.ParentOf(clause.Id) == _after.ParentOf(clause.Id))
            );
        }

        ExpectOrder(moved);
        ExpectInserted(texts, headings);
        return [.. _after.Reading.Concat(_before.Reading).Select(c => c.Clause.Id).Where(_unasked.Contains).Distinct()];
    }

    private void Expect(Guid clause, bool isAsked)
    {
        if (!isAsked)
        {
            _unasked.Add(clause);
        }
    }

    /// <summary>A clause goes with one above it, where it stood or where an edit moved some clause on the way.</summary>
    private bool IsUnder(Guid clause, HashSet<Guid> deleted, HashSet<Guid> moved)
    {
        for (Guid? above = clause; above is { } id; above = _before.ParentOf(id))
        {
            if (deleted.Contains(id) || (moved.Contains(id) && deleted.Count > 0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Those that no edit moves stand in the order that they stood in.</summary>
    private void ExpectOrder(HashSet<Guid> moved)
    {
        foreach (var siblings in _before.Reading.Where(c => _after.Has(c.Clause.Id)).GroupBy(c => c.Parent?.Id))
        {
            var last = -1;
            var still = siblings.Where(c =>
                !moved.Contains(c.Clause.Id) && _after.ParentOf(c.Clause.Id) == siblings.Key
            );
            foreach (var sibling in still)
            {
                var index = _after[sibling.Clause.Id].Index;
                Expect(sibling.Clause.Id, index > last);
                last = index;
            }
        }
    }

    /// <summary>Each new clause is one that an edit inserts, with its words or those that a later edit gives it.</summary>
    private void ExpectInserted(ILookup<Guid, string> texts, ILookup<Guid, string> headings)
    {
        var asked = edits.OfType<ClauseEdit.Insert>().SelectMany(edit => AllOf(edit.Clause)).ToList();
        var byId = asked.Where(clause => clause.Id is not null).ToLookup(clause => clause.Id!.Value);
        var nameless = asked
            .Where(clause => clause.Id is null)
            .GroupBy(clause => (clause.Heading, clause.Text, clause.IsNumbered))
            .ToDictionary(same => same.Key, same => same.Count());
        foreach (var (clause, _, _, _) in _after.Reading.Where(c => !_before.Has(c.Clause.Id)))
        {
            if (byId[clause.Id].FirstOrDefault() is { } named)
            {
                Expect(
                    clause.Id,
                    clause.IsNumbered == named.IsNumbered
                        && clause.Text == (texts[clause.Id].LastOrDefault() ?? named.Text)
                        && clause.Heading == (headings[clause.Id].LastOrDefault() ?? named.Heading)
                );
                continue;
            }

            var key = (clause.Heading, clause.Text, clause.IsNumbered);
            var left = nameless.GetValueOrDefault(key);
            Expect(clause.Id, left > 0);
            nameless[key] = left - 1;
        }
    }

    private static IEnumerable<NewClause> AllOf(NewClause clause) =>
        [clause, .. (clause.Children ?? []).SelectMany(AllOf)];
}
