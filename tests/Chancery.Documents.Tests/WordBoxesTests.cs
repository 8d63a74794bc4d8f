namespace Chancery.Documents.Tests;

public sealed class WordBoxesTests
{
    [Fact]
    public async Task Boxes_of_real_pages_survive_storing_to_a_quarter_point_in_five_bytes_a_word()
    {
        await using var reader = await Readers.NewAsync();
        var (_, pages) = await reader.ReadAsync(
            TestData.Read("qa/financebench/pdfs/ULTABEAUTY_2023Q4_EARNINGS.pdf"),
            "a.pdf"
        );
        var bytes = 0;

        foreach (var page in pages)
        {
            var encoded = WordBoxes.Encode(page.Words);
            var decoded = WordBoxes.Decode(encoded);

            bytes += encoded.Length;
            Assert.Equal(page.Words.Count, decoded.Count);
            foreach (var (stored, word) in decoded.Zip(page.Words))
            {
                Assert.Equal((word.Start, word.Length), (stored.Start, stored.Length));
                Assert.InRange(stored.X - word.X, -0.13f, 0.13f);
                Assert.InRange(stored.Y - word.Y, -0.13f, 0.13f);
                Assert.InRange(stored.Width - word.Width, -0.26f, 0.26f);
                Assert.InRange(stored.Height - word.Height, -0.13f, 0.13f);
            }
        }

        Assert.True(bytes < 5 * pages.Sum(page => page.Words.Count), $"{bytes} bytes");
    }

    [Fact]
    public void What_was_stored_last_year_is_read_the_same()
    {
        WordBox[] words = [new(0, 5, 10, 10, 30, 12), new(6, 50, 42, 10, 30, 12), new(60, 3, 10, 24, 9, 12)];
        var stored = Convert.FromHexString("0103280050507860073210781C08EF037024");

        Assert.Equal(stored, WordBoxes.Encode(words));
        Assert.Equal(words, WordBoxes.Decode(stored));
    }

    [Fact]
    public void Extreme_places_and_lengths_survive()
    {
        WordBox[] words =
        [
            new(0, 1, -5000, 20000, 0, 0.25f),
            new(1, 400, 20000, -20000, 40000, 900),
            new(500, 31, 0, 0, 1, 1),
        ];

        Assert.Equal(words, WordBoxes.Decode(WordBoxes.Encode(words)));
        Assert.Empty(WordBoxes.Decode(WordBoxes.Encode([])));
    }

    [Fact]
    public void Damaged_bytes_are_refused_and_never_read_past_their_end()
    {
        var whole = WordBoxes.Encode([
            new(0, 5, 10, 10, 30, 12),
            new(6, 50, 42, 10, 30, 12),
            new(60, 3, 10, 24, 9, 12),
        ]);

        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => WordBoxes.Decode(whole.AsSpan(0, length)));
        }

        Assert.Throws<InvalidDataException>(() => WordBoxes.Decode([1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]));
        Assert.Throws<InvalidDataException>(() => WordBoxes.Decode([2, 0]));
    }

    [Fact]
    public void A_span_is_marked_with_one_box_a_line()
    {
        WordBox[] words =
        [
            new(0, 3, 10, 10, 20, 10),
            new(4, 3, 34, 11, 20, 10),
            new(8, 3, 10, 24, 20, 10),
            new(12, 3, 34, 24, 20, 10),
        ];

        Assert.Equal([new PageBox(34, 11, 20, 10), new PageBox(10, 24, 20, 10)], PageGeometry.BoxesOf(words, 5, 11));
        Assert.Equal([new PageBox(10, 10, 44, 11)], PageGeometry.BoxesOf(words, 0, 7));
        Assert.Empty(PageGeometry.BoxesOf(words, 3, 4));
    }
}
