namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>What happened to indexes since the server started. Safe for concurrent use.</summary>
internal sealed class IndexCounts
{
    private long _opened;
    private long _rebuilt;
    private long _evicted;

    /// <summary>Loaded from a snapshot.</summary>
    public long FromSnapshots => Interlocked.Read(ref _opened);

    /// <summary>Made from the database.</summary>
    public long Rebuilds => Interlocked.Read(ref _rebuilt);

    /// <summary>Given up for the memory of others.</summary>
    public long Evictions => Interlocked.Read(ref _evicted);

    public void Opened() => Interlocked.Increment(ref _opened);

    public void Rebuilt() => Interlocked.Increment(ref _rebuilt);

    public void Evicted() => Interlocked.Increment(ref _evicted);
}
