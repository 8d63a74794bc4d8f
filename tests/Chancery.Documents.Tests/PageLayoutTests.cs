using System.Diagnostics;

namespace Chancery.Documents.Tests;

/// <summary>Pages that are drawn to cost time rather than to be read.</summary>
public sealed class PageLayoutTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Thousands_of_tall_blocks_side_by_side_are_laid_out_in_seconds()
    {
        // A word a line, so that every pair could be two columns of cells.
        var page = Page(columns: 500, lines: 200, pitch: 0.5f);
        var clock = Stopwatch.StartNew();

        var composed = PageComposer.Compose(page, Cancel);

        // Comparing every line with every other takes seven minutes.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(100_000, composed.Words.Count);
    }

    [Fact]
    public async Task The_layout_of_a_page_ends_when_its_time_is_up()
    {
        var page = Page(columns: 500, lines: 200, pitch: 0.5f);
        var clock = new ReadClock(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(50));

        var failure = await Assert.ThrowsAsync<DocumentUnreadableException>(() =>
            clock
                .RunAsync(token => ValueTask.FromResult(ComposeFor(page, TimeSpan.FromSeconds(30), token)), 7, Cancel)
                .AsTask()
        );

        Assert.Equal(ReadFailure.TimedOut, failure.Failure);
        Assert.Contains("page 7", failure.Reason, StringComparison.Ordinal);
    }

    private static int ComposeFor(RawPage page, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var rounds = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < atMost; rounds++)
        {
            PageComposer.Compose(page, cancellationToken);
        }

        return rounds;
    }

    /// <summary>Columns of one-word lines, none of which stands in the row of a line beside it.</summary>
    private static RawPage Page(int columns, int lines, float pitch)
    {
        var blocks = new List<RawBlock>();
        for (var column = 0; column < columns; column++)
        {
            var inColumn = new List<RawLine>();
            for (var line = 0; line < lines; line++)
            {
                var top = (line * pitch * 4) + (column % 2 == 0 ? 0 : pitch * 2);
                var extent = new Extent(column * 10, top, (column * 10) + 8, top + pitch);
                inColumn.Add(new RawLine(extent, [new RawWord("ab", extent)]));
            }

            blocks.Add(new RawBlock(Extent.Around(inColumn.Select(line => line.Extent)), inColumn));
        }

        return new RawPage(1, columns * 10, lines * pitch * 4, blocks);
    }
}
