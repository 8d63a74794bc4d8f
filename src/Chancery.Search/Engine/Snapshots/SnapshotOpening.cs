namespace Chancery.Search.Engine.Snapshots;

/// <summary>What the opening of a snapshot can end in.</summary>
public abstract record SnapshotOpening
{
    private SnapshotOpening() { }

    /// <summary>The file is mapped for as long as the index, or a segment of it, is in use.</summary>
    public sealed record Opened(SearchIndex Index) : SnapshotOpening;

    /// <summary>To be built anew from its source.</summary>
    /// <param name="Detail">For the log: what was found.</param>
    public sealed record Refused(SnapshotRefusal Reason, string Detail) : SnapshotOpening;
}

public enum SnapshotRefusal
{
    Missing,

    /// <summary>It is there, and cannot be read.</summary>
    Unreadable,

    /// <summary>It does not begin as one of ours does.</summary>
    NotASnapshot,

    /// <summary>Of an earlier or later format.</summary>
    OtherVersion,

    OtherOwner,

    /// <summary>Made with another analysis, other weights, dimensions or stamp.</summary>
    OtherSettings,

    /// <summary>Shorter or longer than it says.</summary>
    Torn,

    /// <summary>Something in it is not as it was written.</summary>
    Damaged,
}
