using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Answers.Citing;

/// <summary>Words of a document that stand behind a sentence of an answer, and where they are.</summary>
/// <param name="Number">What its marker in the answer says, from 1. Each quote has one number, each number one quote.</param>
/// <param name="Quote">Exactly the page's text from <paramref name="Start"/> up to <paramref name="End"/>.</param>
/// <param name="Boxes">In points from the page's upper left corner, one a line; empty where there are no pages.</param>
/// <param name="Score">The passage's, from the retrieval.</param>
public sealed record Citation(
    int Number,
    Guid DocumentId,
    int Version,
    string Title,
    string Path,
    string[] Tags,
    int Page,
    string Quote,
    int Start,
    int End,
    IReadOnlyList<MarkedBox> Boxes,
    float PageWidth,
    float PageHeight,
    Guid PassageId,
    double Score
)
{
    /// <summary>What people call the page: "Slide 3", "Sheet Costs"; null where its number says it.</summary>
    public string? PageLabel { get; init; }

    /// <summary>Where on the page, for a person: "Paragraph 14", "Table 2, row 3", "B4:D9"; null where the format has paper.</summary>
    public string? Place { get; init; }

    /// <summary>Of a span of a passage's text; without boxes, which take a look at the page.</summary>
    public static Citation Of(int number, Passage passage, int start, int end) =>
        new(
            number,
            passage.DocumentId,
            passage.Version,
            passage.Title,
            passage.Path,
            passage.Tags,
            passage.Page,
            passage.Text[start..end],
            passage.Start + start,
            passage.Start + end,
            [],
            0,
            0,
            passage.ChunkId,
            passage.Score
        );

    public Citation At(MarkedPage page) =>
        this with
        {
            Boxes = page.Boxes,
            PageWidth = page.PageWidth,
            PageHeight = page.PageHeight,
            PageLabel = page.Label,
            Place = page.Place,
        };
}
