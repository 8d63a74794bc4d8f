namespace Chancery.Documents;

/// <summary>What a reader yields: one <see cref="Header"/>, then pages in order.</summary>
public abstract record ReadItem
{
    private ReadItem() { }

    /// <param name="PageCount">Null while unknown: text and Markdown are cut into parts as they are read.</param>
    public sealed record Header(int? PageCount, string? Title, string? Author) : ReadItem;

    public sealed record Page(DocumentPage Content) : ReadItem;
}
