namespace Chancery.Contracts.Merging;

/// <summary>What two people's changes of one text come to.</summary>
public abstract record MergeOutcome
{
    private MergeOutcome() { }

    public sealed record Merged(ContractText Contract) : MergeOutcome;

    /// <param name="Conflicts">What a person has to decide, in the order of reading.</param>
    /// <param name="Partial">
    /// A whole contract with everything that could be merged. Where both changed the same it says what <c>mine</c> says; what one deleted and
    /// the other worked on is still there.
    /// </param>
    public sealed record Conflicted(IReadOnlyList<MergeConflict> Conflicts, ContractText Partial) : MergeOutcome;
}

public enum MergeConflictKind
{
    /// <summary>A field of the head: <see cref="MergeConflict.Field"/>.</summary>
    Head,
    Heading,
    Text,

    /// <summary>One deleted the clause; the other changed it, moved it under another clause, or put something under it.</summary>
    Deleted,

    /// <summary>Each moved it elsewhere.</summary>
    Moved,

    /// <summary>Both inserted a clause under one id, saying different things.</summary>
    Inserted,

    /// <summary>Together there would be more levels, clauses or characters than a contract may have; the partial text is mine.</summary>
    TooLarge,
}

/// <summary>A place where both changed the same in different ways.</summary>
/// <param name="Clause">Null for the head.</param>
/// <param name="Field">For the head alone.</param>
/// <param name="Base">What stood there before: words, or for a move the parent's id; null where nothing did.</param>
/// <param name="Mine">Null where it was deleted.</param>
/// <param name="Theirs">Null where it was deleted.</param>
public sealed record MergeConflict(
    MergeConflictKind Kind,
    Guid? Clause,
    ContractField? Field,
    string? Base,
    string? Mine,
    string? Theirs
);
