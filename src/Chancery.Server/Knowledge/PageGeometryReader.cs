using Chancery.Documents;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge;

/// <summary>A rectangle on a page, in points from the page's upper left corner.</summary>
public sealed record MarkedBox(float X, float Y, float Width, float Height);

/// <summary>Where a quote stands on its page.</summary>
/// <param name="Boxes">One a line; empty where the format has no pages.</param>
/// <param name="PageWidth">Points; 0 where the format has no pages.</param>
/// <param name="PageHeight">Points; 0 where the format has no pages.</param>
/// <param name="Label">What people call the page: "Slide 3", "Sheet Costs"; null where its number says it.</param>
/// <param name="Place">Where on the page, for a person: "Paragraph 14", "B4:D9"; null where the format has paper.</param>
public sealed record MarkedPage(
    IReadOnlyList<MarkedBox> Boxes,
    float PageWidth,
    float PageHeight,
    string? Label,
    string? Place
);

/// <summary>From characters of a page's text to places on the paper. Safe for concurrent use.</summary>
public sealed class PageGeometryReader(TenantDatabase database)
{
    private const string PageSql = """
        SELECT width, height, words, text, label, blocks::text AS blocks
        FROM pages
        WHERE tenant_id = @tenant AND document_id = @documentId AND version = @version AND page = @page
        """;

    /// <summary>What to mark for the characters from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    /// <returns>Null when there is no such page, or the reader may not read it.</returns>
    public async Task<MarkedPage?> BoxesAsync(
        TenantId tenant,
        Reader reader,
        Guid documentId,
        int version,
        int page,
        int start,
        int end,
        CancellationToken cancellationToken
    )
    {
        PageRow? row;
        await using (var session = await database.OpenAsync(tenant, reader, cancellationToken))
        {
            row = await session.FindAsync<PageRow>(
                PageSql,
                new
                {
                    tenant = tenant.Value,
                    documentId,
                    version,
                    page,
                },
                cancellationToken
            );
        }

        if (row is null)
        {
            return null;
        }

        var boxes = PageGeometry
            .BoxesOf(WordBoxes.Decode(row.Words), start, end)
            .Select(box => new MarkedBox(box.X, box.Y, box.Width, box.Height));
        return new MarkedPage(
            [.. boxes],
            row.Width,
            row.Height,
            row.Label.Length == 0 ? null : row.Label,
            BlockPlaces.Of(row.Text, StoredBlocks.Read(row.Blocks), start, end)
        );
    }

    private sealed record PageRow(float Width, float Height, byte[] Words, string Text, string Label, string Blocks);
}
