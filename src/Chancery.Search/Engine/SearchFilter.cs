namespace Chancery.Search.Engine;

/// <summary>Where to look. What is <see langword="null"/> lets everything through; all that is given must hold.</summary>
public sealed record SearchFilter
{
    /// <summary>Only these documents.</summary>
    public IReadOnlyCollection<Guid>? Documents { get; init; }

    /// <summary>Only documents of these collections.</summary>
    public IReadOnlyCollection<Guid>? Collections { get; init; }

    /// <summary>Only documents with at least one of these tags.</summary>
    public IReadOnlyCollection<string>? Tags { get; init; }

    /// <summary>Only documents made at or after this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only documents made before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>
    /// The reader and the reader's groups: documents that name readers must name one of these. What the others hold is not counted
    /// either, so that scores do not tell of it.
    /// </summary>
    public IReadOnlyCollection<Guid>? Readers { get; init; }

    internal bool IsEmpty =>
        this is { Documents: null, Collections: null, Tags: null, Readers: null, From: null, To: null };
}
