using System.Globalization;
using System.Text;

namespace Chancery.Documents.Tests;

public sealed class CsvReadingTests
{
    [Fact]
    public async Task A_table_has_its_cells_as_places()
    {
        var reader = await Readers.SharedAsync();

        var (header, pages) = await reader.ReadTextAsync(
            "Item,Cost,Note\r\nPens,4,\"blue, \"\"thin\"\"\"\r\nPaper,7,\"two\r\nlines\"\r\nInk,9\r\n",
            "costs.csv"
        );

        var page = Assert.Single(pages);
        Assert.Null(header.Title);
        Assert.Equal("Item\tCost\tNote\nPens\t4\tblue, \"thin\"\nPaper\t7\ttwo lines\nInk\t9", page.Text);
        Assert.Equal(
            [(BlockKind.Table, "A1:C4", 1)],
            page.Blocks.Select(block => (block.Kind, block.Place, block.Row))
        );
        var start = page.Text.IndexOf("Paper", StringComparison.Ordinal);
        Assert.Equal("A3:C3", BlockPlaces.Of(page.Text, page.Blocks, start, start + 5));
    }

    [Fact]
    public async Task The_names_of_columns_stand_above_every_passage_of_a_long_table()
    {
        var text = new StringBuilder("Region;Amount\n");
        for (var i = 0; i < 3000; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"Place number {i};{i * 7}\n");
        }

        var reader = await Readers.SharedAsync();
        var (_, pages) = await reader.ReadTextAsync(text.ToString(), "long.csv");

        Assert.True(pages.Count > 5);
        Assert.All(pages, page => Assert.InRange(page.Text.Length, 1, 8200));
        var chunks = new Chunker(new ChunkingOptions()).Cut(pages).ToList();
        Assert.All(chunks.Skip(1), chunk => Assert.Equal("Region | Amount", chunk.HeadingPath));
        var chunk = chunks.Single(chunk => chunk.Text.Contains("number 2000\t", StringComparison.Ordinal));
        var cells = chunk.Place!.Replace("A", "", StringComparison.Ordinal).Split(":B");
        Assert.InRange(
            2002,
            int.Parse(cells[0], CultureInfo.InvariantCulture),
            int.Parse(cells[1], CultureInfo.InvariantCulture)
        );
    }

    [Theory]
    [InlineData("a;b;c\n1,5;2,5;3\n4,1;5,2;6\n", "a\tb\tc\n1,5\t2,5\t3\n4,1\t5,2\t6")]
    [InlineData("a\tb\n1\t2\n", "a\tb\n1\t2")]
    [InlineData("a|b\n1|2\n", "a\tb\n1\t2")]
    [InlineData("sep=;\na;b\n1;2\n", "a\tb\n1\t2")]
    [InlineData("\uFEFFa,b\n1,2", "a\tb\n1\t2")]
    [InlineData("1,2\n3,4\n", "1\t2\n3\t4")]
    [InlineData("a,b\n\n1,2,3,4\n5\n", "a\tb\n\n1\t2\t3\t4\n5")]
    [InlineData("name\nAnna\nBert", "name\nAnna\nBert")]
    [InlineData("a,b\n1,\"never closed\n2,3\n", "a\tb\n1\t\"never closed\n2\t3")]
    [InlineData("a,b\n\"x\"y,z\n", "a\tb\n\"x\"y\tz")]
    [InlineData("a,b\n \"padded\" ,z\n", "a\tb\npadded\tz")]
    [InlineData("a,b\r1,2\r", "a\tb\n1\t2")]
    [InlineData(
        "a,b\n1\u202E2,\u0001x is the first and only mark of this table\n",
        "a\tb\n12\tx is the first and only mark of this table"
    )]
    public async Task Tables_are_read_as_programs_write_them_and_get_them_wrong(string csv, string expected)
    {
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync(csv, "a.csv");

        Assert.Equal(expected, Assert.Single(pages).Text);
    }

    [Theory]
    [InlineData("a,b,c\n1,2,3\n4,5,6\n", "x.csv", "text/csv")]
    [InlineData("a\tb\n1\t2\n", "x.tsv", "text/tab-separated-values")]
    [InlineData("a\tb\n1\t2\n", "x.csv", "text/tab-separated-values")]
    [InlineData("a,b,c\n1,2,3\n4,5,6\n7,8,9\n1,2,3\n4,5,6\n", "export", "text/csv")]
    [InlineData("a,b,c\n1,2,3\n4,5,6\n7,8,9\n1,2,3\n4,5,6\n", "x.txt", "text/plain")]
    [InlineData(
        "We came, we saw, we left.\nHe said, she said, I said.\nOne, two, three.\nA, b, c.\nD, e, f.\nG, h, i.\n",
        "notes",
        "text/plain"
    )]
    [InlineData("One line of prose, with commas, and nothing else.", "notes", "text/plain")]
    public void Tables_are_told_from_prose_with_commas(string text, string name, string type)
    {
        Assert.Equal(type, MediaTypes.Detect(Encoding.UTF8.GetBytes(text), name).Name);
    }

    [Fact]
    public async Task Prose_in_a_file_that_claims_to_be_a_table_is_read_as_prose()
    {
        var prose = string.Join(
            "\n\n",
            Enumerable.Repeat("A long paragraph, with commas here, there " + new string('x', 400) + ".", 5)
        );
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync(prose, "essay.csv");

        Assert.All(Assert.Single(pages).Blocks, block => Assert.Equal(BlockKind.Paragraph, block.Kind));
    }

    [Fact]
    public async Task A_million_columns_are_refused_with_a_reason()
    {
        var reader = await Readers.SharedAsync();

        var failure = await reader.FailsAsync(
            Encoding.UTF8.GetBytes(string.Join(',', Enumerable.Range(0, 1_000_000))),
            "wide.csv"
        );

        Assert.Equal(ReadFailure.TooLarge, failure.Failure);
        Assert.Contains("columns", failure.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wide.csv", 1)]
    [InlineData("wide", 6)]
    public void What_a_table_of_too_many_columns_is_can_be_told(string name, int rows)
    {
        var row = string.Concat(Enumerable.Repeat("a,", rows == 1 ? 20_000 : 2)) + "a\n";
        var text = string.Concat(Enumerable.Repeat(row, rows)) + new string(',', 20_000);

        Assert.Equal(MediaTypes.Csv, MediaTypes.Detect(Encoding.UTF8.GetBytes(text), name));
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("\"a,")]
    [InlineData("\"\"\"")]
    [InlineData(",\"x")]
    public void Ten_megabytes_of_quotes_take_no_time_out_of_proportion(string piece)
    {
        var text = "a,b\n" + new StringBuilder().Insert(0, piece + "\n", 5_000_000 / piece.Length);

        Assert.NotEmpty(CsvDocument.Read(Encoding.UTF8.GetBytes(text)).Pages.ToList());
    }

    [Fact]
    public void A_cell_of_ten_megabytes_is_cut_into_parts_that_know_its_row()
    {
        var text =
            "name,text\nfirst,\""
            + string.Join(' ', Enumerable.Range(0, 1_000_000).Select(i => "w" + (i % 997)))
            + "\"\n";

        var pages = CsvDocument.Read(Encoding.UTF8.GetBytes(text)).Pages.ToList();

        Assert.True(pages.Count > 100);
        Assert.All(pages, page => Assert.InRange(page.Text.Length, 1, 8000));
        Assert.All(pages.Skip(1), page => Assert.Equal(2, page.Blocks[4]));
    }

    [Fact]
    public async Task A_text_names_the_lines_that_it_stands_on()
    {
        const string Text = "# Title\n\nFirst\nparagraph.\n\n\nSecond one.\n";
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync(Text, "a.md");

        var page = Assert.Single(pages);
        Assert.Equal("Line 1", Place("Title"));
        Assert.Equal("Lines 3–4", Place("First\nparagraph"));
        Assert.Equal("Line 4", Place("paragraph"));
        Assert.Equal("Lines 4–7", Place("paragraph.\n\n\nSecond"));

        string? Place(string quote)
        {
            var start = page.Text.IndexOf(quote, StringComparison.Ordinal);
            return BlockPlaces.Of(page.Text, page.Blocks, start, start + quote.Length);
        }
    }
}
