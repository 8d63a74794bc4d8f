namespace Chancery.Contracts.Word;

/// <summary>What a reviewer did to words, or to the end of a paragraph.</summary>
internal enum Change
{
    Kept,
    Inserted,
    Deleted,
    MovedHere,
    MovedAway,
}

/// <summary>Words that were all treated alike, without the end of a paragraph among them.</summary>
internal readonly record struct TrackedPiece(Change Change, string Text, LetterStyle Style);

/// <summary>
/// Words up to the end of a paragraph. It is the end that carries a paragraph's look: where an end goes, the words before it join the
/// paragraph that follows and look as that one does. So ends are kept, inserted and deleted like words.
/// </summary>
internal sealed class TrackedParagraph
{
    public List<TrackedPiece> Pieces { get; } = [];

    public Change End { get; set; }

    /// <summary>How it looked before; null where it was not there.</summary>
    public ParagraphLook? From { get; set; }

    /// <summary>How it looks now; null where it is not there any more.</summary>
    public ParagraphLook? To { get; set; }

    /// <summary>Marks that begin before its words, and marks that end after them.</summary>
    public List<string> Begins { get; } = [];

    public List<string> Ends { get; } = [];

    /// <summary>The comments on it, by their place in the file's list.</summary>
    public List<int> Comments { get; } = [];

    /// <summary>The name of the move whose first paragraph this is, and of the one whose last it is.</summary>
    public string? MoveBegins { get; set; }

    public string? MoveEnds { get; set; }

    public static TrackedParagraph Whole(LaidOutParagraph paragraph, Change change)
    {
        var whole = new TrackedParagraph
        {
            End = change,
            From = change is Change.Inserted or Change.MovedHere ? null : paragraph.Look,
            To = change is Change.Deleted or Change.MovedAway ? null : paragraph.Look,
        };
        whole.Add(change, paragraph.Text, 0, paragraph.Text.Text.Length);
        return whole;
    }

    public void Add(Change change, StyledText text, int start, int length)
    {
        foreach (var (part, style) in text.Slice(start, length))
        {
            Pieces.Add(new TrackedPiece(change, part, style));
        }
    }
}
