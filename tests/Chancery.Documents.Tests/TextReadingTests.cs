using System.Text;

namespace Chancery.Documents.Tests;

public sealed class TextReadingTests
{
    [Fact]
    public async Task Markdown_is_shown_as_written_and_its_blocks_stand_where_the_source_has_them()
    {
        const string Source = """
            ---
            title: front matter
            ---
            # The title

            Some *text* here,
            over two lines.

            - one
            - two
              - nested

            | a | b |
            |---|---|
            | 1 | 2 |

            ```csharp
            var x = 1;
            ```
            """;
        var reader = await Readers.SharedAsync();

        var (header, pages) = await reader.ReadTextAsync(Source, "notes.txt");

        var page = Assert.Single(pages);
        Assert.Equal("The title", header.Title);
        Assert.Equal(
            [
                (BlockKind.Heading, "# The title"),
                (BlockKind.Paragraph, "Some *text* here,\nover two lines."),
                (BlockKind.ListItem, "- one"),
                (BlockKind.ListItem, "- two"),
                (BlockKind.ListItem, "- nested"),
                (BlockKind.Table, "| a | b |\n|---|---|\n| 1 | 2 |"),
                (BlockKind.Code, "```csharp\nvar x = 1;\n```"),
            ],
            page.Blocks.Select(block => (block.Kind, page.Text.Substring(block.Start, block.Length)))
        );
        Assert.Equal(2, page.Blocks[4].Level);
        Assert.Equal((0f, 0f), (page.Width, page.Height));
    }

    [Fact]
    public async Task Letters_of_a_western_text_are_kept_where_the_first_comes_late()
    {
        var text = string.Concat(Enumerable.Repeat("Nothing but plain letters here.\n\n", 3000)) + "Café in Zürich";
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadAsync(Encoding.Latin1.GetBytes(text), "late.txt");
        var (_, unicode) = await reader.ReadAsync(Encoding.UTF8.GetBytes(text), "late.txt");

        Assert.EndsWith("Café in Zürich", pages[^1].Text, StringComparison.Ordinal);
        Assert.EndsWith("Café in Zürich", unicode[^1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("> ")]
    [InlineData("- ")]
    public async Task Markdown_that_is_nested_too_deep_to_be_parsed_is_read_as_text(string mark)
    {
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync(
            "# Title\n\n" + new StringBuilder().Insert(0, mark, 2000) + "deep\n\n[a](b)",
            "deep.md"
        );

        Assert.Contains(pages, page => page.Text.Contains("deep", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a.txt", "")]
    [InlineData("a.html", "<!doctype html><meta charset='utf-8'><p>")]
    public async Task One_broken_character_does_not_cost_the_others(string name, string head)
    {
        byte[] content = [.. Encoding.UTF8.GetBytes(head + "Café, Zürich, naïve, Größe, déjà vu "), 0xC3, .. " end"u8];
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadAsync(content, name);

        Assert.Equal("Café, Zürich, naïve, Größe, déjà vu � end", Assert.Single(pages).Text);
    }

    [Fact]
    public async Task A_text_of_ten_megabytes_on_one_line_is_cut_into_parts_that_lose_nothing()
    {
        var text = string.Join(' ', Enumerable.Range(0, 1_500_000).Select(i => "w" + i % 9973));
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync(text, "long.txt");

        Assert.InRange(text.Length, 8_000_000, 12_000_000);
        Assert.All(pages, page => Assert.InRange(page.Text.Length, 1, 8000));
        Assert.Equal(Enumerable.Range(1, pages.Count), pages.Select(page => page.Number));
        Assert.Equal(text, string.Join(' ', pages.Select(page => page.Text)));
    }

    [Fact]
    public async Task An_insertion_at_the_start_leaves_most_later_parts_as_they_were()
    {
        var random = new Random(7);
        var paragraphs = Enumerable
            .Range(0, 400)
            .Select(i =>
                $"Paragraph {i} " + string.Join(' ', Enumerable.Range(0, 60).Select(_ => "w" + random.Next(5000)))
            )
            .ToList();
        var reader = await Readers.SharedAsync();

        var (_, before) = await reader.ReadTextAsync(string.Join("\n\n", paragraphs), "a.txt");
        var (_, after) = await reader.ReadTextAsync(
            "A new first paragraph. " + new string('n', 2500) + "\n\n" + string.Join("\n\n", paragraphs),
            "a.txt"
        );

        var kept = after.Select(page => page.Text).Intersect(before.Select(page => page.Text)).Count();
        Assert.True(before.Count > 15, $"{before.Count} parts are too few to tell.");
        Assert.True(kept >= before.Count - 4, $"Only {kept} of {before.Count} parts were kept.");
    }

    [Fact]
    public async Task Resuming_yields_the_same_parts_from_there_on()
    {
        var text = string.Join("\n\n", Enumerable.Range(0, 200).Select(i => $"Paragraph {i}: " + new string('x', 300)));
        var content = Encoding.UTF8.GetBytes(text);
        var reader = await Readers.SharedAsync();

        var (_, all) = await reader.ReadAsync(content, "a.txt");
        var (_, rest) = await reader.ReadAsync(content, "a.txt", fromPage: 4);

        Assert.True(all.Count > 5);
        Assert.Equal(
            all.Skip(3).Select(page => (page.Number, page.Text)),
            rest.Select(page => (page.Number, page.Text))
        );
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("latin1")]
    public async Task Text_is_read_in_its_encoding_and_composed(string encoding)
    {
        const string Text = "Zażółć is not in Latin-1, but Müller café naïve – is.";
        var text =
            encoding == "latin1" ? "Müller café naïve is a line of text." : Text + " Decomposed: cafe\u0301.\r\nEnd";
        var content =
            encoding == "latin1" ? Encoding.Latin1.GetBytes(text) : Encoding.GetEncoding(encoding).GetBytes(text);
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadAsync(content, "a.txt");

        var expected = encoding == "latin1" ? text : Text + " Decomposed: caf\u00E9.\nEnd";
        Assert.Equal(expected, Assert.Single(pages).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n\t\r\n  ")]
    public async Task A_file_without_text_is_empty(string text)
    {
        var reader = await Readers.SharedAsync();

        var failure = await reader.FailsAsync(Encoding.UTF8.GetBytes(text), "a.txt");

        Assert.Equal(ReadFailure.Empty, failure.Failure);
        Assert.EndsWith("upload it again.", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_reads_many_files_and_is_replaced_when_it_has_read_its_share()
    {
        await using var reader = await Readers.NewAsync(Readers.Options with { FilesPerChild = 2, WarmChildren = 1 });

        for (var i = 0; i < 5; i++)
        {
            var (_, pages) = await reader.ReadTextAsync($"file {i}", "a.txt");
            Assert.Equal($"file {i}", Assert.Single(pages).Text);
        }
    }

    [Fact]
    public async Task Markdown_nested_without_end_fails_alone_and_the_next_file_is_read()
    {
        await using var reader = await Readers.NewAsync();
        var nested = new string('>', 200_000) + " deep\n\n# x\n\n```\ncode\n```\n";

        try
        {
            await reader.ReadTextAsync(nested, "a.md");
        }
        catch (DocumentUnreadableException)
        {
            // Reading it is as good an answer as refusing it; taking the next file's reader with it is not.
        }

        var (_, pages) = await reader.ReadTextAsync("# Fine\n\n**bold**", "b.md");
        Assert.Single(pages);
    }

    [Fact]
    public async Task A_child_that_is_not_there_is_the_installations_fault_and_worth_a_retry()
    {
        await using var reader = await Readers.NewAsync(Readers.Options with { ChildCommand = ["/nowhere/chancery"] });

        var failure = await reader.FailsAsync("text"u8.ToArray(), "a.txt");

        Assert.Equal((ReadFailure.ReaderUnavailable, true), (failure.Failure, failure.IsTransient));
        Assert.DoesNotContain("/nowhere", failure.Reason, StringComparison.Ordinal);
    }
}
