namespace Chancery.Search.Engine;

/// <summary>
/// One batch, seen by queries as a whole. Done in the order of its members: what is removed first, then what is added or
/// replaced, then what is set on passages that are there.
/// </summary>
/// <param name="Revision">Where the index stands after the batch.</param>
public sealed record IndexChanges(IndexRevision Revision)
{
    /// <summary>Removed with all their passages. What is not there is passed over, here and below.</summary>
    public IReadOnlyCollection<Guid> RemovedDocuments { get; init; } = [];

    public IReadOnlyCollection<Guid> RemovedPassages { get; init; } = [];

    /// <summary>Added, or put in the place of those with the same id, vector and all. Of two with one id the last counts.</summary>
    public IReadOnlyCollection<IndexedPassage> Passages { get; init; } = [];

    /// <summary>New attributes of documents that have passages; their texts stay as they are.</summary>
    public IReadOnlyCollection<IndexedDocument> Documents { get; init; } = [];

    public IReadOnlyCollection<PassageVector> Vectors { get; init; } = [];

    public IReadOnlyCollection<PassagePlace> Places { get; init; } = [];

    /// <summary>Whether all vectors that were there before are dropped first: the model changed.</summary>
    public bool DropVectors { get; init; }
}

/// <summary>What a batch did.</summary>
/// <param name="Passages">Added or replaced.</param>
/// <param name="Removed">Passages that were there and were removed; replaced ones not counted.</param>
/// <param name="RefusedVectors">Of another length, of zeros, or not finite: their passages are found by words only.</param>
public readonly record struct AppliedChanges(int Passages, int Removed, int RefusedVectors);
