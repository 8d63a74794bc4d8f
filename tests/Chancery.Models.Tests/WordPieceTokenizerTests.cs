using FsCheck;
using FsCheck.Fluent;

namespace Chancery.Models.Tests;

public sealed class WordPieceTokenizerTests
{
    private const int Unknown = 1;
    private const int Opens = 2;
    private const int Closes = 3;

    private static readonly string[] Words =
    [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "un",
        "##aff",
        "##able",
        "cafe",
        "!",
        "中",
        "国",
        "a",
        "##a",
        "[",
        "]",
        "sep",
    ];

    private static readonly WordPieceTokenizer Tokenizer = new(
        Words.Select((word, id) => KeyValuePair.Create(word, id)),
        lowerCase: true
    );

    [Theory]
    [InlineData("unaffable", new[] { 4, 5, 6 })]
    [InlineData("Unaffable!", new[] { 4, 5, 6, 8 })]
    [InlineData("CAFÉ cafe\u0301", new[] { 7, 7 })]
    [InlineData("中国", new[] { 9, 10 })]
    [InlineData("unknown", new[] { Unknown })]
    [InlineData("ca\u00ADfe\u200B", new[] { 7 })]
    [InlineData("", new int[0])]
    [InlineData(" \t\r\n\u00A0\u3000", new int[0])]
    [InlineData("\uD800", new int[0])]
    public void A_text_becomes_the_longest_pieces_that_the_vocabulary_has(string text, int[] pieces)
    {
        Assert.Equal([Opens, .. pieces, Closes], Encode(text, 32));
    }

    [Fact]
    public void A_document_cannot_write_special_tokens()
    {
        Assert.Equal([Opens, 13, 15, 14, Closes], Encode("[SEP]", 32));
    }

    [Fact]
    public void What_does_not_fit_is_cut_off_and_the_closing_token_stays()
    {
        Assert.Equal([Opens, 4, 5, Closes], Encode("unaffable unaffable", 4));
        Assert.Equal([Opens, Closes], Encode("unaffable", 2));
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(101, true)]
    [InlineData(5_000_000, true)]
    public void A_word_of_more_than_a_hundred_characters_is_unknown_as_a_whole(int length, bool isUnknown)
    {
        var pieces = Encode(new string('a', length), 512);

        Assert.Equal(isUnknown ? 3 : length + 2, pieces.Length);
        Assert.Equal(isUnknown ? Unknown : 11, pieces[1]);
    }

    [Fact]
    public void Any_text_is_encoded_within_its_limit()
    {
        Prop.ForAll(
                ArbMap.Default.ArbFor<string?>(),
                ArbMap.Default.ArbFor<PositiveInt>(),
                (text, most) =>
                {
                    var pieces = Encode(text ?? "", most.Get + 1);
                    return pieces.Length <= most.Get + 1
                        && pieces[0] == Opens
                        && pieces[^1] == Closes
                        && pieces.All(piece => piece >= 1 && piece < Words.Length);
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_text_takes_no_memory()
    {
        var ids = new int[256];
        Tokenizer.Encode("Unaffable cafés, 中国!", ids);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Tokenizer.Encode("Unaffable cafés, 中国!", ids);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_vocabulary_without_special_tokens_is_refused()
    {
        var refused = Assert.Throws<LocalModelException>(() =>
            new WordPieceTokenizer([KeyValuePair.Create("a", 0)], lowerCase: true)
        );

        Assert.Contains("[UNK]", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_vocabulary_is_refused_before_all_of_it_was_read()
    {
        var read = 0;
        IEnumerable<KeyValuePair<string, int>> Endless()
        {
            for (var id = 0; ; id++)
            {
                read = id;
                yield return KeyValuePair.Create(id == 5 ? new string('x', 5000) : $"token{id}", id);
            }
        }

        Assert.Throws<LocalModelException>(() => new WordPieceTokenizer(Endless(), lowerCase: true));

        Assert.Equal(5, read);
    }

    [Theory]
    [InlineData("cafe a cafe", 3, 3, 0, 3)]
    [InlineData("unaffable cafe", 2, 1, 0, 4)]
    [InlineData("unknown 中 words!", 3, 1, 2, 3)]
    [InlineData("12.5 % - !", 0, 0, 0, 0)]
    [InlineData("", 0, 0, 0, 0)]
    public void The_fit_of_a_text_counts_words_that_are_whole_unknown_or_in_pieces(
        string text,
        int words,
        int whole,
        int unknown,
        int pieces
    )
    {
        Assert.Equal(new TokenFit(words, whole, unknown, pieces), Tokenizer.Fit(text));
    }

    [Fact]
    public void Fits_add_up_and_tell_the_share_that_is_whole()
    {
        var fit = Tokenizer.Fit("cafe a") + Tokenizer.Fit("unaffable unknown");

        Assert.Equal(0.5, fit.Familiarity);
        Assert.Null(default(TokenFit).Familiarity);
        Assert.InRange(Tokenizer.Fit(string.Concat(Enumerable.Repeat("cafe ", 100_000))).Words, 500, 520);
    }

    [Theory]
    [InlineData("cafe a", "中国!", 32, new[] { Opens, 7, 11, Closes, 9, 10, 8, Closes }, 4)]
    [InlineData("", "", 32, new[] { Opens, Closes, Closes }, 2)]
    [InlineData("cafe", "", 5, new[] { Opens, 7, Closes, Closes }, 3)]
    // The longer one is cut off, whichever it is, and both where both are too long.
    [InlineData("cafe", "a ! a ! a", 7, new[] { Opens, 7, Closes, 11, 8, 11, Closes }, 3)]
    [InlineData("a ! a ! a", "cafe", 7, new[] { Opens, 11, 8, 11, Closes, 7, Closes }, 5)]
    [InlineData("a ! a ! a", "! a ! a", 7, new[] { Opens, 11, 8, Closes, 8, 11, Closes }, 4)]
    [InlineData("a", "[SEP] a", 32, new[] { Opens, 11, Closes, 13, 15, 14, 11, Closes }, 3)]
    public void Two_texts_become_one_and_the_second_begins_after_the_first_closes(
        string first,
        string second,
        int most,
        int[] expected,
        int begins
    )
    {
        var ids = new int[most];

        var count = Tokenizer.EncodePair(first, second, ids, out var place);

        Assert.Equal(expected, ids[..count]);
        Assert.Equal(begins, place);
    }

    private static int[] Encode(string text, int most)
    {
        var ids = new int[most];
        var count = Tokenizer.Encode(text, ids);
        return ids[..count];
    }
}
