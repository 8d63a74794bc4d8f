using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Merging;

/// <summary>
/// Brings together what two people made of one text: by clause (its heading, its place, whether it is there at all), within a clause's text
/// by paragraph, at the head by field. What only one of them changed is as that one has it.
/// </summary>
public static class ContractMerge
{
    /// <summary>
    /// Without a conflict it is the same whoever of the two is "mine"; new clauses of both at one place stand in the order of their ids, which
    /// is that of their making.
    /// </summary>
    /// <exception cref="ArgumentException">One of the texts is no tree that a contract may have.</exception>
    public static MergeOutcome Merge(ContractText @base, ContractText mine, ContractText theirs)
    {
        var conflicts = new MergeConflicts();
        var head = HeadMerge.Merge(ContractHead.Of(@base), ContractHead.Of(mine), ContractHead.Of(theirs), conflicts);
        var merged = head.Over(
            new TreeMerge(
                ClauseTree.Of(@base, nameof(@base)),
                ClauseTree.Of(mine, nameof(mine)),
                ClauseTree.Of(theirs, nameof(theirs)),
                conflicts
            ).Merge()
        );
        if (ContractFaults.FindMisshape(merged) is not null)
        {
            return new MergeOutcome.Conflicted(
                [new MergeConflict(MergeConflictKind.TooLarge, null, null, null, null, null)],
                mine
            );
        }

        return conflicts.IsEmpty
            ? new MergeOutcome.Merged(merged)
            : new MergeOutcome.Conflicted(conflicts.InOrderOf(merged), merged);
    }
}
