namespace Chancery.Documents;

/// <summary>What a stretch of a page's text is.</summary>
public enum BlockKind
{
    Heading,
    Paragraph,
    Table,
    ListItem,
    Code,

    /// <summary>A footnote, an endnote, a comment, a speaker's notes.</summary>
    Note,

    /// <summary>What repeats on every page: a header or a footer, told once.</summary>
    Furniture,

    /// <summary>Words that stand for an image or a chart: its title, its alternative text.</summary>
    Caption,
}

/// <summary>One word's place: where it stands in the page's text, and where on the paper.</summary>
/// <param name="Start">First character in <see cref="DocumentPage.Text"/>.</param>
/// <param name="Length">Characters, at least 1. A word hyphenated at a line end has two boxes, one for each half.</param>
/// <param name="X">Left edge in points, from the page's left.</param>
/// <param name="Y">Upper edge in points, from the page's top.</param>
public readonly record struct WordBox(int Start, int Length, float X, float Y, float Width, float Height);

/// <summary>
/// A structural unit of a page. Blocks are in reading order and do not overlap. A table's text has a line for each row, with
/// tabs between its cells.
/// </summary>
/// <param name="Level">1 to 6 for a heading, nesting depth from 1 for a list item, else 0.</param>
public sealed record TextBlock(BlockKind Kind, int Start, int Length, int Level)
{
    /// <summary>The character after the last.</summary>
    public int End => Start + Length;

    /// <summary>
    /// Where it stands in a format without paper, for a person: "Paragraph 14", "Table 2", "A1:D20" for cells of a sheet. Null
    /// where the page is all there is to say.
    /// </summary>
    public string? Place { get; init; }

    /// <summary>
    /// Of a table, the number of its first line's row, from 1, in its table or sheet; of a text, the number of its first line in
    /// the file; 0 for all else.
    /// </summary>
    public int Row { get; init; }
}

/// <summary>One page of text with places.</summary>
/// <param name="Number">From 1. Formats without pages are cut into parts, which are numbered like pages.</param>
/// <param name="Text">NFC, line ends as <c>\n</c>, no control characters but <c>\n</c> and <c>\t</c>.</param>
/// <param name="Width">Points; 0 where the format has no pages.</param>
/// <param name="Height">Points; 0 where the format has no pages.</param>
/// <param name="Words">In text order; empty where the format has no pages.</param>
public sealed record DocumentPage(
    int Number,
    string Text,
    float Width,
    float Height,
    IReadOnlyList<WordBox> Words,
    IReadOnlyList<TextBlock> Blocks
)
{
    /// <summary>What people call it: "Slide 3", "Sheet Costs". Null where its number says it.</summary>
    public string? Label { get; init; }

    /// <summary>Whether its text was recognised in an image (OCR), which mistakes letters.</summary>
    public bool IsRecognised { get; init; }
}
