namespace Chancery.Contracts.Editing;

/// <summary>Makes edits of clauses, and checks that nothing else was changed.</summary>
public static class ClauseEditing
{
    /// <summary>
    /// Makes the edits in their order, each on what those before it made: all or none. What no edit names stays as it was to the last
    /// character.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="contract"/> is no tree that a contract may have.</exception>
    public static EditOutcome Apply(ContractText contract, IReadOnlyList<ClauseEdit> edits)
    {
        ContractFaults.ThrowIfMisshapen(contract, nameof(contract));
        var application = new EditApplication(contract);
        for (var i = 0; i < edits.Count; i++)
        {
            if (application.Refusal(edits[i]) is { } reason)
            {
                return new EditOutcome.Refused(i, reason);
            }

            application.Make(edits[i]);
        }

        var edited = application.Close();
        return
            edits.Select(application.DanglingOf).ToList() is var dangling
            && dangling.FindIndex(d => d) is >= 0 and var at
            ? new EditOutcome.Refused(at, "Its text names a clause that the contract does not have.")
            : new EditOutcome.Edited(edited, application.Touched);
    }

    /// <summary>
    /// The clauses that differ between two texts though no edit says that they shall, or that differ in another way than it says. Looks at
    /// the texts alone and not at how <see cref="Apply"/> works, so that each checks the other.
    /// </summary>
    /// <exception cref="ArgumentException">One of the texts is no tree that a contract may have.</exception>
    public static IReadOnlyList<Guid> FindUnasked(
        ContractText before,
        ContractText after,
        IReadOnlyList<ClauseEdit> edits
    ) => new UnaskedChanges(before, after, edits).Find();
}
