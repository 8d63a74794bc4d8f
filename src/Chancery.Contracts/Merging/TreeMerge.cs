using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Merging;

/// <summary>Merges two trees of clauses that grew out of one.</summary>
internal sealed class TreeMerge(ClauseTree @base, ClauseTree mine, ClauseTree theirs, MergeConflicts conflicts)
{
    private readonly ClauseAssembly _assembly = new();
    private readonly HashSet<Guid> _kept = [];

    public IReadOnlyList<Clause> Merge()
    {
        foreach (var id in @base.Reading.Select(c => c.Clause.Id))
        {
            var inMine = mine.Has(id);
            if (inMine && theirs.Has(id))
            {
                _assembly.Put(id, ChooseParent(id));
            }
            else if (inMine ? IsWorkedOn(id, mine) : theirs.Has(id) && IsWorkedOn(id, theirs))
            {
                KeepDisputed(id, isDisputed: true);
            }
        }

        foreach (var (side, other) in new[] { (mine, theirs), (theirs, mine) })
        {
            foreach (var id in side.Reading.Select(c => c.Clause.Id).Where(id => !@base.Has(id)))
            {
                _assembly.Put(id, other.Has(id) ? ChooseParent(id) : side.ParentOf(id));
            }
        }

        KeepParents();
        while (_assembly.FindRing() is { Count: > 0 } ring)
        {
            foreach (var id in ring.Where(id => mine.Has(id) && _assembly.ParentOf(id) != mine.ParentOf(id)))
            {
                ReportMove(id);
                _assembly.Put(id, mine.ParentOf(id));
            }

            KeepParents();
        }

        return _assembly.Build(Order, WordsOf);
    }

    /// <summary>
    /// Whether one side has other words for a clause, or has it under another one. Another place among its siblings is no reason to keep what
    /// the other side deleted: of two that changed places nobody can tell which one was moved.
    /// </summary>
    private bool IsWorkedOn(Guid id, ClauseTree side) =>
        @base.ParentOf(id) != side.ParentOf(id) || !SaysTheSame(@base[id].Clause, side[id].Clause);

    private static bool SaysTheSame(Clause a, Clause b) =>
        a.Heading == b.Heading && a.Text == b.Text && a.IsNumbered == b.IsNumbered;

    private Guid? ChooseParent(Guid id)
    {
        var (ours, others) = (mine.ParentOf(id), theirs.ParentOf(id));
        if (ours == others)
        {
            return ours;
        }

        if (@base.TryGet(id, out var before) && before.Parent?.Id is var was && (was == ours || was == others))
        {
            return was == ours ? others : ours;
        }

        ReportMove(id);
        return ours;
    }

    /// <summary>A clause that one side deleted stays, where the other has it.</summary>
    private void KeepDisputed(Guid id, bool isDisputed)
    {
        var keeper = mine.Has(id) ? mine : theirs;
        _kept.Add(id);
        _assembly.Put(id, keeper.ParentOf(id));
        if (isDisputed)
        {
            conflicts.Add(
                new MergeConflict(
                    MergeConflictKind.Deleted,
                    id,
                    null,
                    Show(@base, id),
                    Show(mine, id),
                    Show(theirs, id)
                )
            );
        }
    }

    /// <summary>
    /// What something stands under that stays, stays too. It is disputed where the one who kept it put something there, and not where it only
    /// holds what is disputed itself.
    /// </summary>
    private void KeepParents()
    {
        var open = new Queue<Guid>(_assembly.Clauses);
        while (open.TryDequeue(out var id))
        {
            if (_assembly.ParentOf(id) is { } parent && !_assembly.Has(parent))
            {
                KeepDisputed(parent, !_kept.Contains(id));
                open.Enqueue(parent);
            }
        }
    }

    private List<Guid> Order(Guid? parent, IReadOnlySet<Guid> below)
    {
        List<Guid> HereIn(ClauseTree tree) =>
            [.. tree.ChildrenOf(parent).Select(clause => clause.Id).Where(below.Contains)];

        var stayed = SiblingMerge.Stayed(@base, mine, theirs, parent);
        stayed.IntersectWith(below);
        var (before, ours, others) = (HereIn(@base), HereIn(mine), HereIn(theirs));
        var (gapBefore, ourGap, otherGap) = (Gaps(before, stayed), Gaps(ours, stayed), Gaps(others, stayed));
        var (byMine, byTheirs) = (new HashSet<Guid>(stayed), new HashSet<Guid>(stayed));
        var disputed = new List<Guid>();
        foreach (var id in below.Where(id => !stayed.Contains(id)))
        {
            var has = (Mine: ourGap.TryGetValue(id, out var our), Theirs: otherGap.TryGetValue(id, out var other));
            if (!has.Mine || !has.Theirs)
            {
                (has.Mine ? byMine : byTheirs).Add(id);
                continue;
            }

            var wasHere = gapBefore.TryGetValue(id, out var gap);
            if (our == other)
            {
                byMine.Add(id);
                byTheirs.Add(id);
            }
            else if (wasHere && (our == gap || other == gap))
            {
                (our == gap ? byTheirs : byMine).Add(id);
            }
            else if (wasHere && MovedByOne(id, parent, our, other) is { } isMine)
            {
                (isMine ? byMine : byTheirs).Add(id);
            }
            else
            {
                byMine.Add(id);
                disputed.Add(id);
            }
        }

        var order = SiblingMerge.Weave(ours.FindAll(byMine.Contains), others.FindAll(byTheirs.Contains), disputed);
        disputed.ForEach(ReportMove);
        return order;
    }

    /// <summary>
    /// Of clauses that changed places it cannot be told which was moved. One that need not have been moved by both is no conflict: it
    /// stands as the one says who must have, and if neither must, behind the older of the two neighbours. Null: both moved it.
    /// </summary>
    private bool? MovedByOne(Guid id, Guid? parent, Guid? ourGap, Guid? otherGap)
    {
        var mayHaveStayed = (
            Mine: Siblings.MayHaveStayed(@base, mine, parent).Contains(id),
            Theirs: Siblings.MayHaveStayed(@base, theirs, parent).Contains(id)
        );
        return mayHaveStayed switch
        {
            (false, false) => null,
            (true, true) => Nullable.Compare(ourGap, otherGap) < 0,
            (var inMine, _) => !inMine,
        };
    }

    /// <summary>For each clause, behind which of those that stayed it stands; null: before all of them.</summary>
    private static Dictionary<Guid, Guid?> Gaps(List<Guid> order, HashSet<Guid> stayed)
    {
        var gaps = new Dictionary<Guid, Guid?>();
        Guid? last = null;
        foreach (var id in order)
        {
            gaps[id] = last;
            last = stayed.Contains(id) ? id : last;
        }

        return gaps;
    }

    private Clause WordsOf(Guid id)
    {
        var has = (Mine: mine.TryGet(id, out var ours), Theirs: theirs.TryGet(id, out var others));
        if (!has.Mine || !has.Theirs)
        {
            return (has.Mine ? ours : others).Clause;
        }

        if (!@base.TryGet(id, out var before))
        {
            if (!SaysTheSame(ours.Clause, others.Clause))
            {
                conflicts.Add(
                    new MergeConflict(MergeConflictKind.Inserted, id, null, null, Show(mine, id), Show(theirs, id))
                );
            }

            return ours.Clause;
        }

        var (was, our, other) = (before.Clause, ours.Clause, others.Clause);
        return our with
        {
            Heading = MergeHeading(was, our, other),
            Text = MergeText(was, our, other),
            // Two that both differ from what it was are the same.
            IsNumbered = our.IsNumbered == was.IsNumbered ? other.IsNumbered : our.IsNumbered,
        };
    }

    private string MergeHeading(Clause was, Clause our, Clause other)
    {
        if (our.Heading != was.Heading && other.Heading != was.Heading && our.Heading != other.Heading)
        {
            conflicts.Add(
                new MergeConflict(MergeConflictKind.Heading, was.Id, null, was.Heading, our.Heading, other.Heading)
            );
        }

        return our.Heading == was.Heading ? other.Heading : our.Heading;
    }

    private string MergeText(Clause was, Clause our, Clause other)
    {
        if (our.Text == other.Text || other.Text == was.Text)
        {
            return our.Text;
        }

        if (our.Text == was.Text)
        {
            return other.Text;
        }

        var (merged, isClean) = SequenceMerge.Merge(Paragraphs(was.Text), Paragraphs(our.Text), Paragraphs(other.Text));
        if (!isClean)
        {
            conflicts.Add(new MergeConflict(MergeConflictKind.Text, was.Id, null, was.Text, our.Text, other.Text));
        }

        return string.Join('\n', merged);
    }

    /// <summary>No words are no paragraph: else whoever writes the first would change an empty one that another changes too.</summary>
    private static string[] Paragraphs(string text) => text.Length == 0 ? [] : text.Split('\n');

    private void ReportMove(Guid id) =>
        conflicts.Add(
            new MergeConflict(
                MergeConflictKind.Moved,
                id,
                null,
                @base.TryGet(id, out var was) ? was.Parent?.Id.ToString() : null,
                mine.TryGet(id, out var ours) ? ours.Parent?.Id.ToString() : null,
                theirs.TryGet(id, out var others) ? others.Parent?.Id.ToString() : null
            )
        );

    private static string? Show(ClauseTree tree, Guid id) =>
        !tree.TryGet(id, out var placed) ? null
        : placed.Clause.Heading.Length == 0 ? placed.Clause.Text
        : placed.Clause.Text.Length == 0 ? placed.Clause.Heading
        : $"{placed.Clause.Heading}\n{placed.Clause.Text}";
}
