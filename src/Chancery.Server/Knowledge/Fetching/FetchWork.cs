namespace Chancery.Server.Knowledge.Fetching;

/// <summary>The subject of a work item: the document whose address is to be asked.</summary>
internal sealed record FetchWork(Guid DocumentId)
{
    public const string Kind = "fetch";
}

/// <summary>What the column <c>state</c> of a source can hold.</summary>
internal static class SourceState
{
    public const string Fetching = "fetching";
    public const string Fetched = "fetched";
    public const string Unchanged = "unchanged";
    public const string Failed = "failed";
}
