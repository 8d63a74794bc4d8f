namespace Chancery.Contracts.Comparing;

/// <summary>
/// Finds out which clauses of a text that came in from outside are those of a known one, so that the two can be compared and merged though
/// they share no ids.
/// </summary>
public static class ClauseMatching
{
    /// <summary>
    /// The imported text with the known ids on the clauses that plainly are the known ones, by heading, words and place; the others keep the ids
    /// that they came with. References in texts follow.
    /// </summary>
    /// <exception cref="ArgumentException">One of the texts is no tree that a contract may have.</exception>
    public static ContractText Adopt(ContractText known, ContractText imported)
    {
        var ids = new Matching(ClauseTree.Of(known, nameof(known)), ClauseTree.Of(imported, nameof(imported))).Find();
        return imported with { Clauses = Rename(imported.Clauses, ids) };
    }

    private static IReadOnlyList<Clause> Rename(IReadOnlyList<Clause> clauses, Dictionary<Guid, Guid> ids) =>
        [
            .. clauses.Select(clause =>
                clause with
                {
                    Id = ids.GetValueOrDefault(clause.Id, clause.Id),
                    Text = ClauseReference.Replace(
                        clause.Text,
                        id => ClauseReference.To(ids.GetValueOrDefault(id, id))
                    ),
                    Children = Rename(clause.Children, ids),
                }
            ),
        ];

    private sealed class Matching(ClauseTree known, ClauseTree imported)
    {
        /// <summary>Alike without regard to where they stand.</summary>
        private const double Plainly = 0.75;

        /// <summary>Alike, and under the same clause.</summary>
        private const double WithPlace = 0.5;

        /// <summary>Somewhat alike, and the only two between the same neighbours.</summary>
        private const double BetweenNeighbours = 0.25;

        private readonly Dictionary<Guid, ClauseWords> _known = WordsOf(known);
        private readonly Dictionary<Guid, ClauseWords> _imported = WordsOf(imported);
        private readonly Dictionary<Guid, Guid> _ids = [];
        private readonly HashSet<Guid> _taken = [];

        /// <summary>From imported ids to known ones.</summary>
        public Dictionary<Guid, Guid> Find()
        {
            foreach (var (clause, _, _, _) in imported.Reading.Where(c => known.Has(c.Clause.Id)))
            {
                Match(clause.Id, clause.Id);
            }

            MatchEqual();
            MatchAlike();
            MatchNeighbours();
            return _ids;
        }

        private static Dictionary<Guid, ClauseWords> WordsOf(ClauseTree tree) =>
            tree.Reading.ToDictionary(c => c.Clause.Id, c => ClauseWords.Of(c.Clause));

        private void Match(Guid incoming, Guid id)
        {
            _ids.Add(incoming, id);
            _taken.Add(id);
        }

        private bool IsOpen(Guid incoming) => !_ids.ContainsKey(incoming);

        /// <summary>Those that say the same and are the only ones that do; where several do, in their order if they are equally many.</summary>
        private void MatchEqual()
        {
            var byWords = known.Reading.ToLookup(c => _known[c.Clause.Id].Key, c => c.Clause.Id);
            foreach (var same in imported.Reading.Select(c => c.Clause.Id).GroupBy(id => _imported[id].Key).ToList())
            {
                var incoming = same.Where(IsOpen).ToList();
                var ids = byWords[same.Key].Where(id => !_taken.Contains(id)).ToList();
                if (same.Key.Length > 0 && incoming.Count == ids.Count)
                {
                    incoming.Zip(ids).ToList().ForEach(pair => Match(pair.First, pair.Second));
                }
            }
        }

        /// <summary>The most alike first; a place under the same clause counts once the clauses above are matched.</summary>
        private void MatchAlike()
        {
            var candidates = new ClauseCandidates(_known.Where(pair => !_taken.Contains(pair.Key)));
            var pairs = (
                from placed in imported.Reading
                where IsOpen(placed.Clause.Id)
                from id in candidates.For(_imported[placed.Clause.Id])
                let alike = _imported[placed.Clause.Id].Likeness(_known[id])
                where alike >= BetweenNeighbours
                select (Incoming: placed.Clause.Id, Id: id, Alike: alike)
            ).ToList();
            foreach (var pair in pairs.Where(pair => pair.Alike >= Plainly).OrderByDescending(pair => pair.Alike))
            {
                MatchIfOpen(pair.Incoming, pair.Id);
            }

            // Level by level, so that what stands above is decided first.
            foreach (var level in pairs.GroupBy(pair => imported[pair.Incoming].Depth).OrderBy(level => level.Key))
            {
                foreach (var pair in level.Where(pair => pair.Alike >= WithPlace).OrderByDescending(Placed))
                {
                    if (IsUnderSame(pair.Incoming, pair.Id))
                    {
                        MatchIfOpen(pair.Incoming, pair.Id);
                    }
                }
            }
        }

        private double Placed((Guid Incoming, Guid Id, double Alike) pair) =>
            pair.Alike - (0.01 * Math.Min(10, Math.Abs(imported[pair.Incoming].Index - known[pair.Id].Index)));

        private void MatchIfOpen(Guid incoming, Guid id)
        {
            if (IsOpen(incoming) && !_taken.Contains(id))
            {
                Match(incoming, id);
            }
        }

        private bool IsUnderSame(Guid incoming, Guid id) =>
            (imported.ParentOf(incoming) is { } above ? _ids.GetValueOrDefault(above) : Guid.Empty)
            == (known.ParentOf(id) ?? Guid.Empty);

        /// <summary>One clause that was rewritten between two that were not.</summary>
        private void MatchNeighbours()
        {
            // A clause that is matched here is the parent of others: parents come before them in reading.
            foreach (var level in imported.Reading.GroupBy(c => c.Parent?.Id).ToList())
            {
                Guid? above = level.Key is { } parent ? _ids.GetValueOrDefault(parent) : null;
                if (above == Guid.Empty)
                {
                    continue;
                }

                var siblings = level.Select(c => c.Clause.Id).ToList();
                var others = known.ChildrenOf(above).Select(clause => clause.Id).ToList();
                var places = others.Select((id, index) => (id, index)).ToDictionary();
                for (var i = 0; i < siblings.Count; i++)
                {
                    var isAlone =
                        IsOpen(siblings[i])
                        && (i == 0 || !IsOpen(siblings[i - 1]))
                        && (i + 1 == siblings.Count || !IsOpen(siblings[i + 1]));
                    var before = i == 0 ? -1 : places.GetValueOrDefault(_ids.GetValueOrDefault(siblings[i - 1]), -2);
                    var after =
                        i + 1 == siblings.Count
                            ? others.Count
                            : places.GetValueOrDefault(_ids.GetValueOrDefault(siblings[i + 1]), -2);
                    if (
                        isAlone
                        && before >= -1
                        && after == before + 2
                        && _imported[siblings[i]].Likeness(_known[others[before + 1]]) >= BetweenNeighbours
                    )
                    {
                        MatchIfOpen(siblings[i], others[before + 1]);
                    }
                }
            }
        }
    }
}
