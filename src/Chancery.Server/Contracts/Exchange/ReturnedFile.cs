using Chancery.Contracts;
using Chancery.Contracts.Comparing;
using Chancery.Contracts.Merging;
using Chancery.Contracts.Word;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>What a file that came back adds to a contract that went on meanwhile.</summary>
/// <param name="Steps">Each as the whole contract's next text, what was changed here included.</param>
/// <param name="Conflicts">Where both sides changed the same; then there are no steps.</param>
/// <param name="Clauses">Which clause of the contract each of the file's is.</param>
internal sealed record ReturnedFile(
    IReadOnlyList<(ImportedRevision Step, ContractText Text)> Steps,
    IReadOnlyList<MergeConflict> Conflicts,
    IReadOnlyDictionary<Guid, Guid> Clauses
)
{
    /// <param name="sent">The text that the file was made of.</param>
    /// <param name="latest">The text as it is now.</param>
    /// <param name="steps">Of the file, oldest first.</param>
    public static ReturnedFile Join(ContractText sent, ContractText latest, IReadOnlyList<ImportedRevision> steps)
    {
        ContractText Ours(ContractText text) => ClauseMatching.Adopt(sent, text) with { Numbering = sent.Numbering };

        // A redline of ours begins with an earlier revision and comes to the one that was sent: what is new comes after that.
        var known = steps.Count - 1;
        while (known >= 0 && Ours(steps[known].Text) != sent)
        {
            known--;
        }

        var (before, now) = (sent, latest);
        var joined = new List<(ImportedRevision, ContractText)>();
        var clauses = PairsOf(steps[^1].Text, Ours(steps[^1].Text));
        foreach (var step in steps.Skip(known + 1))
        {
            var theirs = ClauseMatching.Adopt(before, step.Text) with { Numbering = sent.Numbering };
            switch (ContractMerge.Merge(before, now, theirs))
            {
                case MergeOutcome.Merged merged:
                    now = merged.Contract with { Numbering = latest.Numbering };
                    break;
                case MergeOutcome.Conflicted conflicted:
                    return new ReturnedFile([], conflicted.Conflicts, clauses);
            }

            joined.Add((step, now));
            (before, clauses) = (theirs, PairsOf(step.Text, theirs));
        }

        return new ReturnedFile(joined, [], clauses);
    }

    private static Dictionary<Guid, Guid> PairsOf(ContractText file, ContractText adopted) =>
        file.Walk()
            .Zip(adopted.Walk(), (theirs, ours) => KeyValuePair.Create(theirs.Clause.Id, ours.Clause.Id))
            .ToDictionary();
}
