using System.Diagnostics;

namespace Chancery.Documents.Tests;

public sealed class ChunkerTests
{
    private static readonly Chunker Default = new(new ChunkingOptions());

    [Theory]
    [InlineData(".")]
    [InlineData("!?")]
    [InlineData(".)'")]
    public void A_run_of_marks_that_ends_no_sentence_is_read_once(string marks)
    {
        var text = string.Concat(Enumerable.Repeat(marks, 400_000 / marks.Length)) + "x";
        var clock = Stopwatch.StartNew();

        var sentence = Assert.Single(Sentences.Split(text, 0, text.Length));

        Assert.Equal(new TextSpan(0, text.Length), sentence);
        // Read again from each mark it would be a minute and more; a busy machine needs a second.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Rows_of_a_table_in_markdown_are_found_under_the_names_of_its_columns()
    {
        var rows = string.Concat(Enumerable.Range(0, 400).Select(i => $"| Place number {i} | {i * 7} |\n"));
        var reader = await Readers.SharedAsync();

        var (_, pages) = await reader.ReadTextAsync("# Places\n\n| Region | Amount |\n|:---|---:|\n" + rows, "a.md");

        var chunks = Default.Cut(pages).ToList();
        Assert.True(chunks.Count > 5 && pages.Count > 1);
        Assert.All(chunks.Skip(1), chunk => Assert.Equal("Places › Region | Amount", chunk.HeadingPath));
    }

    [Fact]
    public async Task Chunks_of_a_real_filing_are_exact_slices_within_the_budget_that_cover_every_word()
    {
        await using var reader = await Readers.NewAsync();
        var (_, pages) = await reader.ReadAsync(TestData.Read("qa/financebench/pdfs/NETFLIX_2017_10K.pdf"), "a.pdf");

        var chunks = Default.Cut(pages).ToList();

        foreach (var chunk in chunks)
        {
            var page = pages[chunk.Page - 1];
            Assert.Equal(page.Text[chunk.Start..chunk.End], chunk.Text);
            Assert.InRange(chunk.Tokens, 1, 400);
            Assert.Equal(chunk.Text.Trim(), chunk.Text);
        }

        foreach (var page in pages)
        {
            var covered = chunks.Where(chunk => chunk.Page == page.Number).ToList();
            var missed = page.Words.Where(word =>
                word.Length > 3
                && !covered.Any(chunk => chunk.Start <= word.Start && word.Start + word.Length <= chunk.End)
            );
            Assert.Empty(missed);
        }
    }

    [Fact]
    public async Task A_word_changed_on_one_page_changes_at_most_three_chunks_and_never_their_number()
    {
        await using var reader = await Readers.NewAsync();
        var (_, pages) = await reader.ReadAsync(TestData.Read("qa/financebench/pdfs/NETFLIX_2017_10K.pdf"), "a.pdf");
        var before = Default.Cut(pages).ToList();
        var random = new Random(11);

        for (var round = 0; round < 40; round++)
        {
            var page = random.Next(pages.Count);
            var body = pages[page].Blocks.Where(block => block is { Kind: BlockKind.Paragraph, Length: > 80 }).ToList();
            if (body.Count == 0)
            {
                continue;
            }

            var block = body[random.Next(body.Count)];
            var at = pages[page].Text.IndexOf(' ', block.Start + 20) + 1;
            var edited = pages.ToList();
            edited[page] = edited[page] with { Text = SwapLetter(pages[page].Text, at) };

            var after = Default.Cut(edited).ToList();

            var changed = after.Select(Key).Except(before.Select(Key)).Count();
            Assert.Equal(before.Count, after.Count);
            Assert.InRange(changed, char.IsLetter(pages[page].Text[at]) ? 1 : 0, 3);
        }
    }

    [Fact]
    public void Headings_are_carried_over_pages_until_one_of_their_level_ends_them()
    {
        DocumentPage[] pages =
        [
            Page(
                1,
                (BlockKind.Heading, 1, "1 Scope"),
                (BlockKind.Paragraph, 0, Words(60)),
                (BlockKind.Heading, 2, "1.2 Terms"),
                (BlockKind.Paragraph, 0, Words(60))
            ),
            Page(
                2,
                (BlockKind.Paragraph, 0, Words(50)),
                (BlockKind.Heading, 1, "2 Payment"),
                (BlockKind.Paragraph, 0, Words(50))
            ),
        ];

        var paths = Default.Cut(pages).Select(chunk => (chunk.Page, chunk.HeadingPath));

        Assert.Equal([(1, "1 Scope"), (1, "1 Scope › 1.2 Terms"), (2, "1 Scope › 1.2 Terms"), (2, "2 Payment")], paths);
    }

    [Fact]
    public void A_table_is_kept_whole_where_it_fits_and_cut_between_rows_where_it_does_not()
    {
        var rows = Enumerable.Range(0, 60).Select(i => $"Row {i} of the table  1,{i:000}  2,{i:000}").ToList();
        var small = Page(
            1,
            (BlockKind.Paragraph, 0, Words(200)),
            (BlockKind.Table, 0, string.Join('\n', rows.Take(10)))
        );
        var large = Page(1, (BlockKind.Table, 0, string.Join('\n', rows)));

        var whole = Default.Cut([small]).Last();
        var parts = Default.Cut([large]).ToList();

        Assert.EndsWith(string.Join('\n', rows.Take(10)), whole.Text, StringComparison.Ordinal);
        Assert.True(parts.Count > 1);
        Assert.Equal(rows, parts.SelectMany(part => part.Text.Split('\n')));
    }

    [Fact]
    public void A_chunk_begins_with_the_last_sentence_of_the_one_before_it_on_the_page()
    {
        var sentences = Enumerable.Range(0, 60).Select(i => $"Sentence number {i} says something of its own.").ToList();
        var page = Page(1, (BlockKind.Paragraph, 0, string.Join(' ', sentences)));

        var chunks = Default.Cut([page]).ToList();

        Assert.True(chunks.Count > 1);
        for (var i = 1; i < chunks.Count; i++)
        {
            var last = chunks[i - 1].Text[(chunks[i - 1].Text.LastIndexOf("Sentence", StringComparison.Ordinal))..];
            Assert.StartsWith(last, chunks[i].Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Equal_chunks_are_told_apart_by_their_occurrence()
    {
        var pages = Enumerable.Range(1, 3).Select(i => Page(i, (BlockKind.Paragraph, 0, "The same words again.")));

        var chunks = Default.Cut(pages).ToList();

        Assert.Equal([0, 1, 2], chunks.Select(chunk => chunk.Occurrence));
        Assert.Single(chunks.Select(chunk => Convert.ToHexString(chunk.Hash)).Distinct());
    }

    [Fact]
    public void The_hash_of_a_chunk_is_what_was_stored_last_year()
    {
        var chunk = Default.Cut([Page(1, (BlockKind.Heading, 1, "Title"), (BlockKind.Paragraph, 0, "Text."))]).Single();

        Assert.Equal("CAE240CC570BA4E22E807BC7", Convert.ToHexString(chunk.Hash)[..24]);
    }

    [Theory]
    [InlineData("Mr. Smith paid $3.5 million. He left.", "Mr. Smith paid $3.5 million.|He left.")]
    [InlineData("See No. 5 and U.S. law (as amended). Then stop!", "See No. 5 and U.S. law (as amended).|Then stop!")]
    [InlineData("He said “No.” Then he went on…  And on?", "He said “No.”|Then he went on…|And on?")]
    [InlineData("これは文です。次の文です。", "これは文です。|次の文です。")]
    [InlineData("Er endet am 1. Januar 2027. Und am 31.\nMärz.", "Er endet am 1. Januar 2027.|Und am 31.\nMärz.")]
    [InlineData("The price is 5. It was 10. January is cold.", "The price is 5.|It was 10.|January is cold.")]
    [InlineData("no end", "no end")]
    [InlineData("one\n\ntwo", "one|two")]
    public void Sentences_end_where_a_reader_would_end_them(string text, string expected)
    {
        var found = Sentences.Split(text, 0, text.Length).Select(span => text[span.Start..span.End]);

        Assert.Equal(expected, string.Join('|', found));
    }

    [Fact]
    public void A_word_longer_than_a_chunk_is_cut_and_no_character_in_two()
    {
        var text = string.Concat(Enumerable.Repeat("𝄞", 3000));

        var chunks = Default.Cut([Page(1, (BlockKind.Paragraph, 0, text))]).ToList();

        Assert.Equal(text, string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.All(chunks, chunk => Assert.False(char.IsLowSurrogate(chunk.Text[0])));
    }

    private static string SwapLetter(string text, int at) =>
        string.Concat(
            text.AsSpan(0, at),
            text[at] == 'q' ? "k"
                : char.IsLetter(text[at]) ? "q"
                : text[at].ToString(),
            text.AsSpan(at + 1)
        );

    private static (string, int) Key(Chunk chunk) => (Convert.ToHexString(chunk.Hash), chunk.Occurrence);

    private static string Words(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => "word" + i));

    private static DocumentPage Page(int number, params (BlockKind Kind, int Level, string Text)[] parts)
    {
        var text = "";
        var blocks = new List<TextBlock>();
        foreach (var part in parts)
        {
            text += text.Length > 0 ? "\n\n" : "";
            blocks.Add(new TextBlock(part.Kind, text.Length, part.Text.Length, part.Level));
            text += part.Text;
        }

        return new DocumentPage(number, text, 0, 0, [], blocks);
    }
}
