using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>Which rows of a segment hold which term, how often, and where. Immutable.</summary>
/// <param name="Blocks">Of the lists with more than one block.</param>
/// <param name="Rows">Rows and frequencies.</param>
/// <param name="Positions">For each posting those in the title, the heading and the body, each as differences.</param>
internal sealed record Postings(
    TermDictionary Terms,
    Section<BlockEntry> Blocks,
    Section<byte> Rows,
    Section<byte> Positions
)
{
    public long Bytes => Terms.Size + Blocks.Bytes.Length + Rows.Bytes.Length + Positions.Bytes.Length;
}
