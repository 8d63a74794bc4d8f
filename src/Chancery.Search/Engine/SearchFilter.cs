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

    /// <summary>The reader and the reader's groups: documents that name readers must name one of these.</summary>
    public IReadOnlyCollection<Guid>? Readers { get; init; }
}

/// <summary>A filter made ready to look at many documents. Immutable.</summary>
internal sealed class DocumentTest
{
    private readonly IReadOnlySet<Guid>? _documents;
    private readonly IReadOnlySet<Guid>? _collections;
    private readonly IReadOnlySet<string>? _tags;
    private readonly IReadOnlySet<Guid>? _readers;
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _to;

    private DocumentTest(SearchFilter filter)
    {
        _documents = SetOf(filter.Documents);
        _collections = SetOf(filter.Collections);
        _tags = SetOf(filter.Tags);
        _readers = SetOf(filter.Readers);
        _from = filter.From ?? DateTimeOffset.MinValue;
        _to = filter.To ?? DateTimeOffset.MaxValue;
        HasEnd = filter.To is not null;
    }

    private bool HasEnd { get; }

    /// <summary><see langword="null"/> for a filter that lets everything through.</summary>
    public static DocumentTest? Of(SearchFilter? filter) =>
        filter is null or { Documents: null, Collections: null, Tags: null, Readers: null, From: null, To: null }
            ? null
            : new DocumentTest(filter);

    public bool Passes(IndexedDocument document) =>
        document.Date >= _from
        && (!HasEnd || document.Date < _to)
        && (_collections is null || _collections.Contains(document.CollectionId))
        && (_documents is null || _documents.Contains(document.Id))
        && (_tags is null || HasAny(_tags, document.Tags))
        && (_readers is null || document.Readers is null || HasAny(_readers, document.Readers));

    private static bool HasAny<T>(IReadOnlySet<T> wanted, IReadOnlyList<T> values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (wanted.Contains(values[i]))
                return true;
        }

        return false;
    }

    private static IReadOnlySet<T>? SetOf<T>(IReadOnlyCollection<T>? values) =>
        values is null ? null : values as IReadOnlySet<T> ?? values.ToHashSet();
}
