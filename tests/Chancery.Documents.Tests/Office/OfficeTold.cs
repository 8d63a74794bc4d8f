namespace Chancery.Documents.Tests;

/// <summary>What the reader of the child says of a document, read in this process.</summary>
internal sealed record Told(BlockKind Kind, string Text, string? Place = null, int Level = 0, int Row = 0)
{
    public static IReadOnlyList<Told> Of(byte[] document) => [.. Pages(document).SelectMany(page => page.Blocks)];

    public static IReadOnlyList<(string? Label, string Text, IReadOnlyList<Told> Blocks)> Pages(byte[] document) =>
        [.. OfficeDocument.Read(document).Pages.Select(page => (page.Label, page.Text, Blocks(page)))];

    public static DocumentUnreadableException Failure(byte[] document) =>
        Assert.Throws<DocumentUnreadableException>(() => Pages(document));

    private static IReadOnlyList<Told> Blocks(ChildReply.Page page) =>
        [
            .. page
                .Blocks.Chunk(ChildReply.Page.BlockNumbers)
                .Select(
                    (block, i) =>
                        new Told(
                            (BlockKind)block[0],
                            page.Text.Substring(block[1], block[2]),
                            page.Places?[i],
                            block[3],
                            block[4]
                        )
                ),
        ];
}
