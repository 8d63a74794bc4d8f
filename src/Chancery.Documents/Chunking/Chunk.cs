namespace Chancery.Documents;

/// <summary>A passage: what is embedded, ranked and cited.</summary>
/// <param name="Occurrence">0 for the first chunk of this <paramref name="Hash"/> in the document, 1 for the second…</param>
/// <param name="Text">Exactly <c>page.Text[Start..End]</c>.</param>
/// <param name="HeadingPath">The headings above it, outermost first: <c>1 Scope › 1.2 Terms</c>. May be empty.</param>
/// <param name="Page">The page's number. A chunk never crosses a page.</param>
/// <param name="Hash">SHA-256 over <paramref name="HeadingPath"/> and <paramref name="Text"/>: equal hash, equal embedding.</param>
/// <param name="Tokens">Estimated.</param>
public sealed record Chunk(
    int Occurrence,
    string Text,
    string HeadingPath,
    int Page,
    int Start,
    int End,
    byte[] Hash,
    int Tokens
)
{
    /// <summary>The page's label and the blocks' places, for a person: "Sheet Costs, A4:D9"; null where there is neither.</summary>
    public string? Place { get; init; }
}

/// <param name="MaxTokens">Budget of one chunk, estimated, 32 to 4096.</param>
/// <param name="OverlapTokens">How much of a chunk's last sentence the next repeats, at most. 0 switches overlap off.</param>
public sealed record ChunkingOptions(int MaxTokens = 320, int OverlapTokens = 40);
