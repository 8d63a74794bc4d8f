namespace Chancery.Search.Engine;

/// <summary>How far an index has followed its source.</summary>
/// <param name="Number">Rises by one with every change of the source; 0 before the first.</param>
/// <param name="Token">Random for each change: after a restored backup the same number comes with another token.</param>
public readonly record struct IndexRevision(long Number, Guid Token)
{
    /// <summary>Of an index that nothing was put into.</summary>
    public static IndexRevision None => default;
}
