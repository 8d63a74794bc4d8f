using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Merging;

/// <summary>Merges what stands at the head, field by field; parties one by one.</summary>
internal static class HeadMerge
{
    public static ContractHead Merge(
        ContractHead @base,
        ContractHead mine,
        ContractHead theirs,
        MergeConflicts conflicts
    )
    {
        var merged = mine;
        foreach (var field in Enum.GetValues<ContractField>().Where(field => !mine.Agrees(theirs, field)))
        {
            if (@base.Agrees(mine, field))
            {
                merged = merged.With(field, theirs);
                continue;
            }

            if (@base.Agrees(theirs, field))
            {
                continue;
            }

            var isClean = false;
            if (field == ContractField.Parties)
            {
                (var parties, isClean) = SequenceMerge.Merge(@base.Parties, mine.Parties, theirs.Parties);
                merged = merged with { Parties = parties };
            }

            if (!isClean)
            {
                conflicts.Add(
                    new MergeConflict(
                        MergeConflictKind.Head,
                        null,
                        field,
                        @base.Show(field),
                        mine.Show(field),
                        theirs.Show(field)
                    )
                );
            }
        }

        return merged;
    }
}
