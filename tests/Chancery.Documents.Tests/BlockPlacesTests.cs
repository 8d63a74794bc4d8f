namespace Chancery.Documents.Tests;

public sealed class BlockPlacesTests
{
    private const string Sheet = "Item\tCost\nPens\t4\nPaper\t7\nInk\t9";

    private static readonly TextBlock[] Cells = [new(BlockKind.Table, 0, Sheet.Length, 0) { Place = "B3:C6", Row = 3 }];

    [Theory]
    [InlineData("Item\tCost", "B3:C3")]
    [InlineData("Pens\t4\nPaper\t7", "B4:C5")]
    [InlineData("Ink", "B6:C6")]
    public void A_quote_of_a_sheet_stands_in_its_rows_of_cells(string quote, string place)
    {
        var start = Sheet.IndexOf(quote, StringComparison.Ordinal);

        Assert.Equal(place, BlockPlaces.Of(Sheet, Cells, start, start + quote.Length));
    }

    [Theory]
    [InlineData("Pens\t4", "Table 2, row 4")]
    [InlineData("Pens\t4\nPaper", "Table 2, rows 4–5")]
    public void A_quote_of_a_table_stands_in_its_rows(string quote, string place)
    {
        var start = Sheet.IndexOf(quote, StringComparison.Ordinal);

        Assert.Equal(place, BlockPlaces.Of(Sheet, [Cells[0] with { Place = "Table 2" }], start, start + quote.Length));
    }

    [Fact]
    public void A_quote_over_two_blocks_names_both()
    {
        const string text = "First words.\nLast words.";
        TextBlock[] blocks =
        [
            new(BlockKind.Paragraph, 0, 12, 0) { Place = "Paragraph 1" },
            new(BlockKind.Paragraph, 13, 11, 0) { Place = "Paragraph 2" },
        ];

        Assert.Equal("Paragraph 1 – Paragraph 2", BlockPlaces.Of(text, blocks, 6, 18));
        Assert.Equal("Paragraph 2", BlockPlaces.Of(text, blocks, 13, 24));
    }

    [Fact]
    public void A_quote_over_several_regions_of_a_sheet_stands_in_the_range_around_them()
    {
        const string text = "Costs\n\nItem\tCost\nPens\t4\n\nSum?";
        TextBlock[] blocks =
        [
            new(BlockKind.Paragraph, 0, 5, 0) { Place = "C1" },
            new(BlockKind.Table, 7, 16, 0) { Place = "B3:D4", Row = 3 },
            new(BlockKind.Note, 25, 4, 0) { Place = "A9" },
        ];

        Assert.Equal("A1:D9", BlockPlaces.Of(text, blocks, 0, text.Length));
        Assert.Equal("A4:D9", BlockPlaces.Of(text, blocks, 17, text.Length));
        Assert.Equal("C1", BlockPlaces.Of(text, blocks, 0, 3));
    }

    [Fact]
    public void A_page_of_paper_has_no_places()
    {
        Assert.Null(BlockPlaces.Of("Words", [new TextBlock(BlockKind.Paragraph, 0, 5, 0)], 0, 5));
    }

    [Fact]
    public void A_chunk_knows_the_sheet_and_the_cells_that_it_was_cut_from()
    {
        var page = new DocumentPage(1, Sheet, 0, 0, [], Cells) { Label = "Sheet Costs" };

        var chunk = Assert.Single(new Chunker(new ChunkingOptions()).Cut([page]));

        Assert.Equal("Sheet Costs, B3:C6", chunk.Place);
    }
}
