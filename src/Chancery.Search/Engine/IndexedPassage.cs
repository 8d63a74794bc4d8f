namespace Chancery.Search.Engine;

/// <summary>A passage as it is put into an index. Its text is analysed, not kept.</summary>
/// <param name="Id">Of the passage; the same id replaces it.</param>
/// <param name="Document">Whose passage it is.</param>
/// <param name="Ordinal">Its place among the passages of its document: those of neighbours differ by one.</param>
/// <param name="Body">The passage itself; may be empty.</param>
public sealed record IndexedPassage(Guid Id, IndexedDocument Document, int Ordinal, string Body)
{
    /// <summary>Of the document.</summary>
    public string Title { get; init; } = "";

    /// <summary>The headings above it.</summary>
    public string Heading { get; init; } = "";

    /// <summary>
    /// Any length but zero, in <see cref="SearchIndexOptions.Dimensions"/> dimensions; empty for a passage that only words
    /// find.
    /// </summary>
    public ReadOnlyMemory<float> Vector { get; init; }
}

/// <summary>A vector for a passage that is in the index already.</summary>
public readonly record struct PassageVector(Guid PassageId, ReadOnlyMemory<float> Vector);

/// <summary>Another place for a passage that is in the index already: what stood before it has grown or shrunk.</summary>
public readonly record struct PassagePlace(Guid PassageId, int Ordinal);
