namespace Chancery.Search.Engine;

/// <summary>What filters look at. All passages of a document share what was last given for it.</summary>
/// <param name="Id">Of the document.</param>
public sealed record IndexedDocument(Guid Id)
{
    /// <summary>The one that the document is in.</summary>
    public Guid CollectionId { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Date { get; init; }

    /// <summary>Compared as they are written.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Groups or people, one of which must be the reader's; <see langword="null"/> for everybody.</summary>
    public IReadOnlyList<Guid>? Readers { get; init; }
}
