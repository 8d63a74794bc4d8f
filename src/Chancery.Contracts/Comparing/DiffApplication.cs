namespace Chancery.Contracts.Comparing;

/// <summary>Makes the later text of the earlier one, and refuses any other.</summary>
internal static class DiffApplication
{
    public static ContractText Apply(ContractDiff diff, ContractText from)
    {
        var tree = ClauseTree.Of(from, nameof(from));
        if (!diff.From.Equals(ContractHead.Of(from)))
        {
            throw new ArgumentException("The head is not the one that was compared.", nameof(from));
        }

        var known = new HashSet<Guid>();
        var later = new Dictionary<Guid, ClauseChange>();
        foreach (var change in diff.Clauses)
        {
            if (change.From is { } place && !(known.Add(change.Id) && Fits(change, place, tree)))
            {
                throw new ArgumentException($"Clause {change.Id} is not as it was compared.", nameof(from));
            }

            if (change.To is not null && !later.TryAdd(change.Id, change))
            {
                throw new ArgumentException($"The changes place clause {change.Id} twice.", nameof(from));
            }
        }

        if (known.Count != tree.Reading.Count)
        {
            throw new ArgumentException("There are clauses that were not compared.", nameof(from));
        }

        return diff.To.Over(Build(later.Values, nameof(from)));
    }

    private static bool Fits(ClauseChange change, ClausePlace place, ClauseTree tree) =>
        tree.TryGet(change.Id, out var placed)
        && placed.Parent?.Id == place.Parent
        && placed.Index == place.Index
        && placed.Clause.IsNumbered == place.IsNumbered
        && placed.Clause.Heading == WordDiff.FromOf(change.Heading)
        && placed.Clause.Text == WordDiff.FromOf(change.Text);

    /// <summary>From the deepest up, so that each is made once and a ring of parents is never followed.</summary>
    private static IReadOnlyList<Clause> Build(Dictionary<Guid, ClauseChange>.ValueCollection changes, string parameter)
    {
        var made = 0;
        var below = changes.ToLookup(change => change.To!.Parent);
        var clauses = Level(null, 0);
        return made == changes.Count
            ? clauses
            : throw new ArgumentException("The changes place clauses under ones that are not there.", parameter);

        IReadOnlyList<Clause> Level(Guid? parent, int depth)
        {
            if (depth > ContractText.MostDepth)
            {
                throw new ArgumentException("The changes make a tree that is too deep.", parameter);
            }

            var siblings = new List<Clause>();
            foreach (var change in below[parent].OrderBy(change => change.To!.Index))
            {
                made++;
                siblings.Add(
                    new Clause(change.Id)
                    {
                        Heading = WordDiff.ToOf(change.Heading),
                        Text = WordDiff.ToOf(change.Text),
                        IsNumbered = change.To!.IsNumbered,
                        Children = Level(change.Id, depth + 1),
                    }
                );
            }

            return siblings;
        }
    }
}
