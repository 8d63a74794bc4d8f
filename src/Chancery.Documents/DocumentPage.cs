namespace Chancery.Documents;

/// <summary>What a stretch of a page's text is.</summary>
public enum BlockKind
{
    Heading,
    Paragraph,
    Table,
    ListItem,
    Code,
}

/// <summary>One word's place: where it stands in the page's text, and where on the paper.</summary>
/// <param name="Start">First character in <see cref="DocumentPage.Text"/>.</param>
/// <param name="Length">Characters, at least 1. A word hyphenated at a line end has two boxes, one for each half.</param>
/// <param name="X">Left edge in points, from the page's left.</param>
/// <param name="Y">Upper edge in points, from the page's top.</param>
public readonly record struct WordBox(int Start, int Length, float X, float Y, float Width, float Height);

/// <summary>A structural unit of a page. Blocks are in reading order and do not overlap.</summary>
/// <param name="Level">1 to 6 for a heading, nesting depth from 1 for a list item, else 0.</param>
public sealed record TextBlock(BlockKind Kind, int Start, int Length, int Level)
{
    /// <summary>The character after the last.</summary>
    public int End => Start + Length;
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
);
