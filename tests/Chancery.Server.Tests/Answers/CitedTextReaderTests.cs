using Chancery.Server.Answers.Citing;

namespace Chancery.Server.Tests.Answers;

public sealed class CitedTextReaderTests
{
    private const string Notice =
        "Employment may be ended by either party. The notice period is 30 days for employees in their first year. "
        + "It must be given in writing to the head of the department.";

    private const string Leave = "Every employee has 25 days of paid leave a year. Leave does not carry over.";

    [Fact]
    public void A_marker_is_the_same_wherever_the_stream_cuts_it()
    {
        const string answer =
            "The notice period is 30 days in the first year [1, 2]. Employees have 25 days of leave. [2]";

        for (var cut = 0; cut <= answer.Length; cut++)
        {
            var (text, references, _) = Read([answer[..cut], answer[cut..]]);

            Assert.Equal(
                "The notice period is 30 days in the first year [1]. Employees have 25 days of leave. [2]",
                text
            );
            Assert.Equal([1, 2], references.Select(reference => reference.Support.Number));
        }

        var single = Read([.. answer.Select(c => c.ToString())]);
        Assert.Equal(
            "The notice period is 30 days in the first year [1]. Employees have 25 days of leave. [2]",
            single.Text
        );
    }

    [Theory]
    [InlineData(
        "The notice period is 30 days in the first year [1].",
        "The notice period is 30 days in the first year [1]."
    )]
    [InlineData(
        "The notice period is 30 days in the first year. [1]",
        "The notice period is 30 days in the first year. [1]"
    )]
    [InlineData(
        "The notice period is 30 days in the first year【1】.",
        "The notice period is 30 days in the first year[1]."
    )]
    [InlineData(
        "The notice period is 30 days in the first year[^1].",
        "The notice period is 30 days in the first year[1]."
    )]
    [InlineData(
        "The notice period is 30 days in the first year [1][1].",
        "The notice period is 30 days in the first year [1]."
    )]
    [InlineData(
        "The notice period is 30 days in the first year [1](http://x).",
        "The notice period is 30 days in the first year [1] (http://x)."
    )]
    public void Every_way_of_writing_a_marker_becomes_one(string answer, string expected) =>
        Assert.Equal(expected, Read([answer]).Text);

    [Theory]
    [InlineData("See [the annex] and [a-1] and a[i] here.")]
    [InlineData("An array [1, two] or [12345] or [ ] is text.")]
    [InlineData("It ends with an open [1")]
    [InlineData("It ends with [")]
    public void What_only_looks_like_a_marker_stays_text(string answer) => Assert.Equal(answer, Read([answer]).Text);

    [Theory]
    [InlineData("The notice period is 60 days in the first year [1].")]
    [InlineData("The notice period is 3 days in the first year [1].")]
    [InlineData("Bananas are grown in Ecuador and shipped north [1].")]
    [InlineData("The policy says “the notice period is waived for managers” in the first year [1].")]
    [InlineData("The notice period is 30 days in the first year [7].")]
    public void A_marker_that_nothing_stands_behind_is_dropped_and_the_sentence_is_named(string answer)
    {
        var (text, references, unsupported) = Read([answer]);

        var bare = answer[..answer.LastIndexOf(" [", StringComparison.Ordinal)] + ".";
        Assert.Equal(bare, text);
        Assert.Empty(references);
        Assert.Equal([bare], unsupported);
    }

    [Fact]
    public void A_quotation_stands_when_the_passage_has_it_word_by_word()
    {
        var (text, references, unsupported) = Read([
            "The rule “notice period is 30 days for employees” has no exception [1].",
        ]);

        Assert.EndsWith("exception [1].", text, StringComparison.Ordinal);
        var support = Assert.Single(references).Support;
        Assert.Equal("notice period is 30 days for employees", Notice[support.Start..support.End]);
        Assert.Empty(unsupported);
    }

    [Fact]
    public void The_quote_is_the_sentence_that_says_it()
    {
        var (_, references, _) = Read(["Notice must be given in writing to the department's head [1]."]);

        var support = Assert.Single(references).Support;
        Assert.Equal("It must be given in writing to the head of the department.", Notice[support.Start..support.End]);
    }

    [Fact]
    public void Each_part_of_a_sentence_is_checked_by_its_own_marker()
    {
        var (text, references, unsupported) = Read([
            "The notice period is 30 days [1], while paid leave is 25 days a year [2], and parking is free on 7 days [2].",
        ]);

        Assert.Equal(
            "The notice period is 30 days [1], while paid leave is 25 days a year [2], and parking is free on 7 days.",
            text
        );
        Assert.Equal([1, 2], references.Select(reference => reference.Support.Number));
        Assert.Single(unsupported);
    }

    [Fact]
    public void Markers_are_numbered_in_the_order_of_the_answer_one_for_each_quote()
    {
        var (text, references, _) = Read([
            "Paid leave is 25 days a year [2]. The notice period is 30 days in the first year [1]. "
                + "So paid leave stays at 25 days a year [2].",
        ]);

        Assert.Contains("25 days a year [1].", text, StringComparison.Ordinal);
        Assert.Contains("first year [2].", text, StringComparison.Ordinal);
        Assert.EndsWith("25 days a year [1].", text, StringComparison.Ordinal);
        Assert.Equal([(1, 2), (2, 1)], references.Select(reference => (reference.Marker, reference.Support.Number)));
    }

    [Fact]
    public void A_sentence_without_a_marker_is_named_and_a_lead_in_is_not()
    {
        var (_, _, unsupported) = Read([
            "Here is what the handbook says:\n\n- Paid leave is 25 days a year [2].\n- Lunch is always free for everybody.\n",
        ]);

        Assert.Equal("- Lunch is always free for everybody.", Assert.Single(unsupported));
    }

    [Fact]
    public void The_number_of_a_list_item_is_no_number_of_the_claim()
    {
        var (text, _, _) = Read(["1. Paid leave is 25 days a year [2].\n2. The notice period is 30 days [1]."]);

        Assert.Equal("1. Paid leave is 25 days a year [1].\n2. The notice period is 30 days [2].", text);
    }

    [Fact]
    public void Text_that_cannot_become_a_marker_is_shown_at_once()
    {
        var reader = Reader();

        Assert.Equal("The notice", reader.Feed("The notice ").Text);
        Assert.Equal(" period is 30", reader.Feed("period is 30").Text);
    }

    [Fact]
    public void A_hundred_kilobytes_without_a_full_stop_take_no_longer_than_a_moment()
    {
        var reader = Reader();
        var clock = System.Diagnostics.Stopwatch.StartNew();

        for (var i = 0; i < 20_000; i++)
        {
            reader.Feed("word ");
        }

        reader.Finish();
        Assert.Equal(99_999, reader.Answer.Length);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}.");
    }

    private static CitedTextReader Reader() =>
        new(new CitationVerifier([GivenPassages.Passage(Notice), GivenPassages.Passage(Leave, 2)]));

    private static (string Text, List<Reference> References, IReadOnlyList<string> Unsupported) Read(string[] pieces)
    {
        var reader = Reader();
        var references = new List<Reference>();
        var text = "";
        foreach (var piece in pieces.Select(reader.Feed).Append(default))
        {
            var shown = piece.References is null ? reader.Finish() : piece;
            text += shown.Text;
            references.AddRange(shown.References);
        }

        Assert.Equal(text, reader.Answer);
        return (text, references, reader.Unsupported);
    }
}
