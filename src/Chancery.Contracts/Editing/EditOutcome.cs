namespace Chancery.Contracts.Editing;

/// <summary>What becomes of a list of edits: all of them are made, or none.</summary>
public abstract record EditOutcome
{
    private EditOutcome() { }

    /// <param name="Touched">The clauses that were changed, moved, inserted or deleted, each once, as the edits name them first.</param>
    public sealed record Edited(ContractText Contract, IReadOnlyList<Guid> Touched) : EditOutcome;

    /// <param name="Index">Which edit cannot be made, from 0.</param>
    /// <param name="Reason">A sentence for whoever wrote it.</param>
    public sealed record Refused(int Index, string Reason) : EditOutcome;
}
